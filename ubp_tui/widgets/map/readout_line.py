"""The line that says what is under the cursor."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ubp_tui.renderables.map.readout import flow_words


class ReadoutLine(Widget):
    """As much of a line as fits into the widget, in whole words; the most important stands first."""

    line: reactive[str] = reactive("")
    """What is to be said; two blanks part what belongs together."""

    def render(self) -> Content:
        """The line, broken where the width ends."""
        return Content("\n".join(flow_words(self.line, self.size.width, self.size.height)))
