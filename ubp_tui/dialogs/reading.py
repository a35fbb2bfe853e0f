"""A dialog in which there is only something to read: it closes by keys, and by a click on its frame or beside it."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

CLOSES: Final = "esc, or a click on this frame, closes"
"""For the frame of the panel."""


class ReadingDialog(ModalScreen[None]):
    """Holds one panel that scrolls."""

    def on_click(self, event: events.Click) -> None:
        """Close, unless the click was inside of the panel."""
        panel = self.query(VerticalScroll).first()
        if not panel.content_region.contains_point(event.screen_offset):
            self.dismiss()
