"""Signals reach the app as a call on its loop, also where a loop has no handlers of its own, as on Windows."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ubp_tui.terminal.signals import ENDING, catch_signals, signals_restored


class WindowsLoop(asyncio.SelectorEventLoop):
    """A loop without handlers of signals."""

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: Any) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("loop_class", [asyncio.SelectorEventLoop, WindowsLoop])
@pytest.mark.parametrize("number", ENDING)
def test_a_signal_is_told_on_the_loop(loop_class: type[asyncio.AbstractEventLoop], number: int) -> None:
    before = signal.getsignal(number)

    async def wait() -> tuple[int, threading.Thread]:
        heard: asyncio.Future[tuple[int, threading.Thread]] = asyncio.get_running_loop().create_future()
        catch_signals(lambda told: heard.set_result((told, threading.current_thread())))
        signal.raise_signal(number)
        return await asyncio.wait_for(heard, 30)

    with signals_restored():
        loop = loop_class()
        try:
            assert loop.run_until_complete(wait()) == (number, threading.main_thread())
        finally:
            loop.close()
    assert signal.getsignal(number) is before


def test_in_another_thread_than_the_main_one_signals_stay_as_they_are() -> None:
    before = {number: signal.getsignal(number) for number in ENDING}

    async def listen() -> None:
        catch_signals(lambda told: None)

    thread = threading.Thread(target=lambda: asyncio.run(listen()))
    thread.start()
    thread.join()
    assert {number: signal.getsignal(number) for number in ENDING} == before
