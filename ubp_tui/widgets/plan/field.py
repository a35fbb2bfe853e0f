"""A labelled line for a number in per cent, for the keyboard and for the mouse."""

from __future__ import annotations

import math

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

STEP = 5
"""Points per click."""


class StepButtons(Widget):
    """Less and more, for the mouse."""

    class Stepped(Message):
        """One of the two was clicked."""

        def __init__(self, points: int) -> None:
            """How far, up or down."""
            super().__init__()
            self.points = points

    def on_mount(self) -> None:
        """Say what a click does."""
        self.tooltip = f"{STEP} points less or more; the wheel goes by 1"

    def render(self) -> Content:
        """Three cells each."""
        style = "bold $text-accent on $surface-lighten-1"
        return Content.assemble((" - ", style), " ", (" + ", style))

    def on_click(self, event: events.Click) -> None:
        """Left is less; the gap is nothing."""
        if event.x != 3:
            self.post_message(self.Stepped(-STEP if event.x < 3 else STEP))


class PercentField(Horizontal):
    """Label, input, buttons, what it means."""

    def __init__(self, label: str, share: float, note: str, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Args: the label, the first share (0 to 1), a few words."""
        super().__init__(id=id, classes="percent-field")
        self._label = label
        self._share = share
        self._note = note

    def compose(self) -> ComposeResult:
        """One line."""
        yield Label(self._label, classes="field-label")
        yield Input(f"{100 * self._share:g}", compact=True, max_length=8)
        yield StepButtons()
        yield Label(f"% {self._note}", classes="field-note")

    def read_share(self) -> float:
        """The share, 0 to 1.

        Raises:
            ValueError: no number from 0 to 100; the line names the field.
        """
        text = self.query_one(Input).value.strip().rstrip("%").strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 <= value <= 100:
            raise ValueError(f"{self._label}: need 0 to 100 per cent, not {text or 'nothing'}")
        return value / 100

    def on_step_buttons_stepped(self, message: StepButtons.Stepped) -> None:
        """A button was clicked; the line has the focus then, so that Enter goes on."""
        message.stop()
        self.step(message.points)
        self.query_one(Input).focus()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """A point more."""
        event.stop()
        self.step(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """A point less."""
        event.stop()
        self.step(-1)

    def step(self, points: int) -> None:
        """Change the number, within 0 to 100; what is no number stays as it was typed."""
        try:
            percent = 100 * self.read_share()
        except ValueError:
            return
        if not self.disabled:
            self.query_one(Input).value = f"{min(max(percent + points, 0), 100):g}"
