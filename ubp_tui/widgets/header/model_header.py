"""The top line: model, source of its weights, and the network's total."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from ubp_tui.renderables.cells import shown

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


PADDING = 2
"""Cells around a part."""


class ModelHeader(Horizontal):
    """One line: the app, the model, a badge where the weights are random, their source, the network's total."""

    _total_cells = 0
    _total = ""

    def compose(self) -> ComposeResult:
        """The five parts."""
        yield Static("ubp-tui", id="app-name")
        yield Static("", id="model-name", markup=False)
        yield Static("RANDOM WEIGHTS", id="random-badge")
        yield Static("", id="model-source", markup=False)
        yield Static("", id="network-total", markup=False)

    def show_loading(self, model: str) -> None:
        """Name the model that is being loaded; badge, source and total are of the one that is open, and wait."""
        self.add_class("-loading")
        self.query_one("#model-name", Static).update(shown(model))

    def show_model(self, model: LoadedModel) -> None:
        """Show a loaded model; random weights are marked as such."""
        self.remove_class("-loading")
        self.query_one("#model-name", Static).update(shown(model.name))
        self.query_one("#model-source", Static).update(shown(model.source))
        self.set_class(model.random_weights, "-random")

    def show_total(self, line: str) -> None:
        """Show the network's total at the right end."""
        # The place never shrinks: figures change with every layer that is measured, and a layout is dear.
        grows = len(line) > self._total_cells
        self._total_cells = max(len(line), self._total_cells)
        self._total = line
        self._fit_total(grows)

    def on_resize(self) -> None:
        """Another width."""
        self._fit_total()

    def _fit_total(self, layout: bool = True) -> None:
        """As much of the total as fits in whole parts, the last one above all: what the network keeps."""
        place = self.query_one("#network-total", Static)
        beside = self.query("#app-name, #model-name, #random-badge").results(Static)
        room = (
            self.size.width - sum(widget.outer_size.width for widget in beside if widget.display) - 2 * PADDING
        )  # source, total
        parts = (self._total, self._total.split(" · ")[-1])
        fitting = next((part for part in parts if len(part) <= room), "")
        cells = self._total_cells if self._total_cells <= room else len(fitting)
        place.update(fitting.rjust(cells), layout=layout)
