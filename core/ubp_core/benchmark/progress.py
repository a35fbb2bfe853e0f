"""What a running benchmark tells: immutable snapshots, for the command line and the app alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Stage(Enum):
    """Where a run is."""

    PUSHING = "pushing files"
    RUNNING = "running"
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

    @property
    def text(self) -> str:
        """One line for people."""
        place = f" {self.layer} ({self.index} of {self.count})" if self.layer else ""
        return f"{self.device}: {self.stage.value}{place}" + (f": {self.line}" if self.line else "")


OnProgress = Callable[[BenchProgress], None]
"""Called from the thread of the device's worker."""
