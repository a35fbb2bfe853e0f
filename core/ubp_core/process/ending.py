"""How a console command ends: every way there is becomes an exit code and at most one line on stderr.

SIGTERM and SIGHUP, or Windows' SIGBREAK, raise `Ended` in the main thread, so that what is under way is taken down as
after an error; a second one does not wait for that.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Final

from ubp_core.errors import ExitCode, UbpError
from ubp_core.printable import printable
from ubp_core.process.leftovers import end_at_once, remove_leftovers
from ubp_core.process.streams import flush_stdout, has_no_reader, open_streams

SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
BY_SIGNAL: Final = 128
"""Exit codes as shells count: this and the signal's number."""


class Ended(BaseException):
    """A signal asks the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = BY_SIGNAL + number


def run_program(name: str, work: Callable[[], int]) -> int:
    """Carries a console command out.

    Args:
        name: of the command, which begins its lines on stderr.
        work: returns the exit code, or raises.

    Returns:
        The exit code.
    """
    open_streams()
    try:
        with catching_signals():
            try:
                code = _run(name, work)
                lost = flush_stdout()
                return code if lost is None else _explain_stream(name, lost)
            finally:
                remove_leftovers()
    except (Ended, KeyboardInterrupt) as end:
        remove_leftovers()  # it may have come in the middle of that
        return end.code if isinstance(end, Ended) else ExitCode.INTERRUPTED


def _run(name: str, work: Callable[[], int]) -> int:
    """The exit code of the work, or of what it raised."""
    try:
        return work()
    except UbpError as error:
        _complain(name, str(error))
        return int(error.exit_code)
    except SystemExit as end:  # argparse
        return end.code if isinstance(end.code, int) else ExitCode.OK
    except OSError as error:
        lost = flush_stdout()
        if lost is not None or has_no_reader(error):
            return _explain_stream(name, lost or error)
        place = f"{error.filename}: " if error.filename else ""
        _complain(name, f"{place}{error.strerror or error}")
        return ExitCode.FAILED


def _explain_stream(name: str, error: OSError) -> int:
    """A reader that has gone is no news; any other reason is."""
    if has_no_reader(error):
        return ExitCode.PIPE_CLOSED
    _complain(name, f"the output can't be written: {error.strerror or error}")
    return ExitCode.FAILED


def _complain(name: str, line: str) -> None:
    print(f"{name}: error: {printable(line)}", file=sys.stderr)


@contextmanager
def catching_signals() -> Iterator[None]:
    """SIGNALS raise `Ended` while this lasts, unless they are ignored (nohup)."""
    if current_thread() is not main_thread():
        yield
        return
    owner, before_hook = os.getpid(), sys.unraisablehook
    caught: list[int] = []

    def catch(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:  # a forked child: not ours to take down
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        if caught:
            end_at_once(BY_SIGNAL + number)
        caught.append(number)
        raise Ended(number)

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, Ended):  # raised where nobody hears it: in the middle of a destructor
            end_at_once(lost.exc_value.code)
        before_hook(lost)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    sys.unraisablehook = hook
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, catch)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        sys.unraisablehook = before_hook
