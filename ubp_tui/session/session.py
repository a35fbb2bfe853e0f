"""What a user comes back to: the network, the choices, the marks and what was on the screen. An immutable value."""

from __future__ import annotations

from dataclasses import dataclass, field

from ubp_core.models.spec import ModelSpec
from ubp_tui.bench.options import RunOptions
from ubp_tui.choices.layer_choices import LayerChoices, Scope
from ubp_tui.workspace.arrangement import Arrangement, MapPlace


@dataclass(frozen=True)
class Session:
    """Everything that is kept from one run of the app to the next."""

    spec: ModelSpec
    """The network."""
    choices: LayerChoices = field(default_factory=LayerChoices)
    """What is chosen for every layer."""
    marked: tuple[str, ...] = ()
    """Names of the marked layers."""
    layer: str = ""
    """Name of the layer on the screen; empty: the first one."""
    view: str = "layers"
    """The pane with the focus: `layers`, `map` or `curves`."""
    scope: Scope = "all"
    """Which layers a change is meant for."""
    by_tap: bool = False
    """Whether the map's columns stand by tap."""
    place: MapPlace = field(default_factory=MapPlace)
    """Where the map stands."""
    pattern: str = ""
    """The filter of the layer table."""
    devices: tuple[str, ...] = ()
    """Names of the devices to benchmark on; empty: as if nobody had chosen."""
    options: RunOptions = field(default_factory=RunOptions)
    """How benchmarks run."""
    arrangement: Arrangement = field(default_factory=Arrangement)
    """How the screens are arranged."""
    calibration: str = ""
    """Folder of pictures that int8 is calibrated on, or `random`; empty: nothing was named."""

    def describe(self) -> str:
        """The session in a line, for the offer on start."""
        parts = [self.spec.name]
        if self.spec.weights != "default":
            parts.append(f"weights {self.spec.weights}")
        default = self.choices.default
        parts.append(f"{default.method} N={default.block} s={100 * default.sparsity:g} % {self.choices.dtype}")
        counts = (
            (len(self.choices.special), "layers of their own choice"),
            (len(self.choices.types), "of their own type"),
            (len(self.choices.dense), "kept dense"),
            (len(self.marked), "marked"),
        )
        parts += [f"{count} {words}" for count, words in counts if count]
        return " · ".join(parts)
