"""The facts about the selection on the screen."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ubp_tui.choices.problem import Problem
from ubp_tui.renderables.layers.facts import Fact, flow_facts, list_facts
from ubp_tui.work.selecting import LayerResult


class FactsLine(Widget):
    """One or two lines of figures; which ones fit follows from the size."""

    facts: reactive[list[Fact]] = reactive(list)
    """What is shown."""

    def show_result(self, result: LayerResult, dtype: str) -> None:
        """Show the facts of a result, sizes in the layer's type."""
        self.facts = list_facts(result, dtype)

    def show_problem(self, problem: Problem) -> None:
        """Name a problem that the map's place explains, and its remedy where there is room."""
        self.facts = [Fact("", problem.title, "bold $text-warning"), Fact("", problem.remedy, "$text-warning")]

    def render(self) -> Content:
        """Lay out what fits."""
        fitting = [fact for fact in self.facts[1:] if fact.width <= self.size.width]
        return flow_facts([*self.facts[:1], *fitting], self.size.width, self.size.height)
