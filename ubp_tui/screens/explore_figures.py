"""The part of the explore screen that is about measured figures: the newest ones of the history for one device."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from textual import work
from textual.reactive import reactive
from textual.worker import get_current_worker

from ubp_core.history.figures import LayerFigures
from ubp_tui.choices.choice import Choice
from ubp_tui.messages import FiguresRead
from ubp_tui.renderables.bench.text import describe_column
from ubp_tui.screens.explore_choices import ExploreChoices
from ubp_tui.widgets.layers.layers_pane import LayersPane
from ubp_tui.work.services import Services

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


class ExploreFigures(ExploreChoices):
    """A screen that knows what was measured of the layers on one device.

    The device is the one that is chosen on the benchmark screen or that ran last; before anything is chosen it is the
    session's, and without one that of the last run in the history that has figures of this model's layers.
    """

    figures: reactive[LayerFigures] = reactive(LayerFigures, init=False, repaint=False)
    """What the history has."""

    def __init__(self, services: Services, choice: Choice) -> None:
        """Args: what computes, the first choice for all layers."""
        super().__init__(services, choice)
        self._asked = ""

    def follow_device(self, name: str) -> None:
        """Show the figures of a device, read anew; an empty name stands for the device of the last run."""
        self._asked = name
        if self.model is not None:
            self._read_figures(self.model, name)

    @work(thread=True, exclusive=True, group="read_figures", description="look for figures of the layers")
    def _read_figures(self, model: LoadedModel, device: str) -> None:
        """Ask the history; one that can't be read leaves the column away, and says why in the log."""
        from ubp_core.history import HistoryError

        worker = get_current_worker()
        try:
            figures = self.services.bench.read_figures(model, device)
        except HistoryError as error:
            logging.getLogger("ubp_tui").warning("no measured figures: %s", error)
            figures = LayerFigures(device)
        if not worker.is_cancelled:
            self.post_message(FiguresRead(device, figures))

    def on_figures_read(self, message: FiguresRead) -> None:
        """Show them, unless another device is followed by now."""
        if message.asked == self._asked:
            self.figures = message.figures
            self.query_one(LayersPane).show_source(describe_column(message.figures))

    def find_figures(self) -> dict[str, float]:
        """The figure of every layer as it is chosen, where there is one."""
        if self.model is None or not self.figures.values:
            return {}
        found = {}
        for layer in self.model.layers:
            choice = self.choices.of(layer.name)
            dense = not layer.prunable or layer.name in self.choices.dense
            chosen = () if dense else (choice.method, choice.block_size, choice.sparsity)
            figure = self.figures.of(layer.name, *chosen)
            if figure is not None:
                found[layer.name] = figure
        return found
