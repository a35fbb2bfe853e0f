"""The facts about the selection on the screen."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ubp_tui.jobs import LayerResult
from ubp_tui.renderables.facts import Fact, flow_facts, list_facts


class FactsLine(Widget):
    """One or two lines of figures; which ones fit follows from the size."""

    facts: reactive[list[Fact]] = reactive(list)
    """What is shown."""

    def show_result(self, result: LayerResult) -> None:
        """Show the facts of a result."""
        self.facts = list_facts(result)

    def show_line(self, line: str, style: str = "$text-warning") -> None:
        """Show one sentence instead."""
        self.facts = [Fact("", line, style)]

    def render(self) -> Content:
        """Lay out what fits."""
        return flow_facts(self.facts, self.size.width, self.size.height)
