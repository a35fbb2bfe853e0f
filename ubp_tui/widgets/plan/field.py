"""A labelled line for a number in per cent."""

from __future__ import annotations

import math

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label


class PercentField(Horizontal):
    """Label, input, what it means."""

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
