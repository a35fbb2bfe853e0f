"""Standard error of a running program: progress goes to whoever follows it, all else is kept, silence is watched."""

from __future__ import annotations

import time

from ubp_core.devices.adb.stream import LineSplitter
from ubp_core.devices.device import Limits, OnLine


class ErrorLines:
    """Takes the bytes as they come."""

    def __init__(self, limits: Limits, on_line: OnLine) -> None:
        self.limits, self.on_line = limits, on_line
        self.kept: list[str] = []
        self.splitter = LineSplitter(self.take_line)
        self.heard = time.monotonic()
        """When the program gave its last sign of life, on whatever stream."""
        self.quiet_s = limits.quiet_s
        """How long it may be silent from then on."""

    def take_line(self, line: str) -> None:
        """A whole line."""
        silence_s = self.on_line(line)
        if silence_s is None:
            self.kept.append(line)
        else:
            self.quiet_s = max(self.limits.quiet_s, silence_s)

    @property
    def silent_s(self) -> float:
        """Seconds since the last sign of life."""
        return time.monotonic() - self.heard

    def note_life(self) -> None:
        """A sign of life."""
        self.heard = time.monotonic()

    @property
    def text(self) -> str:
        """What was kept."""
        return "\n".join(self.kept)
