"""Whose turn it is to compute: what somebody waits for goes before what nobody waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ForegroundGate:
    """Lets the selection of the layer on the screen go first: background work waits here while one is under way."""

    def __init__(self) -> None:
        """Start with nobody in the foreground."""
        self._turn = threading.Lock()
        self._background = threading.Lock()
        self._waiting = 0
        self._changed = threading.Condition()

    @contextmanager
    def foreground(self) -> Iterator[None]:
        """Hold back the background, and run one foreground job at a time."""
        with self._changed:
            self._waiting += 1
        try:
            with self._turn:
                yield
        finally:
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()

    @contextmanager
    def background(self) -> Iterator[None]:
        """Wait until no foreground job waits or runs, and run one background job at a time."""
        with self._background:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting == 0)
            yield
