"""Screens as text that a reviewer can read in a diff, and stored ones to compare them with."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from rich.color import Color
from rich.segment import Segment

from ubp_tui.app import UbpApp
from ubp_tui.terminal.textual_private import drawn_strips

FOLDER = Path(__file__).parent / "snapshots"
COMMAND = "pytest tests/tui/test_snapshots.py --update-snapshots"
SHADES = " ░▒▓█"
"""Classes of brightness, dark to bright."""
PIXELS = "▀"
"""Two pixels of a map, one above the other: what it shows is in its colours only. Two that are alike are a blank."""


def draw_screen(app: UbpApp) -> str:
    """The screen's characters, without blanks at the ends of lines.

    Pixels of maps become shades of their brightness, or half a block where one of the two is bright and one is dark.
    Other blanks become the shade of their ground: that is how chosen rows and words stand out.
    """
    strips = drawn_strips(app.screen)
    lines = ("".join(shown for segment in strip for shown in draw_segment(segment)) for strip in strips)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def draw_segment(segment: Segment) -> Iterator[str]:
    """The characters of cells of one style."""
    style = segment.style
    for character in segment.text:
        if character not in (PIXELS, " ") or style is None or style.color is None or style.bgcolor is None:
            yield character
        else:
            ground = find_class(style.bgcolor)
            yield draw_pixels(find_class(style.color) if character == PIXELS else ground, ground)


def draw_pixels(top: int, bottom: int) -> str:
    """The character of two classes of brightness."""
    if abs(top - bottom) > 2:
        return "▀" if top > bottom else "▄"
    return SHADES[(top + bottom) // 2]


def find_class(colour: Color) -> int:
    """Class of brightness: index into SHADES."""
    red, green, blue = colour.get_truecolor()
    return (2126 * red + 7152 * green + 722 * blue) * len(SHADES) // (10000 * 256)


def compare_picture(name: str, drawn: str) -> str:
    """Lines that differ from the stored picture, and what to do about it; empty where none does."""
    path = FOLDER / f"{name}.txt"
    if not path.exists():
        return f"{path.name} is not stored yet; {COMMAND} stores it"
    stored = path.read_text(encoding="utf-8")
    if drawn == stored:
        return ""
    lines = unified_diff(stored.splitlines(), drawn.splitlines(), f"stored {path.name}", "drawn now", n=1, lineterm="")
    return "\n".join((*lines, "", f"If this is meant: {COMMAND}, and look at the diff"))


def store_picture(name: str, drawn: str) -> None:
    """Replace the stored picture."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.txt").write_text(drawn, encoding="utf-8")
