"""The help screen, made from the key registry."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ubp_tui.dialogs.reading import CLOSES, ReadingDialog
from ubp_tui.keys.registry import sections

WORDS = (
    ("block", "N rows of one column that stay or go together"),
    ("abp", "aligned blocks: the start row r is a multiple of N"),
    ("bed", "unaligned: the paper's Block Expansion and Division"),
    ("optimal", "unaligned: provably the best, with its certificate"),
    ("greedy", "unaligned: best window first; may run out of room"),
    ("unstructured", "single weights: no block pattern keeps more"),
    ("retained", "share of the importance |w| that the blocks keep"),
)
"""The words that the screen uses, explained in a line each."""
KEY_WIDTH = 13
"""Cells of the left column."""


class HelpScreen(ReadingDialog):
    """Every key of the app, and what the words mean."""

    BINDINGS = [Binding("escape,q,question_mark,enter", "dismiss", "close")]  # noqa: RUF012 (Textual's own form)

    def compose(self) -> ComposeResult:
        """A text that scrolls, in two columns where there is room for them."""
        with VerticalScroll(id="help") as panel:
            panel.border_title = "Keys"
            panel.border_subtitle = CLOSES
            with Container(id="help-columns"):
                for column in help_columns():
                    yield Static(column, classes="help-text")


def help_columns() -> tuple[Content, Content]:
    """All sections of the registry, then the words, in two parts of about the same height."""
    parts = [_part(title, [(action.key_text, action.help) for action in rows]) for title, rows in sections().items()]
    parts.append(_part("Words", list(WORDS)))
    half = sum(map(len, parts)) / 2
    columns: tuple[list[Content], list[Content]] = ([], [])
    done = 0
    for part in parts:
        columns[done + len(part) / 2 > half].extend(part)
        done += len(part)
    return Content("\n").join(columns[0]), Content("\n").join(columns[1][:-1])


def _part(title: str, rows: list[tuple[str, str]]) -> list[Content]:
    """A section, with a blank line behind it."""
    return [Content.styled(title, "bold $text-primary"), *(_line(*row) for row in rows), Content("")]


def _line(left: str, right: str) -> Content:
    """A key and what it does."""
    return Content.assemble("  ", (left.ljust(KEY_WIDTH), "bold $text-accent"), right)
