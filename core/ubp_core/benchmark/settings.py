"""How a benchmark runs. Values and their checks only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ubp_core.benchmark.errors import BadSetting


@dataclass(frozen=True)
class BenchSettings:
    """Settings of one comparison."""

    threads: int = 1
    cores: str | None = None
    """"big", "middle", "little", "all" or a list such as "4-7"; None leaves the choice to the device."""
    runs: int | None = None
    """Samples per variant; None: as many as `min_time_s` takes."""
    min_time_s: float = 0.5
    """Seconds measured per variant where `runs` is None."""
    warmup: int | None = None
    """Runs that don't count; None: until the times are steady."""
    batch: int = 1
    """Images per run."""
    input_hw: tuple[int, int] | None = None
    """Input image; None: the one each layer has in its model."""
    cool_down_s: float = 0.0
    """Rest between two layers."""
    limit_s: float = 180.0
    """Longest time for one layer."""
    quiet_s: float = 10.0
    """Longest time without a sign of progress; longer is a hang. Steps that are known to take long get longer."""

    def __post_init__(self) -> None:
        checks = (
            ("threads", 1 <= self.threads <= 64, "1 to 64"),
            ("runs", self.runs is None or 1 <= self.runs <= 1_000_000, "1 to 1,000,000"),
            ("min-time", 0 < self.min_time_s <= 3600, "above 0, up to 3600 seconds"),
            ("warmup", self.warmup is None or 0 <= self.warmup <= 1_000_000, "0 to 1,000,000"),
            ("batch", 1 <= self.batch <= 4096, "1 to 4096"),
            ("input", all(1 <= side <= 65535 for side in self.input_hw or ()), "HxW, 1 to 65535 each"),
            ("cool-down", 0 <= self.cool_down_s <= 3600, "0 to 3600 seconds"),
            ("quiet-limit", 0.5 <= self.quiet_s <= 86400, "0.5 to 86,400 seconds"),
            ("limit", 1 <= self.limit_s <= 86400, "1 to 86,400 seconds"),
        )
        for name, good, range_text in checks:
            if not good:
                raise BadSetting(f"{name}: need {range_text}")

    def to_record(self) -> dict[str, Any]:
        """For the history."""
        return {**asdict(self), "input_hw": list(self.input_hw) if self.input_hw else None}
