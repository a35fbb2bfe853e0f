"""The help screen, made from the key registry."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ubp_tui.bindings import sections

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
KEY_WIDTH = 14
"""Cells of the left column."""


class HelpScreen(ModalScreen[None]):
    """Every key of the app, and what the words mean."""

    BINDINGS = [Binding("escape,q,question_mark,enter", "dismiss", "close")]  # noqa: RUF012 (Textual's own form)

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="help") as panel:
            panel.border_title = "Keys"
            panel.border_subtitle = "esc closes"
            yield Static(help_text(), id="help-text")


def help_text() -> Content:
    """All sections of the registry, then the words."""
    lines: list[Content] = []
    for section, actions in sections().items():
        lines.append(Content.styled(section, "bold $text-primary"))
        lines.extend(_line(action.key_text, action.help) for action in actions)
        lines.append(Content(""))
    lines.append(Content.styled("Words", "bold $text-primary"))
    lines.extend(_line(word, meaning) for word, meaning in WORDS)
    return Content("\n").join(lines)


def _line(left: str, right: str) -> Content:
    """A key and what it does."""
    return Content.assemble("  ", (left.ljust(KEY_WIDTH), "bold $text-accent"), right)
