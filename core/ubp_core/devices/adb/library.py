"""adbutils: imported where it is needed, and what it raises in our words."""

from __future__ import annotations

import os
import sys
from threading import Lock
from typing import TYPE_CHECKING, Any

from ubp_core.devices.errors import DeviceError

if TYPE_CHECKING:
    from types import ModuleType

PORT_VARIABLE = "ANDROID_ADB_SERVER_PORT"
NONSENSE = "the adb server talks nonsense: start it again (adb kill-server)"

_importing = Lock()


def load_adbutils() -> ModuleType:
    """adbutils, which reads the port's variable when it is imported: empty or no number, it fails."""
    with _importing:
        kept = None if "adbutils" in sys.modules else os.environ.pop(PORT_VARIABLE, None)
        try:
            import adbutils
        finally:
            if kept is not None:
                os.environ[PORT_VARIABLE] = kept
    return adbutils  # type: ignore[no-any-return]  # it ships no types


class adb_errors:
    """Turns what adbutils raises (AdbError, EOFError, OSError, ValueError for a bad length) into a DeviceError."""

    def __init__(self, subject: str) -> None:
        self.subject = subject

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        adbutils = load_adbutils()
        if isinstance(error, adbutils.AdbTimeout):
            raise DeviceError(f"{self.subject}: no answer") from error
        if isinstance(error, ValueError):
            raise DeviceError(f"{self.subject}: {NONSENSE}") from error
        if isinstance(error, (adbutils.AdbError, EOFError, OSError)):
            text = " ".join(str(error).split()) or "the connection was closed"
            raise DeviceError(f"{self.subject}: {text}") from error
