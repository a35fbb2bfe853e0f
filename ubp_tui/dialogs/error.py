"""The one dialog for errors; `ubp_tui.problem` says when it is shown."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button

from ubp_tui.choices.problem import Problem
from ubp_tui.widgets.problem_panel import ProblemText


class ErrorDialog(ModalScreen[str]):
    """Says what could not be done and why, and offers what can be done; its result is the id of the button."""

    BINDINGS = [Binding("escape", "leave", "close")]  # noqa: RUF012 (Textual's own form)

    def __init__(
        self,
        title: str,
        line: str,
        remedies: tuple[tuple[str, str], ...] = (("close", "Close"),),
        advice: str = "",
        escape: str = "quit",
    ) -> None:
        """Args: the title, why (and mostly what to do), the buttons as (id, text), what else to do, Escape's answer."""
        super().__init__()
        self._escape = escape
        self._problem = Problem(title, line, advice)
        self._remedies = remedies

    def compose(self) -> ComposeResult:
        """The problem as everywhere, and buttons."""
        with VerticalScroll(id="error", can_focus=False) as panel:
            panel.border_title = Content(self._problem.title)
            yield ProblemText(self._problem)
            with Horizontal(id="error-buttons"):
                for name, text in self._remedies:
                    yield Button(text, id=name, variant="primary" if name == self._remedies[0][0] else "default")

    def action_leave(self) -> None:
        """Answer as Escape does."""
        self.dismiss(self._escape)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        self.dismiss(event.button.id)
