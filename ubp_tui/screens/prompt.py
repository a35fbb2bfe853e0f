"""The one dialog that asks for a line of text."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static


class PromptDialog(ModalScreen[str]):
    """Asks for a line; its result is the line, or None if the user left."""

    BINDINGS = [Binding("escape", "dismiss", "close")]  # noqa: RUF012 (Textual's own form)

    def __init__(self, title: str, hint: str, check: Callable[[str], str] = lambda text: "", value: str = "") -> None:
        """Args: title, what can be typed, a check that says what is wrong with a text, the first text."""
        super().__init__()
        self._title = title
        self._hint = hint
        self._check = check
        self._value = value

    def compose(self) -> ComposeResult:
        """Line, hint, buttons."""
        with Vertical(id="prompt") as panel:
            panel.border_title = self._title
            yield Input(value=self._value, id="prompt-input", compact=True)
            yield Static(self._hint, id="prompt-hint", markup=False)
            with Horizontal(id="prompt-buttons"):
                yield Button("OK", id="prompt-ok", variant="primary", compact=True)
                yield Button("Cancel", id="prompt-cancel", compact=True)

    @on(Input.Changed)
    def _show_hint(self) -> None:
        """A complaint does not stay while the line is mended."""
        self.query_one("#prompt-hint", Static).update(self._hint)

    @on(Input.Submitted)
    @on(Button.Pressed, "#prompt-ok")
    def _accept(self) -> None:
        """Answer, or say what is wrong."""
        text = self.query_one(Input).value.strip()
        complaint = self._check(text)
        if complaint:
            self.query_one("#prompt-hint", Static).update(complaint)
        else:
            self.dismiss(text)

    @on(Button.Pressed, "#prompt-cancel")
    def _leave(self) -> None:
        """No answer."""
        self.dismiss()
