"""How a benchmark runs: each setting with its range, its option of the shell and its line of help. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ubp_core.benchmark.errors import BadSetting
from ubp_core.numerals import real_number, whole_number
from ubp_core.vocabulary import MAX_THREADS

LONGEST_S = 86400.0
"""A day."""


@dataclass(frozen=True)
class SettingOption:
    """A setting as an option."""

    name: str
    """Without the dashes."""
    metavar: str
    """Empty: it takes no value and switches the setting off."""
    help: str
    parse: Callable[[str], Any]
    """From text; raises ValueError."""
    least: float | None = None
    most: float | None = None
    range: str = ""
    """Which values are good, in words."""


def image(text: str) -> tuple[int, int]:
    """Height and width, such as 56x56."""
    height, _, width = text.partition("x")
    return whole_number(height), whole_number(width)


def _setting(default: Any, option: SettingOption) -> Any:
    return field(default=default, metadata={"option": option})


@dataclass(frozen=True)
class BenchSettings:
    """Settings of one comparison.

    Raises:
        BadSetting: one is out of its range.
    """

    threads: int = _setting(
        1,
        SettingOption(
            "threads", "N", "threads on the device (default: 1)", whole_number, 1, MAX_THREADS, f"1 to {MAX_THREADS}"
        ),
    )
    cores: str | None = _setting(
        None,
        SettingOption("cores", "big|middle|little|all|LIST", "cores to run on, or a list such as 4-7", str),
    )
    """None leaves the choice to the device."""
    runs: int | None = _setting(
        None,
        SettingOption(
            "runs", "N", "samples per variant (default: by --min-time)", whole_number, 1, 10**6, "1 to 1,000,000"
        ),
    )
    """None: as many as `min_time_s` takes."""
    min_time_s: float = _setting(
        0.5,
        SettingOption(
            "min-time",
            "S",
            "seconds per variant (default: 0.5)",
            real_number,
            1e-9,
            3600,
            "above 0, up to 3600 seconds",
        ),
    )
    """Measured where `runs` is None."""
    warmup: int | None = _setting(
        None,
        SettingOption(
            "warmup", "N", "runs that don't count (default: until steady)", whole_number, 0, 10**6, "0 to 1,000,000"
        ),
    )
    """None: until the times are steady."""
    batch: int = _setting(
        1, SettingOption("batch", "N", "images per run (default: 1)", whole_number, 1, 4096, "1 to 4096")
    )
    input_hw: tuple[int, int] | None = _setting(
        None,
        SettingOption(
            "input", "HxW", "input image (default: each layer's in its model)", image, 1, 65535, "HxW, 1 to 65535 each"
        ),
    )
    """None: the image that each layer has in its model."""
    winograd: bool = _setting(
        True, SettingOption("no-winograd", "", "run dense 3x3 layers of stride 1 by plain code too", bool)
    )
    """They may run by Winograd, where that costs less."""
    cool_down_s: float = _setting(
        0.0,
        SettingOption("cool-down", "S", "rest between layers (default: 0)", real_number, 0, 3600, "0 to 3600 seconds"),
    )
    limit_s: float = _setting(
        180.0,
        SettingOption(
            "limit",
            "S",
            "longest time for each variant of a layer (default: 180)",
            real_number,
            1,
            LONGEST_S,
            "1 to 86,400 seconds",
        ),
    )
    quiet_s: float = _setting(
        10.0,
        SettingOption(
            "quiet-limit",
            "S",
            "longest time without a sign of progress before a run counts as hung (default: 10)",
            real_number,
            0.5,
            LONGEST_S,
            "0.5 to 86,400 seconds",
        ),
    )
    """Steps that are known to take long get longer."""

    def __post_init__(self) -> None:
        for name, option in setting_options().items():
            value = getattr(self, name)
            if value is None or option.least is None or option.most is None:
                continue
            parts = value if isinstance(value, tuple) else (value,)
            if not all(option.least <= part <= option.most for part in parts):
                raise BadSetting(f"{option.name}: need {option.range}")

    def to_record(self) -> dict[str, Any]:
        """For the history."""
        return {**asdict(self), "input_hw": list(self.input_hw) if self.input_hw else None}


def setting_options() -> dict[str, SettingOption]:
    """The option of every setting, by the field's name."""
    return {one.name: one.metadata["option"] for one in fields(BenchSettings)}
