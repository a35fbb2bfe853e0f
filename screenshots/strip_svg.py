"""A screen of the app as SVG, drawn cell by cell.

Block elements, lines and braille dots are drawn as shapes, not as text: no font then leaves gaps in the block map, and
no viewer shifts a column. Only words are text, one element per word, so nothing drifts.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App

from ubp_tui.terminal.textual_private import drawn_strips

CELL_WIDTH, CELL_HEIGHT = 8.43, 17.0
"""One cell; the width is the advance of DejaVu Sans Mono at FONT_SIZE."""
FONT_SIZE = 14
FONTS = "DejaVu Sans Mono, Menlo, Consolas, monospace"
BASELINE = 13.0
"""From the top of a cell to the base line of its text."""

EIGHTHS = {"█": 8, **{chr(0x2580 + n): n for n in range(1, 8)}}
"""Blocks that fill n eighths of a cell from below."""
LEFT_EIGHTHS = {chr(0x2590 - n): n for n in range(1, 8)}
"""Blocks that fill n eighths of a cell from the left."""
ARMS = {
    "─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu",
    "├": "udr", "┤": "udl", "┬": "lrd", "┴": "lru", "┼": "lrud", "━": "LR", "╸": "L", "╺": "R", "┃": "UD",
}  # fmt: skip
"""Arms of line-drawing characters: left, right, up, down; capitals are heavy."""
BRAILLE = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of the braille dots, bit by bit."""


def export_svg(app: App[object]) -> str:
    """Draw what the app shows.

    Args:
        app: a running app.

    Returns:
        An SVG document; the same screen gives the same text.
    """
    width, height = app.size
    background = _rgb(Color.parse(app.theme_variables["background"][:7]))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width * CELL_WIDTH:g} {height * CELL_HEIGHT:g}" '
        f'width="{width * CELL_WIDTH:g}" height="{height * CELL_HEIGHT:g}" '
        f'font-family="{FONTS}" font-size="{FONT_SIZE}">',
        f'<rect width="100%" height="100%" fill="{background}"/>',
    ]
    for line, strip in enumerate(drawn_strips(app.screen)):
        parts.extend(_draw_line(strip, line * CELL_HEIGHT, background))
    return "\n".join([*parts, "</svg>", ""])


def _draw_line(strip: object, top: float, background: str) -> Iterator[str]:
    """Draw one line: the backgrounds first, then what stands on them."""
    cells = list(_cells(strip, background))  # type: ignore[arg-type]
    for first, end in _runs([back for _, _, back, _ in cells]):
        if cells[first][2] != background:
            yield _rect(first * CELL_WIDTH, top, (end - first) * CELL_WIDTH, CELL_HEIGHT, cells[first][2])
    for first, end in _runs([(_kind(text), front, style) for text, front, _, style in cells]):
        text = "".join(cell[0] for cell in cells[first:end])
        yield from _draw_run(text, first * CELL_WIDTH, top, cells[first][1], cells[first][3])


def _cells(strip: list[Segment], background: str) -> Iterator[tuple[str, str, str, str]]:
    """Every cell of a strip as (character, colour, background, text attributes)."""
    for text, style, _ in strip:
        style = style or Style()
        front, back = _rgb(style.color, "#e0e0e0"), _rgb(style.bgcolor, background)
        if style.reverse:
            front, back = back, front
        if style.dim:
            front = _mix(front, back)
        attributes = ' font-weight="bold"' if style.bold else ""
        attributes += ' text-decoration="underline"' if style.underline else ""
        for character in text:
            yield character, front, back, attributes


def _kind(character: str) -> str:
    """What a character is drawn as: equal neighbours of one kind are drawn together."""
    if character == " " or character == "\xa0":
        return "blank"
    if character in EIGHTHS or character in LEFT_EIGHTHS or character in "▀▔▐▕":
        return character
    return "cell" if character in ARMS or 0x2800 <= ord(character) < 0x2900 else "word"


def _runs(keys: list[object]) -> Iterator[tuple[int, int]]:
    """First and end of every run of equal keys."""
    first = 0
    for end in range(1, len(keys) + 1):
        if end == len(keys) or keys[end] != keys[first]:
            yield first, end
            first = end


def _draw_run(text: str, left: float, top: float, colour: str, attributes: str) -> Iterator[str]:
    """Draw cells of one kind and colour."""
    kind, width = _kind(text[0]), len(text) * CELL_WIDTH
    if kind == "word":
        yield f'<text x="{left:.2f}" y="{top + BASELINE:g}" fill="{colour}"{attributes}>{escape(text)}</text>'
    elif kind == "cell":
        for place, character in enumerate(text):
            yield _draw_shape(character, left + place * CELL_WIDTH, top, colour)
    elif kind in "▀▔":
        yield _rect(left, top, width, CELL_HEIGHT / (2 if kind == "▀" else 8), colour)
    elif kind in EIGHTHS:
        part = EIGHTHS[kind] * CELL_HEIGHT / 8
        yield _rect(left, top + CELL_HEIGHT - part, width, part, colour)
    elif kind != "blank":
        part = LEFT_EIGHTHS.get(kind, 4 if kind == "▐" else 1) * CELL_WIDTH / 8
        for place in range(len(text)):
            right = CELL_WIDTH - part if kind in "▐▕" else 0
            yield _rect(left + place * CELL_WIDTH + right, top, part, CELL_HEIGHT, colour)


def _draw_shape(character: str, left: float, top: float, colour: str) -> str:
    """Draw a line-drawing character or a braille pattern."""
    middle_x, middle_y = left + CELL_WIDTH / 2, top + CELL_HEIGHT / 2
    if character in ARMS:
        ends = {
            "l": (left, middle_y),
            "r": (left + CELL_WIDTH, middle_y),
            "u": (middle_x, top),
            "d": (middle_x, top + CELL_HEIGHT),
        }
        arms = ARMS[character]
        path = "".join(f"M{middle_x:.2f} {middle_y:g}L{ends[a.lower()][0]:.2f} {ends[a.lower()][1]:g}" for a in arms)
        weight = 2.4 if arms.isupper() else 1.2
        return f'<path d="{path}" stroke="{colour}" stroke-width="{weight}" stroke-linecap="square"/>'
    dots = [BRAILLE[bit] for bit in range(8) if ord(character) - 0x2800 >> bit & 1]
    shapes = [
        f"M{left + (0.25 + 0.5 * x) * CELL_WIDTH:.2f} {top + (0.125 + 0.25 * y) * CELL_HEIGHT:.2f}h0" for x, y in dots
    ]
    return f'<path d="{"".join(shapes)}" stroke="{colour}" stroke-width="2.6" stroke-linecap="round"/>'


def _rect(left: float, top: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle; no smoothing, or seams would show between neighbours."""
    return (
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{colour}" '
        f'shape-rendering="crispEdges"/>'
    )


def _rgb(colour: Color | None, default: str = "#000000") -> str:
    """A colour as #rrggbb."""
    return default if colour is None or colour.is_default else colour.get_truecolor().hex


def _mix(front: str, back: str) -> str:
    """The colour halfway between two."""
    pairs = [(int(front[i : i + 2], 16), int(back[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(0.6 * a + 0.4 * b):02x}" for a, b in pairs)
