"""The explore screen: layer table, controls, block map and curves of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Footer

from ubp_tui import messages
from ubp_tui.bindings import bindings_of
from ubp_tui.jobs import LayerMeasure, LayerResult, plan_curves
from ubp_tui.renderables.facts import describe_total
from ubp_tui.renderables.formats import format_count
from ubp_tui.screens.explore_marks import ExploreMarks
from ubp_tui.services import Services
from ubp_tui.state import Choice, SelectionRequest
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.controls.view_tabs import VIEWS, ViewTabs
from ubp_tui.widgets.curve.curve_pane import CurvePane
from ubp_tui.widgets.facts.facts_line import FactsLine
from ubp_tui.widgets.header.model_header import ModelHeader
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.loading_panel import LoadingPanel
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.map_pane import MapPane
from ubp_tui.widgets.size_notice import SizeNotice

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel


CURVES_DELAY = 0.1
"""Seconds in which new curve points are gathered before they are drawn."""


class ExploreScreen(ExploreMarks):
    """Shows a model's layers and what a choice of blocks keeps of them."""

    BINDINGS = bindings_of("explore")

    choice: reactive[Choice] = reactive(Choice, init=False)
    """How blocks are selected, for every layer."""
    layer: reactive[str] = reactive("", init=False)
    """Name of the layer on the screen; empty before there is one."""
    view: reactive[str] = reactive("layers", init=False)
    """The pane in sight where only one has room."""
    full_map: reactive[bool] = reactive(False, toggle_class="-full-map")
    """Whether the map has the whole screen."""

    def __init__(self, services: Services, choice: Choice, model_name: str) -> None:
        """Args: what computes, the first choice, and the name to show while the model loads."""
        super().__init__(services)
        self.set_reactive(ExploreScreen.choice, choice)
        self.result: LayerResult | None = None
        self._model_name = model_name
        self._request = SelectionRequest(0, "", choice)
        self._measures: dict[Choice, dict[str, LayerMeasure]] = {}
        self._curves_timer: Timer | None = None
        self._points: dict[str, dict[Choice, float]] = {}

    def compose(self) -> ComposeResult:
        """Header, controls, facts, the three panes, footer; and what stands in for them."""
        yield ModelHeader(id="header")
        yield ChoiceBar(self.choice, id="choice")
        yield FactsLine(id="facts")
        yield ViewTabs(id="view-tabs")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                with Vertical(id="layers-pane"):
                    yield LayerTable(id="layers")
                yield CurvePane(id="curves-pane")
            yield MapPane(id="map-pane")
        yield LoadingPanel(self._model_name, id="loading")
        yield Footer()
        yield SizeNotice(id="size-notice")

    def on_mount(self) -> None:
        """Stand by until the model is there."""
        self.add_class("-loading", "-view-layers")
        self.query_one("#layers-pane").border_title = "Layers"
        self.query_one(ModelHeader).show_loading(self._model_name)

    # The model

    def show_progress(self, line: str) -> None:
        """Show the loader's step."""
        self.query_one(LoadingPanel).step = line

    def show_model(self, model: LoadedModel) -> None:
        """Show a loaded model, from its first prunable layer."""
        self.model = model
        self.remove_class("-loading")
        self.query_one(ModelHeader).show_model(model)
        self.query_one("#layers-pane").border_title = f"Layers · {len(model.prunable)} of {len(model.layers)} prunable"
        table = self.query_one(LayerTable)
        first = (model.prunable or model.layers)[:1]
        table.show_layers(model.layers, first[0].name if first else "")
        if not model.layers:
            self.query_one(FactsLine).show_line("This model has no layer with weights: there is nothing to show.")
            self.query_one(MapPane).show_nothing("no layer to show")
            return
        self.layer = first[0].name
        table.focus()

    def _find_layer(self) -> Layer | None:
        """The layer on the screen."""
        return self.model.layer(self.layer) if self.model is not None and self.layer else None

    # Choices

    def watch_choice(self, choice: Choice) -> None:
        """Show the choice at once; its results follow."""
        self.query_one(ChoiceBar).choice = choice
        self._request_selection()
        self._schedule_curves()

    def watch_layer(self) -> None:
        """Select on another layer."""
        self._request_selection()

    def _request_selection(self) -> None:
        """Ask for the blocks of the present layer and choice, and let the background follow the choice."""
        layer = self._find_layer()
        if layer is None:
            return
        self._request = SelectionRequest(self._request.number + 1, layer.name, self.choice)
        self.workers.cancel_group(self, "trace_curves")
        known = self.result if self.result and self.result.layer is layer else None
        self._select_blocks(self._request, layer, known)
        self._request_measures()

    def _request_measures(self) -> None:
        """Fill the table for the present choice, unless that is under way or done."""
        assert self.model is not None
        if self.choice in self._measures and len(self._measures) == 1:
            return
        self._measures = {self.choice: {}}
        self.query_one(LayerTable).show_measures({})
        self._show_total()
        # The layer on the screen comes last: by then its own selection has given its figures.
        others = sorted(self.model.prunable, key=lambda layer: layer.name == self.layer)
        self._measure_layers(self.choice, tuple(others), self._measures[self.choice])

    # Results

    def on_selection_finished(self, message: messages.SelectionFinished) -> None:
        """Draw a result, unless it was overtaken."""
        result = message.result
        if result.request != self._request:
            return
        self.result = result
        self.query_one(MapPane).show_result(result)
        self.query_one(FactsLine).show_result(result)
        if result.selection is None:
            self.query_one(CurvePane).clear("this layer stays dense: no blocks, no curve")
            return
        if result.measure is not None:
            self.on_layer_measured(messages.LayerMeasured(self.choice, result.measure))
        points = self._points.setdefault(result.layer.name, {})
        points[self.choice] = result.selection.retained
        self._schedule_curves()
        self._trace_curves(result.layer.name, result.source.importance, plan_curves(self.choice, set(points)))

    def on_selection_failed(self, message: messages.SelectionFailed) -> None:
        """Say why there is no selection; the picture of another choice does not stay."""
        if message.request != self._request:
            return
        self.result = None
        self.query_one(FactsLine).show_line(message.line)
        self.query_one(MapPane).show_nothing(message.line)
        self._schedule_curves()

    def on_layer_measured(self, message: messages.LayerMeasured) -> None:
        """One more figure of the table."""
        if message.choice not in self._measures:
            return
        self._measures[message.choice][message.measure.layer] = message.measure
        self.query_one(LayerTable).add_measure(message.measure)
        self._show_total()

    def on_curve_point_found(self, message: messages.CurvePointFound) -> None:
        """One more point; it is kept even if another layer is on the screen by now."""
        self._points.setdefault(message.layer, {})[message.choice] = message.retained
        if message.layer == self.layer:
            self._schedule_curves()

    def _schedule_curves(self) -> None:
        """Draw the curves soon: drawing takes 20 ms, and points come faster than that."""
        if self._curves_timer is None:
            self._curves_timer = self.set_timer(CURVES_DELAY, self._show_curves)

    def _show_curves(self) -> None:
        """Draw the curves of the present layer as far as they are known."""
        self._curves_timer = None
        layer = self._find_layer()
        if layer is not None and layer.prunable:
            points = self._points.get(self.layer, {})
            self.query_one(CurvePane).show_curves(points, self.choice, points.get(self.choice))

    def _show_total(self) -> None:
        """What the choice keeps of all prunable layers together."""
        assert self.model is not None
        measures, wanted = self._measures[self.choice].values(), len(self.model.prunable)
        self.query_one(ModelHeader).show_total(
            f"{format_count(self.model.parameters)} weights · {describe_total(list(measures), wanted)}"
        )

    # Messages of the widgets

    def on_layer_highlighted(self, message: messages.LayerHighlighted) -> None:
        """Another row of the table."""
        if message.name == self.query_one(LayerTable).highlighted:
            self.layer = message.name

    def on_choice_picked(self, message: messages.ChoicePicked) -> None:
        """A control was used."""
        self.choice = message.choice

    def on_view_picked(self, message: messages.ViewPicked) -> None:
        """A tab was clicked."""
        self.action_show_view(message.view)

    # Actions

    def action_step_layer(self, rows: int) -> None:
        """Next or previous layer."""
        self.query_one(LayerTable).step(rows)

    def action_step_method(self, step: int) -> None:
        """Next or previous method."""
        self.choice = self.choice.with_method_step(step)

    def action_step_block(self, step: int) -> None:
        """Next or previous block size."""
        self.choice = self.choice.with_block_step(step, self.query_one(ChoiceBar).block_sizes)

    def action_step_sparsity(self, percent: int) -> None:
        """More or less sparsity."""
        self.choice = self.choice.with_sparsity_step(percent)

    def action_zoom_map(self, steps: int) -> None:
        """Zoom the map."""
        self.query_one(BlockMap).zoom(steps)

    def action_zoom_map_to(self, place: str) -> None:
        """Whole layer or single weights."""
        self.query_one(BlockMap).zoom_to(place)

    def action_show_view(self, view: str) -> None:
        """Go to a pane: bring it into sight and focus it."""
        self.full_map = self.full_map and view == "map"
        self.view = view
        target = {"layers": "#layers", "map": "#map", "curves": "#curves-pane"}[view]
        self.call_after_refresh(lambda: self.query_one(target).focus())

    def watch_view(self, view: str) -> None:
        """The compact layout follows a class."""
        for name in VIEWS:
            self.set_class(name == view, f"-view-{name}")
        self.query_one(ViewTabs).show_view(view)

    def action_toggle_full_map(self) -> None:
        """The whole screen for the map, and back."""
        self.full_map = not self.full_map
        if self.full_map:
            self.call_after_refresh(self.query_one(BlockMap).focus)
