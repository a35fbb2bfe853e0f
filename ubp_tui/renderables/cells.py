"""Texts in the cells of a line: what comes from outside made printable, padded and shortened, no sign torn apart."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size, split_graphemes

from ubp_core.printable import printable


def shown(text: str) -> str:
    """A text from outside (a name, an error, what a device says) as it may stand in one line of the screen."""
    return printable(text)


def pad(text: str, width: int) -> str:
    """A text in exactly `width` cells: blanks behind it, or what is too much cut off."""
    return set_cell_size(text, max(width, 0))


def pad_left(text: str, width: int) -> str:
    """A text in exactly `width` cells: blanks before it, or its beginning cut off."""
    tail = _last_cells(text, width)
    return " " * (width - cell_len(tail)) + tail


def shorten_name(name: str, width: int) -> str:
    """A dotted name in `width` cells; the end says more than the beginning."""
    name = shown(name)
    if cell_len(name) <= width:
        return name
    tail = _last_cells(name, width - 1)
    whole = tail if name[: len(name) - len(tail)].endswith(".") else tail.split(".", 1)[-1]
    # Half a word before the first dot says nothing, but a short rest would say less.
    return "…" + (whole if 2 * cell_len(whole) > width else tail)


def shorten_middle(text: str, width: int) -> str:
    """A text in `width` cells: its beginning and its end, which tells variants of one thing apart."""
    text = shown(text)
    if cell_len(text) <= width:
        return text
    end = max(width - 1, 0) // 2
    return _first_cells(text, width - 1 - end).rstrip() + "…" + _last_cells(text, end).lstrip()


def shorten_end(text: str, width: int) -> str:
    """A text in `width` cells; empty where that would leave next to nothing of it."""
    text = shown(text)
    if cell_len(text) <= width:
        return text
    return f"{_first_cells(text, width - 1).rstrip()}…" if width >= 6 else ""


def _first_cells(text: str, width: int) -> str:
    """As much of a text's beginning as fits into `width` cells; no sign is torn apart."""
    if text.isascii():
        return text[: max(width, 0)]
    end = used = 0
    for _, stop, cells in split_graphemes(text)[0]:
        used += cells
        if used > width:
            break
        end = stop
    return text[:end]


def _last_cells(text: str, width: int) -> str:
    """As much of a text's end as fits into `width` cells; no sign is torn apart."""
    if text.isascii():
        return text[max(len(text) - max(width, 0), 0) :]
    start, used = len(text), 0
    for begin, _, cells in reversed(split_graphemes(text)[0]):
        used += cells
        if used > width:
            break
        start = begin
    return text[start:]
