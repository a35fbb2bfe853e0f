"""Plain ASCII for terminals that have nothing else: every line of the screen passes through one table of signs."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS: Final = {
    "-": "─━╌┄┈╴╶╸╺▁▔⎯—\N{EN DASH}",
    "|": "│┃╎┆┊▏▕▎▍╵╷",
    "+": "╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋╔╗╚╝",
    "=": "═▂▃▄",
    "#": "█▀▌▐▅▆▇▋▊▉▓■",
    ":": "▒",
    ".": "░·…",
    "o": "●•",
    "O": "○",
    "A": "△",
    "H": "□",
    "*": "◆",
    "X": "◇",
    ">": "▸▶→",
    "<": "◂◀←",
    "^": "▴▲↑⇧",
    "v": "▾▼↓",
    "x": "\N{MULTIPLICATION SIGN}✕✓",
    "d": "▣",
    "a": "◬",
    "e": "◉",
    "b": "◈",
    "!": "⚠",
    " ": "\N{NO-BREAK SPACE}⠀",
    "~": "≈",
    "j": "⏎",
}
"""Signs by what stands for them."""
_TABLE: Final = {ord(sign): plain for plain, signs in _SIGNS.items() for sign in signs}


class _Table(dict[int, str]):
    """The table; what is not in it keeps its width."""

    def __missing__(self, code: int) -> str:
        """Braille dots become a star, everything else a question mark per cell; found once, then kept."""
        plain = chr(code) if code < 128 else "*" if 0x2800 < code < 0x2900 else "?" * cell_len(chr(code))
        self[code] = plain
        return plain


class AsciiFilter(LineFilter):
    """Writes every line of the screen in ASCII, cell for cell."""

    def __init__(self) -> None:
        """Always on."""
        super().__init__()
        self._table = _Table(_TABLE)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Translate a line; styles stay."""
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(self._table), *segment[1:])
            for segment in segments
        ]
