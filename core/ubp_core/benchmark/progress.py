"""What a running benchmark tells: immutable snapshots, for the command line and the app alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ubp_core.benchmark.progress_lines import LayerProgress

if TYPE_CHECKING:
    from ubp_core.benchmark.result import LayerResult


class Stage(Enum):
    """Where a run is."""

    PUSHING = "pushing files"
    RUNNING = "running"
    MEASURED = "measured"
    COOLING = "cooling down"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class BenchProgress:
    """One step of one device."""

    device: str
    stage: Stage
    layer: str = ""
    index: int = 0
    """Layer under way, from 1."""
    count: int = 0
    """Layers in all."""
    line: str = ""
    """What the program said, or why it failed."""
    live: LayerProgress | None = None
    """Where the program is, while it runs."""
    result: LayerResult | None = None
    """The layer's figures, once it is measured."""
    figure: str = ""
    """What the figures may be called; a key of FIGURE_WORDS."""

    @property
    def share(self) -> float:
        """Of the whole run, 0 to 1; an estimate."""
        if self.stage is Stage.DONE:
            return 1.0
        inside = 1.0 if self.stage in (Stage.MEASURED, Stage.COOLING) else self.live.share if self.live else 0.0
        return (max(self.index - 1, 0) + inside) / self.count if self.count and self.index else 0.0

    @property
    def text(self) -> str:
        """One line for people."""
        place = f" {self.layer} ({self.index} of {self.count})" if self.layer else ""
        return f"{self.device}: {self.stage.value}{place}" + (f": {self.detail}" if self.detail else "")

    @property
    def detail(self) -> str:
        """What the program is doing, or what it said."""
        if self.line or self.live is None:
            return self.line
        return ", ".join(part for part in (self.live.step, self.live.rounds) if part)


OnProgress = Callable[[BenchProgress], object]
"""Called from the thread of the device's worker."""
