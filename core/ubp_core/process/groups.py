"""A program and all that it starts, as one: begun so that our terminal's signals miss it, and ended as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def start_group(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts a program that reads nothing, with unbuffered pipes of what it writes; the leader of a group of its own.

    Raises:
        OSError: it can't be started.
    """
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(command, bufsize=0, stdin=nothing, stdout=pipe, stderr=pipe, creationflags=flags)
    return subprocess.Popen(command, bufsize=0, stdin=nothing, stdout=pipe, stderr=pipe, start_new_session=True)


def ask_group_to_end(number: int) -> None:
    """SIGTERM; where there is no such thing, nothing that a program could still answer: the end itself.

    Args:
        number: of the process that leads the group, which nobody has waited for yet.
    """
    if sys.platform == "win32":
        kill_group(number)
    else:
        with suppress(OSError):
            os.killpg(number, signal.SIGTERM)


def kill_group(number: int) -> None:
    """Ends all of it at once; what has ended already is passed over. The argument as of `ask_group_to_end`."""
    if sys.platform == "win32":
        _kill_tree(number)
    else:
        with suppress(OSError):
            os.killpg(number, signal.SIGKILL)


def _kill_tree(number: int) -> None:
    """Windows: the tree below a process, and, should that program of the system be missing, at least the process."""
    program = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
    quiet = subprocess.DEVNULL
    with suppress(OSError):
        subprocess.run([program, "/F", "/T", "/PID", str(number)], stdin=quiet, stdout=quiet, stderr=quiet)
    with suppress(OSError):
        os.kill(number, signal.SIGTERM)
