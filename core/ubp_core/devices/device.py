"""The interface of a device: what it is, its facts, and a session that runs programs on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from ubp_core.devices.facts import DeviceFacts
from ubp_core.devices.info import DeviceInfo, DeviceKind

OnLine = Callable[[str], float | None]
"""Called with each line a program writes on its standard error, while it runs. For a line of progress it returns how
many seconds the program may be silent from now on (`Limits.quiet_s` is the least), and the line is not kept; for any
other line None."""


@dataclass(frozen=True)
class Limits:
    """How long a program may take."""

    total_s: float = 300.0
    """All in all; the device itself ends the program then, whatever becomes of the link."""
    quiet_s: float = 30.0
    """Without output: longer is a hang, unless the program has announced a longer silence (see `OnLine`)."""
    answer_s: float = 4.0
    """For a short answer of the device, and without output before it is asked whether it is still there."""


@dataclass(frozen=True)
class Execution:
    """A program that ran to its own end, or was ended by the device after its time."""

    exit_code: int
    """The program's; 128 + n for signal n."""
    stdout: bytes
    stderr: str
    seconds: float
    timed_out: bool = False
    """Ended after `Limits.total_s`."""


class Session(Protocol):
    """Runs programs on a device; what it puts there for one run is gone when it ends."""

    def place(self, files: Sequence[Path], program: bool = False) -> list[str]:
        """Brings files to the device (nothing twice) and returns their paths there.

        Raises:
            DeviceError: no space, no permission, link lost; the line says which.
        """

    def execute(
        self, argv: Sequence[str], limits: Limits, on_line: OnLine | None = None, cancel: Event | None = None
    ) -> Execution:
        """Runs a program to its end, every argument as it is.

        Raises:
            LinkLost: the device is gone.
            DeviceError: a hang (no output for `quiet_s`).
            RunCancelled: `cancel` was set; the program is gone, or the line says when it will be.
        """


class Device(Protocol):
    """A place where benchmarks run."""

    @property
    def name(self) -> str:
        """ "host", "emulator" or "adb:SERIAL"."""

    @property
    def kind(self) -> DeviceKind:
        """Which of the three."""

    def info(self) -> DeviceInfo:
        """What it is and whether it is ready, asked now."""

    def facts(self) -> DeviceFacts:
        """Its facts, read now.

        Raises:
            DeviceError: not ready; the line says what to do.
        """

    def session(self) -> AbstractContextManager[Session]:
        """A session.

        Raises:
            DeviceError: not ready; the line says what to do.
        """
