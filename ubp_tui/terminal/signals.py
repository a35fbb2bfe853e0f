"""Signals that ask the app to end: it ends as by its key, so that the terminal is restored and the session kept."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ubp_core.process.ending import SIGNALS

HANG_UP: Final = 1
"""The number of SIGHUP, also where there is no such signal."""
ENDING: Final = (signal.SIGINT, *SIGNALS)
"""Signals that end the app."""


def catch_signals(end: Callable[[int], None]) -> None:
    """Call `end` with the number of a signal, on the running event loop; in another thread than the main one, never."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in ENDING:
        try:
            loop.add_signal_handler(number, end, int(number))
        except NotImplementedError:  # Windows: the loop is woken by signals, but has no handlers of its own
            signal.signal(number, lambda heard, frame: loop.call_soon_threadsafe(end, heard))


@contextmanager
def signals_restored() -> Iterator[None]:
    """Gives signals back the meaning that they had before: after the loop's end nobody would listen."""
    before = {number: signal.getsignal(number) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
