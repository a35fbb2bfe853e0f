"""The log panel: the end of the log file."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from ubp_core.printable import printable_lines
from ubp_tui.dialogs.reading import CLOSES, ReadingDialog
from ubp_tui.renderables.cells import shown
from ubp_tui.terminal.log_file import read_tail

REREAD_S = 1.0
"""Seconds between two looks at the file."""


class LogPanel(ReadingDialog):
    """What libraries and workers have reported, newest at the bottom."""

    BINDINGS = [Binding("escape,q,L,enter", "dismiss", "close")]  # noqa: RUF012 (Textual's own form)

    def __init__(self, path: Path | None) -> None:
        """Args: the log file; None where the app keeps none."""
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="log") as panel:
            panel.border_title = shown(f"Log · {self._path}") if self._path else "Log"
            panel.border_subtitle = CLOSES
            yield Static("", id="log-text", markup=False)

    def on_mount(self) -> None:
        """Read now, and again while it is open."""
        self._read()
        self.set_interval(REREAD_S, self._read)

    def _read(self) -> None:
        """Show the end of the file."""
        text = read_tail(self._path) if self._path else ""
        panel, at_end = self.query_one("#log", VerticalScroll), self.query_one("#log").is_vertical_scroll_end
        self.query_one("#log-text", Static).update(printable_lines(text.expandtabs()) or "nothing was reported")
        if at_end:
            panel.scroll_end(animate=False)
