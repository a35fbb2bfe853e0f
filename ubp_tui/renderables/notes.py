"""What is said of a model's file when it is opened: what was left out of it, chosen or guessed, in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ubp_core.cells import shorten_middle

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel

MOST: Final = 3
"""Notes that are told; the log has all."""
CELLS: Final = 100
"""Of a note: its names and, at the end, how many more there are and why."""
NAME_CELLS: Final = 30


def describe_notes(model: LoadedModel) -> tuple[str, str]:
    """Title and text on a model's notes; both empty where it has none."""
    count = len(model.notes)
    if not count:
        return "", ""
    lines = [shorten_middle(note, CELLS) for note in model.notes[:MOST]]
    lines += [f"{count - MOST} more"] if count > MOST else []
    title = f"{'1 note' if count == 1 else f'{count} notes'} on {shorten_middle(model.name, NAME_CELLS)}"
    return title, " · ".join([*lines, "L has this in full"])
