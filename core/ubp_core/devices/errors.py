"""What goes wrong with devices; every text is one line that says what happened and what to do."""

from __future__ import annotations

import re

from ubp_core.errors import ExitCode, UbpError


class DeviceError(UbpError):
    """A device that is not there, not ready, or lost in the middle of something."""

    exit_code = ExitCode.FAILED

    def __init__(self, line: str) -> None:
        """Args: the line; what a phone or adb said in several becomes one."""
        super().__init__("; ".join(filter(None, map(str.strip, re.split("[\r\n]+", line)))))


class UnknownDevice(DeviceError):
    """A name that fits no device, or more than one."""

    exit_code = ExitCode.BAD_INPUT


class LinkLost(DeviceError):
    """The device was there and is gone, or no longer answers."""


class NoSpace(DeviceError):
    """The device's storage is full."""


class RunCancelled(DeviceError):
    """The caller cancelled a run."""
