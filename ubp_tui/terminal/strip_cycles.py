"""Keeps Textual's strips out of reference cycles, so that drawing leaves nothing to the garbage collector.

A strip that is divided nowhere answers with itself and remembers that answer: a cycle. So every line that was ever
drawn waits for a garbage collection, together with its segments: 20,000 objects a second while somebody types.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.strip import Strip

_divide: Final = Strip.divide


def divide_without_cycle(strip: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
    """As `Strip.divide`, but for the answer that is the strip itself nothing is remembered."""
    places = list(cuts)
    return [strip] if places == [strip.cell_length] else _divide(strip, places)


def prevent_strip_cycles() -> None:
    """From now on, for all of this process."""
    Strip.divide = divide_without_cycle  # type: ignore[assignment, method-assign]
