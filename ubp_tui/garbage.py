"""Python's garbage collector, kept out of the way of the keys.

A collection stops every thread for as long as it takes to visit its objects: 0.1 to 0.2 s for each full one while
torch is imported, 50 ms several times a second while pictures are drawn. So Python does not collect by itself while
the app runs. While somebody types only what is new is visited, some milliseconds a few times a second; the rest waits
until nobody has typed for a moment, and what came with a model is never visited again.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

QUIET: Final = 1.0
"""Seconds without input after which a full collection disturbs nobody."""
WORTH: Final = 2_000
"""New objects from which it is worth one."""
INTERVAL: Final = 0.2
"""Seconds between two looks: the new objects of a whole second took 25 ms."""


class GarbagePolicy:
    """When Python may collect garbage, from `start` to `stop`; for the whole process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: seconds, rising."""
        self._clock = clock
        self._last_input = clock()
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
        new, young, _ = gc.get_count()
        if self._loading or (new < WORTH and not young):
            return None
        quiet = self._clock() - self._last_input >= QUIET
        if not quiet and new < WORTH:
            return None
        generation = 2 if quiet else 0
        gc.collect(generation)
        return generation
