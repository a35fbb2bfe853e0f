"""The last gate before the terminal: nothing that a line shows can be a command to it.

What comes from outside is made printable where it is shown (`ubp_core.printable`), one sign in the place of another.
This gate is behind all of that, and behind the libraries that draw: signs that would steer the terminal (escape codes,
line breaks, turned writing) leave the line, cell for cell.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

STEERING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of Unicode: controls, invisible marks, halves of characters, breaks of lines and paragraphs."""


class _Table(dict[int, str]):
    """What stands for a character; found once, then kept."""

    def __missing__(self, code: int) -> str:
        """The character itself, or question marks where it would steer the terminal."""
        sign = chr(code)
        self[code] = "?" * cell_len(sign) if unicodedata.category(sign) in STEERING else sign
        return self[code]


class PlainFilter(LineFilter):
    """Leaves in every line only what is seen."""

    def __init__(self) -> None:
        """Always on."""
        super().__init__()
        self._table = _Table()

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Clean a line; styles stay, and so does the line itself where there is nothing to do."""
        if all(text.isprintable() for text, _, _ in segments):
            return segments
        return [
            segment if segment.text.isprintable() else Segment(segment.text.translate(self._table), *segment[1:])
            for segment in segments
        ]
