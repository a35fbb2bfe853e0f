"""The part of the explore screen that is about many layers: marks, order, filter, and benchmarks of what is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.choices.patterns import suggest_patterns
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.messages import BenchmarkRequested
from ubp_tui.screens.explore_work import ExploreWork
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.layers.layers_pane import LayersPane
from ubp_tui.work.services import Services

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


class ExploreMarks(ExploreWork):
    """A screen whose layers can be marked, sorted and filtered."""

    def __init__(self, services: Services) -> None:
        """Args: what computes."""
        super().__init__(services)
        self.model: LoadedModel | None = None
        """The model, once it is loaded."""

    @property
    def marked(self) -> tuple[str, ...]:
        """Names of the marked layers, in the network's order."""
        return self.query_one(LayerTable).marked

    def action_step_layer(self, rows: int) -> None:
        """Next or previous layer."""
        self.query_one(LayerTable).action_move(rows)

    def action_toggle_mark(self) -> None:
        """Mark the layer under the cursor, or unmark it."""
        self.query_one(LayerTable).toggle_mark()

    def action_mark_all(self) -> None:
        """Mark all prunable layers that are shown, or unmark them."""
        self.query_one(LayerTable).mark_shown()

    def action_invert_marks(self) -> None:
        """Mark what is not marked, and the other way round."""
        self.query_one(LayerTable).invert_marks()

    def action_mark_pattern(self) -> None:
        """Ask for a pattern and mark what it means."""
        table = self.query_one(LayerTable)
        if self.model is None:
            return

        def check(pattern: str) -> str:
            known = not pattern or table.find_pattern(pattern)
            return "" if known else f"No layer that can be pruned matches {pattern!r}. Try fewer words, or *word*."

        hint = "Words that must be in the name, kind or shape, or a pattern for the whole name: *.project_conv"
        dialog = PromptDialog("Mark layers", hint, check, self._offer_patterns())
        self.app.push_screen(dialog, lambda pattern: table.mark_pattern(pattern) if pattern else None)

    def _offer_patterns(self) -> list[tuple[str, str]]:
        """Patterns that mean some of the layers that can be pruned."""
        layers = self.model.prunable if self.model is not None else ()
        return [(pattern, f"{count} layers") for pattern, count in suggest_patterns(layers)]

    def action_sort_next(self) -> None:
        """Sort by the next column."""
        self.query_one(LayerTable).step_sort()

    def action_reverse_sort(self) -> None:
        """Turn the order around."""
        self.query_one(LayerTable).reverse_sort()

    def action_filter(self) -> None:
        """Type a pattern that layers must match."""
        if self.model is not None:
            self.query_one(LayersPane).open_filter()

    def action_benchmark(self) -> None:
        """Ask for a benchmark of the marked layers; of the selected one where none is marked."""
        table = self.query_one(LayerTable)
        names = table.marked or tuple(filter(None, [table.highlighted]))
        if names:
            self.post_message(BenchmarkRequested(names))

    def action_benchmark_network(self) -> None:
        """Ask for a benchmark of the whole network."""
        if self.model is not None:
            self.post_message(BenchmarkRequested((), network=True))

    def action_show_devices(self) -> None:
        """Ask for the devices."""
        self.post_message(BenchmarkRequested(()))
