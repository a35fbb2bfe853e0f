"""Texts shortened to a number of cells of the terminal: no sign is torn apart. Draws nothing."""

from __future__ import annotations

from rich.cells import cell_len, split_graphemes

from ubp_core.printable import printable


def shorten_middle(text: str, width: int) -> str:
    """A text in `width` cells: its beginning and its end, which tell things of one kind apart."""
    text = printable(text)
    if cell_len(text) <= width:
        return text
    end = max(width - 1, 0) // 2
    return first_cells(text, width - 1 - end).rstrip() + "…" * (width > 0) + last_cells(text, end).lstrip()


def first_cells(text: str, width: int) -> str:
    """As much of a text's beginning as fits into `width` cells."""
    if text.isascii():
        return text[: max(width, 0)]
    end = used = 0
    for _, stop, cells in split_graphemes(text)[0]:
        used += cells
        if used > width:
            break
        end = stop
    return text[:end]


def last_cells(text: str, width: int) -> str:
    """As much of a text's end as fits into `width` cells."""
    if text.isascii():
        return text[max(len(text) - max(width, 0), 0) :]
    start, used = len(text), 0
    for begin, _, cells in reversed(split_graphemes(text)[0]):
        used += cells
        if used > width:
            break
        start = begin
    return text[start:]
