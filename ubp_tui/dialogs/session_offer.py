"""The offer on start: go on with the last session, or begin anew."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from ubp_tui.renderables.cells import shown


class SessionOffer(ModalScreen[bool]):
    """Its result is whether to go on with the last session."""

    BINDINGS = [Binding("escape", "dismiss(False)", "begin anew")]  # noqa: RUF012 (Textual's own form)

    def __init__(self, line: str) -> None:
        """Args: the session in a line."""
        super().__init__()
        self._line = line

    def compose(self) -> ComposeResult:
        """What it is about, and two buttons."""
        with Vertical(id="prompt") as panel:
            panel.border_title = "Go on with the last session?"
            yield Static(shown(self._line), id="session-line", markup=False)
            yield Static("Enter goes on, Escape begins anew; --no-session never asks.", id="prompt-hint", markup=False)
            with Horizontal(id="prompt-buttons"):
                yield Button("Go on", id="session-restore", variant="primary", compact=True)
                yield Button("Begin anew", id="session-new", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        self.dismiss(event.button.id == "session-restore")
