"""Textual's terminal driver for Unix, made to end the app when its terminal is gone.

A terminal that hangs up sends SIGHUP only to the session that it controls. An app that was started through `make` or
another program in between, or is no longer in that session, is left with an end of file that never ends: Textual's
reader then turns round and round, and its writer dies of the first error.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from io import TextIOBase
from typing import IO

assert sys.platform != "win32"  # there Textual's own driver serves

from textual.drivers.linux_driver import LinuxDriver  # noqa: E402
from textual.message import Message  # noqa: E402

from ubp_tui.terminal.textual_private import app_of, replace_file  # noqa: E402


class ForgivingFile(TextIOBase):
    """Writes to a terminal; what can't be written any more is dropped."""

    def __init__(self, file: IO[str]) -> None:
        """Args: the terminal."""
        self._file = file

    def write(self, text: str) -> int:
        """Write, or drop."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        with suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        """Number of the terminal's descriptor."""
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """Posts `Lost` once the terminal has hung up."""

    class Lost(Message):
        """The terminal has hung up."""

    _watched = False

    def start_application_mode(self) -> None:
        """Begin to read, write and watch; also after a stop with Ctrl+Z."""
        if not self._watched:
            self._watched = True
            replace_file(self, ForgivingFile)
            threading.Thread(target=self._watch, name="ubp-tui-terminal", daemon=True).start()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def _watch(self) -> None:
        """Sleep until the terminal hangs up. No event is asked for: that one is told without asking."""
        poll = select.poll()
        poll.register(self.fileno, 0)
        while True:
            ((_, event),) = poll.poll()
            if event & select.POLLNVAL:  # not known for terminals on this system, or closed by the app's end
                return
            if event & (select.POLLHUP | select.POLLERR):
                break
        self.exit_event.set()  # ends the reader
        replace_lost_terminals()
        app_of(self).post_message(self.Lost())

    def run_input_thread(self) -> None:
        """Read; a terminal that is gone may be told as an error."""
        with suppress(OSError):
            super().run_input_thread()


def replace_lost_terminals() -> None:
    """Put nothing in the place of a terminal that is gone, so that whatever is still printed does no harm."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        if stream is not None and _has_hung_up(stream.fileno()):
            os.dup2(nothing, stream.fileno())
    os.close(nothing)


def _has_hung_up(descriptor: int) -> bool:
    """Whether nobody is at the other end."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
