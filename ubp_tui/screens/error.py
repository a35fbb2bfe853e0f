"""The one dialog for errors."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class ErrorDialog(ModalScreen[str]):
    """Says in one line what is wrong, and offers what can be done; its result is the id of the button."""

    BINDINGS = [Binding("escape", "dismiss('quit')", "quit")]  # noqa: RUF012 (Textual's own form)

    def __init__(self, title: str, line: str, remedies: tuple[tuple[str, str], ...]) -> None:
        """Args: the title, the line, and the buttons as (id, text)."""
        super().__init__()
        self._title = title
        self._line = line
        self._remedies = remedies

    def compose(self) -> ComposeResult:
        """Line and buttons."""
        with Vertical(id="error") as panel:
            panel.border_title = self._title
            yield Static(self._line, id="error-line", markup=False)
            with Horizontal(id="error-buttons"):
                for name, text in self._remedies:
                    yield Button(text, id=name, variant="primary" if name == self._remedies[0][0] else "default")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        self.dismiss(event.button.id)
