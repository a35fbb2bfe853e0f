"""Texts in the cells of a line: what comes from outside made printable, padded and shortened, no sign torn apart."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from ubp_core.cells import first_cells, last_cells
from ubp_core.printable import printable


def shown(text: str) -> str:
    """A text from outside (a name, an error, what a device says) as it may stand in one line of the screen."""
    return printable(text)


def pad(text: str, width: int) -> str:
    """A text in exactly `width` cells: blanks behind it, or what is too much cut off."""
    return set_cell_size(text, max(width, 0))


def pad_left(text: str, width: int) -> str:
    """A text in exactly `width` cells: blanks before it, or its beginning cut off."""
    tail = last_cells(text, width)
    return " " * (width - cell_len(tail)) + tail


def shorten_name(name: str, width: int) -> str:
    """A dotted name in `width` cells; the end says more than the beginning."""
    name = shown(name)
    if cell_len(name) <= width:
        return name
    tail = last_cells(name, width - 1)
    whole = tail if name[: len(name) - len(tail)].endswith(".") else tail.split(".", 1)[-1]
    # Half a word before the first dot says nothing, but a short rest would say less.
    return "…" + (whole if 2 * cell_len(whole) > width else tail)


def shorten_end(text: str, width: int) -> str:
    """A text in `width` cells; empty where that would leave next to nothing of it."""
    text = shown(text)
    if cell_len(text) <= width:
        return text
    return f"{first_cells(text, width - 1).rstrip()}…" if width >= 6 else ""
