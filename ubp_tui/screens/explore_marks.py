"""The part of the explore screen that leads to benchmarks: marked layers, and the keys that ask for a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.messages import BenchmarkRequested
from ubp_tui.screens.explore_work import ExploreWork
from ubp_tui.services import Services
from ubp_tui.widgets.layers.layer_table import LayerTable

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


class ExploreMarks(ExploreWork):
    """A screen whose layers can be marked for a benchmark."""

    def __init__(self, services: Services) -> None:
        """Args: what computes."""
        super().__init__(services)
        self.model: LoadedModel | None = None
        """The model, once it is loaded."""

    def action_toggle_mark(self) -> None:
        """Mark the layer under the cursor, or unmark it."""
        table = self.query_one(LayerTable)
        table.toggle_mark()
        count = len(table.marked)
        self.query_one("#layers-pane").border_subtitle = f"{count} marked · b benchmarks them" if count else ""

    def action_benchmark(self) -> None:
        """Ask for a benchmark of the marked layers; of the selected one where none is marked."""
        table = self.query_one(LayerTable)
        names = table.marked or tuple(filter(None, [table.highlighted]))
        if names:
            self.post_message(BenchmarkRequested(names))

    def action_show_devices(self) -> None:
        """Ask for the devices."""
        self.post_message(BenchmarkRequested(()))
