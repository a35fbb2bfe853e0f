"""Python's garbage collector, kept out of the way of the keys.

A collection stops every thread for as long as it takes to visit its objects: 0.1 to 0.2 s for each full one while
torch is imported. So Python does not collect by itself while the app runs. While somebody types only what is new is
visited, some milliseconds at a time; what has come since waits until nobody has typed for a moment, and everything
until nobody has for long. What came with a model is never visited again.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

QUIET: Final = 1.0
"""Seconds without input after which all that came since the last time is visited: some 10 ms."""
STEPS: Final = 4
"""Collections of what is new after which their leftovers are visited too, even while somebody types: 20 ms."""
IDLE: Final = 10.0
"""Seconds without input after which everything is visited: up to 0.1 s."""
AGAIN: Final = 60.0
"""Seconds from one full collection to the next, at least: drawing leaves next to nothing behind (`strip_cycles`)."""
WORTH: Final = 1_000
"""New objects from which a collection is worth it."""
INTERVAL: Final = 0.1
"""Seconds between two looks: what comes in this time is visited in some milliseconds."""
SETTLED: Final = 1.0
"""Seconds from a loaded model to the end of its load: by then its first pictures are there."""


class GarbagePolicy:
    """When Python may collect garbage, from `start` to `stop`; for the whole process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: seconds, rising."""
        self._clock = clock
        self._last_input = self._last_full = clock()
        self._enabled = gc.isenabled()
        self._loading = False

    def start(self) -> None:
        """No collection by itself."""
        self._enabled = gc.isenabled()
        gc.disable()

    def stop(self) -> None:
        """As it was before."""
        if self._enabled:
            gc.enable()

    def begin_load(self) -> None:
        """A model is loaded: what that makes is there to stay, and there is no quiet moment."""
        self._loading = True

    def end_load(self) -> None:
        """Leave what is there now out of later collections: torch alone brings 300,000 objects."""
        gc.freeze()
        self._loading = False

    def note_input(self) -> None:
        """Somebody types or moves the mouse."""
        self._last_input = self._clock()

    def collect(self) -> int | None:
        """Collect if it is worth it, everything only where nobody types. To be called every INTERVAL.

        Returns:
            The oldest generation that was collected; None: nothing was.
        """
        new, young, old = gc.get_count()
        generation = self._choose(new, young, old)
        if generation is not None:
            gc.collect(generation)
        return generation

    def _choose(self, new: int, young: int, old: int) -> int | None:
        """What to collect now, by how much has gone into each generation since it was collected last."""
        if self._loading:
            return None
        now = self._clock()
        still = now - self._last_input
        if still >= IDLE and now - self._last_full >= AGAIN and (new >= WORTH or young or old):
            self._last_full = now
            return 2
        if young and still >= QUIET:
            return 1
        return None if new < WORTH else int(young >= STEPS)
