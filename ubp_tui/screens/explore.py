"""The explore screen: layer table, controls, block map and curves of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.timer import Timer

from ubp_tui import messages
from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.choices.patterns import suggest_patterns
from ubp_tui.choices.problem import Problem, explain_empty
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.renderables.formats import format_count
from ubp_tui.renderables.layers.facts import describe_total
from ubp_tui.renderables.map.readout import list_places, parse_place
from ubp_tui.screens.plan import ExplorePlans
from ubp_tui.session.session import MapPlace
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.controls.view_tabs import VIEWS, ViewTabs
from ubp_tui.widgets.curve.curve_pane import CurvePane
from ubp_tui.widgets.facts.facts_line import FactsLine
from ubp_tui.widgets.header.model_header import ModelHeader
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.layers.layers_pane import LayersPane
from ubp_tui.widgets.layers.network_foot import NetworkFoot
from ubp_tui.widgets.loading_panel import LoadingPanel
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.map_pane import MapPane
from ubp_tui.widgets.size_notice import SizeNotice
from ubp_tui.work.selecting import LayerResult, plan_curves
from ubp_tui.work.services import Services
from ubp_tui.work.totals import sum_network
from ubp_tui.workspace.cache import ResultCache

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel


CURVES_DELAY = 0.1
"""Seconds in which new curve points are gathered before they are drawn."""
FILTERS = 4
"""Filters of the layer table that are offered for a click."""
TABLE_DELAY = 0.15
"""Seconds in which new figures of layers are gathered before they are drawn."""

NO_LAYERS = Problem(
    "This model has no layer with weights",
    "There is no convolution and no linear layer in it.",
    "Leave (q), and name another model.",
)


class ExploreScreen(ExplorePlans):
    """Shows a model's layers and what a choice of blocks keeps of them."""

    BINDINGS = bindings_of("explore")
    key_owner: ClassVar[Owner] = "explore"
    AUTO_FOCUS = ""
    """Nothing, until there is a model: the focus also decides which pane is in sight."""

    view: reactive[str] = reactive("layers", init=False, repaint=False)
    """The pane in sight where only one has room."""
    by_tap: reactive[bool] = reactive(False, init=False, repaint=False)
    """Whether the map's columns stand by tap of the kernel, not by channel."""
    full: reactive[bool] = reactive(False, toggle_class="-full", repaint=False)
    """Whether one pane, that of `view`, has the whole screen."""

    def __init__(self, services: Services, choice: Choice, model_name: str) -> None:
        """Args: what computes, the first choice, and the name to show while the model loads."""
        super().__init__(services, choice)
        self.result: LayerResult | None = None
        self.cache = ResultCache()
        self.wanted_place: MapPlace | None = None
        """Where the map is to go, once it is drawn."""
        self._model_name = model_name
        self._request = SelectionRequest(0, "", choice)
        self._held = False
        self._curves_timer: Timer | None = None
        self._table_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Header, controls, facts, the three panes, footer; and what stands in for them."""
        yield ModelHeader(id="header")
        yield ChoiceBar(self.choice, id="choice")
        yield FactsLine(id="facts")
        yield ViewTabs(id="view-tabs")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield LayersPane(id="layers-pane")
                yield CurvePane(id="curves-pane")
            yield MapPane(id="map-pane")
        yield LoadingPanel(self._model_name, id="loading")
        yield KeyFooter()
        yield SizeNotice(id="size-notice")

    def on_mount(self) -> None:
        """Stand by until the model is there."""
        self.add_class("-view-layers")
        self.query_one(ModelHeader).show_loading(self._model_name)

    # The model

    def hold_background(self, held: bool) -> None:
        """Leave figures and curves for later, or go on with them."""
        self._held = held
        self.query_one(LayersPane).show_waiting(held)
        if held:
            self.workers.cancel_group(self, "measure_layers")
            self.workers.cancel_group(self, "trace_curves")
        elif self.model is not None:
            self._request_measures()
            self._request_curves()

    def name_model(self, name: str) -> None:
        """Another model is going to be loaded."""
        self._model_name = name
        self.query_one(ModelHeader).show_loading(name)
        self.query_one(LoadingPanel).show_name(name)

    def show_filter(self, pattern: str) -> None:
        """Filter the table."""
        self.query_one(LayersPane).show_filter(pattern)

    def _go_to_place(self) -> None:
        """Bring the map to where a session left it, once there is a map."""
        block_map, place = self.query_one(BlockMap), self.wanted_place
        if place is None or block_map.view is None or self.result is None:
            return
        self.wanted_place = None
        block_map.move_to(place.row, place.column)
        block_map.view = block_map.view.at_level(place.level, block_map.cursor)

    def show_progress(self, line: str) -> None:
        """Show the loader's step."""
        self.query_one(LoadingPanel).step = line

    def uncover(self) -> None:
        """A model is there: the panes come out from behind the loader's progress, a frame before their content.

        Content and panes in one frame, and a key would have to wait for both.
        """
        self.query_one(LoadingPanel).remove()

    def show_model(self, model: LoadedModel) -> None:
        """Show a loaded model, from its first prunable layer. What nobody waits for is computed a frame later."""
        self.model, self._held = model, True
        self.call_after_refresh(self._begin_work)
        self.query_one(ModelHeader).show_model(model)
        self.query_one(LayersPane).show_counts(len(model.prunable), len(model.layers))
        patterns = suggest_patterns(model.layers, FILTERS)
        self.query_one(LayersPane).offer_filters(tuple(pattern for pattern, _ in patterns))
        first = (model.prunable or model.layers)[:1]
        self.query_one(LayerTable).show_layers(model.layers, first[0].name if first else "")
        if not model.layers:
            self.query_one(FactsLine).show_problem(NO_LAYERS)
            self.query_one(MapPane).show_problem(NO_LAYERS)
            return
        self.layer = first[0].name

    def _begin_work(self) -> None:
        """Focus the pane in sight, which a session may have chosen; find what the choices keep."""
        if self.focused is None:
            self.action_show_view(self.view)
        self.hold_background(False)

    def _find_layer(self) -> Layer | None:
        """The layer on the screen."""
        return self.model.layer(self.layer) if self.model is not None and self.layer else None

    # Requests

    def watch_choices(self) -> None:
        """Show the choice at once; its results follow."""
        self._follow()

    def watch_figures(self) -> None:
        """Show what was measured."""
        self._schedule_table()

    def watch_layer(self) -> None:
        """Select on another layer."""
        self._follow()

    def watch_by_tap(self) -> None:
        """Lay the columns out anew."""
        self._follow()

    def _follow(self) -> None:
        """Let controls, selection, table and curves follow the layer and its choice."""
        self.query_one(ChoiceBar).choice = self.choice
        self._request_selection()
        self._schedule_curves()

    def _request_selection(self) -> None:
        """Ask for the blocks of the present layer and choice, and let the background follow the choices."""
        layer = self._find_layer()
        if layer is None:
            return
        dense = layer.name in self.choices.dense
        self._request = SelectionRequest(self._request.number + 1, layer.name, self.choice, dense, self.by_tap)
        self.workers.cancel_group(self, "trace_curves")
        drawn = self.cache.find(self._request)
        if drawn is not None:
            self.workers.cancel_group(self, "select_blocks")
            self.on_selection_finished(messages.SelectionFinished(drawn))
        else:
            self._select_blocks(self._request, layer, self.cache.find_layer(self._request))
        self._request_measures()

    def _request_measures(self) -> None:
        """Fill the table for the present choices, as far as they are not known."""
        assert self.model is not None
        self._show_table()
        pruned = [layer for layer in self.model.prunable if layer.name not in self.choices.dense]
        missing = [layer for layer in pruned if (layer.name, self.choices.of(layer.name)) not in self.cache.measures]
        # The layer on the screen comes last: by then its own selection has given its figures.
        missing.sort(key=lambda layer: layer.name == self.layer)
        wanted = tuple((layer, self.choices.of(layer.name)) for layer in missing)
        if wanted and not self._held:
            self._measure_layers(wanted, self.cache.measures)
        else:
            self.workers.cancel_group(self, "measure_layers")

    # Results

    def on_selection_finished(self, message: messages.SelectionFinished) -> None:
        """Draw a result, unless it was overtaken."""
        result = message.result
        if result.request != self._request:
            return
        self.result = result
        self.cache.keep(result)
        choice, selection = result.request.choice, result.selection
        problem = None if selection is None else explain_empty(selection, result.layer, choice)
        if problem is None:
            self.query_one(MapPane).show_result(result)
        else:
            self.query_one(MapPane).show_problem(problem)
        self.query_one(FactsLine).show_result(result)
        self.call_after_refresh(self._go_to_place)
        if result.selection is None:
            self.query_one(CurvePane).clear("this layer stays dense: no blocks, no curve")
            return
        self._schedule_table()
        self._schedule_curves()
        self._request_curves()

    def _request_curves(self) -> None:
        """Find the curve points of the layer on the screen that are not known."""
        result = self.result
        if result is None or result.selection is None or self._held:
            return
        points = plan_curves(self.choice, self.cache.points.get(result.layer.name, {}))
        if points:
            self._trace_curves(result.layer.name, result.basis.importance, points)

    def on_selection_failed(self, message: messages.SelectionFailed) -> None:
        """Say why there is no selection; the picture of another choice does not stay."""
        if message.request != self._request:
            return
        self.result = None
        self.query_one(FactsLine).show_problem(message.problem)
        self.query_one(MapPane).show_problem(message.problem)
        self._schedule_curves()

    def on_layer_measured(self, message: messages.LayerMeasured) -> None:
        """One more figure of the table; it is kept even if the choice has changed by now."""
        self.cache.keep_measure(message.choice, message.measure)
        self._schedule_table()

    def on_curve_point_found(self, message: messages.CurvePointFound) -> None:
        """One more point; it is kept even if another layer is on the screen by now."""
        self.cache.points.setdefault(message.layer, {})[message.choice] = message.retained
        if message.layer == self.layer:
            self._schedule_curves()

    def _schedule_curves(self) -> None:
        """Draw the curves soon: points come faster than anybody looks."""
        if self._curves_timer is None:
            self._curves_timer = self.set_timer(CURVES_DELAY, self._show_curves)

    def _show_curves(self) -> None:
        """Draw the curves of the present layer as far as they are known."""
        self._curves_timer = None
        layer = self._find_layer()
        if layer is not None and layer.prunable and layer.name not in self.choices.dense:
            self.query_one(CurvePane).show_curves(self.cache.points.get(self.layer, {}), self.choice)

    def _schedule_table(self) -> None:
        """Draw the table soon."""
        if self._table_timer is None:
            self._table_timer = self.set_timer(TABLE_DELAY, self._show_table)

    def _show_table(self) -> None:
        """Write what is known of all layers, and the network's total."""
        self._table_timer = None
        if self.model is None:
            return
        names = [layer.name for layer in self.model.prunable if layer.name not in self.choices.dense]
        found = {name: self.cache.measures.get((name, self.choices.of(name))) for name in names}
        measures = {name: measure for name, measure in found.items() if measure is not None}
        self.query_one(LayerTable).show_choices(self.choices, measures, self.find_figures(), self.figures.figure)
        total = sum_network(self.model.layers, frozenset(names), measures)
        self.query_one(NetworkFoot).show_total(total)
        words = f"{format_count(self.model.parameters)} weights · {describe_total(total)}"
        self.query_one(ModelHeader).show_total(words)

    # Messages of the widgets

    def on_layer_highlighted(self, message: messages.LayerHighlighted) -> None:
        """Another row of the table."""
        if message.name == self.query_one(LayerTable).highlighted:
            self.layer = message.name

    def on_view_picked(self, message: messages.ViewPicked) -> None:
        """A tab was clicked."""
        self.action_show_view(message.view)

    # Actions

    def action_zoom_map(self, steps: int) -> None:
        """Zoom the map."""
        self.query_one(BlockMap).zoom(steps)

    def action_zoom_map_to(self, place: str) -> None:
        """Whole layer or single weights."""
        self.query_one(BlockMap).zoom_to(place)

    def action_jump(self) -> None:
        """Ask for a place of the map and go there."""
        block_map = self.query_one(BlockMap)
        source = block_map.source
        if source is None:
            return
        kernel = block_map.kernel

        def check(text: str) -> str:
            try:
                parse_place(text, source.shape)
            except ValueError as error:
                return str(error)
            return ""

        def jump(text: str | None) -> None:
            if text is not None:
                row, column = parse_place(text, source.shape)
                at = block_map.cursor
                block_map.move_to(
                    at[0] if row is None else row, at[1] if column is None else kernel.drawn_column(column)
                )
                self.action_show_view("map")

        hint = f"ROW or ROW COLUMN, or ,COLUMN: rows 0 to {source.shape[0] - 1}, columns 0 to {source.shape[1] - 1}"
        self.app.push_screen(PromptDialog("Go to", hint, check, list_places(source, kernel)), jump)

    def action_step_axis(self) -> None:
        """Curves over the other axis."""
        self.query_one(CurvePane).step_axis()

    def action_toggle_pictures(self) -> None:
        """Show or hide the pictures beside the map."""
        self.query_one(MapPane).toggle_pictures()

    def action_show_view(self, view: str) -> None:
        """Go to a pane: bring it into sight and focus it."""
        self.view = view
        target = {"layers": "#layers", "map": "#map", "curves": "#curves-pane"}[view]
        self.call_after_refresh(lambda: self.query_one(target).focus())
        self.call_after_refresh(self._go_to_place)

    def watch_view(self, view: str) -> None:
        """The compact layout follows a class."""
        for name in VIEWS:
            self.set_class(name == view, f"-view-{name}")
        self.query_one(ViewTabs).show_view(view)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane in sight is the one that has the focus."""
        ids = {node.id for node in event.widget.ancestors_with_self}
        self.view = next((view for view in VIEWS if f"{view}-pane" in ids), self.view)

    def action_toggle_full(self) -> None:
        """The whole screen for the pane that has the focus, and back."""
        self.full = not self.full

    def action_toggle_taps(self) -> None:
        """Arrange the map's columns by tap of the kernel, and back."""
        self.by_tap = not self.by_tap
