"""The foot of the layer table: the whole network before and after."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ubp_tui.renderables.layers.facts import Fact, flow_facts, list_total
from ubp_tui.work.totals import NetworkTotal


class NetworkFoot(Widget):
    """One or two lines; which figures fit follows from the size."""

    facts: reactive[list[Fact]] = reactive(list)
    """What is shown."""

    def show_total(self, total: NetworkTotal) -> None:
        """Show a total."""
        self.facts = list_total(total)

    def render(self) -> Content:
        """Lay out what fits."""
        return flow_facts(self.facts, self.size.width, self.size.height)
