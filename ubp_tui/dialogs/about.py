"""What this program is: version, commit, platform, native library, where it was installed from, where its files lie."""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from ubp_core.installation.version import __version__
from ubp_tui.dialogs.reading import CLOSES, ReadingDialog
from ubp_tui.renderables.cells import shown

NAME_WIDTH = 10
"""Cells of the left column."""


class AboutDialog(ReadingDialog):
    """The lines of `--version`; they come from a thread, for git may be slow."""

    BINDINGS = [Binding("escape,q,V,enter", "dismiss", "close")]  # noqa: RUF012 (Textual's own form)

    class Found(Message):
        """The lines are there."""

        def __init__(self, lines: list[tuple[str, str]]) -> None:
            """Args: names and texts."""
            super().__init__()
            self.lines = lines

    def compose(self) -> ComposeResult:
        """A line each."""
        with VerticalScroll(id="about") as panel:
            panel.border_title = f"ubp-tui {__version__}"
            panel.border_subtitle = CLOSES
            yield Static("asking git and the native library", id="about-text", markup=False)

    def on_mount(self) -> None:
        """Find the lines."""
        self._find()

    @work(thread=True, description="ask git and the native library")
    def _find(self) -> None:
        """Find the lines, on a thread."""
        from ubp_core.about import about_lines

        lines = [*about_lines(), ("files", "`ubp paths` lists where they are, UBP_HOME moves them")]
        if not get_current_worker().is_cancelled:
            self.post_message(self.Found(lines))

    def on_about_dialog_found(self, message: Found) -> None:
        """Show them."""
        lines = [Content.assemble((name.ljust(NAME_WIDTH), "bold"), shown(text)) for name, text in message.lines]
        self.query_one("#about-text", Static).update(Content("\n").join(lines))
