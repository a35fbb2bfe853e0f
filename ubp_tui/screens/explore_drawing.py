"""Draws the workspace into the explore screen's widgets: at once, or soon where nobody could follow every change."""

from __future__ import annotations

from textual.timer import Timer

from ubp_core.units import format_count
from ubp_tui.choices.patterns import suggest_patterns
from ubp_tui.choices.problem import Problem, explain_empty
from ubp_tui.renderables.bench.text import describe_column
from ubp_tui.renderables.layers.facts import describe_total
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.curve.curve_pane import CurvePane
from ubp_tui.widgets.curve.curve_plot import CurvePlot
from ubp_tui.widgets.facts.facts_line import FactsLine
from ubp_tui.widgets.header.model_header import ModelHeader
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.layers.layers_pane import LayersPane
from ubp_tui.widgets.layers.network_foot import NetworkFoot
from ubp_tui.widgets.loading_panel import LoadingPanel
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.map_pane import MapPane
from ubp_tui.widgets.pane_screen import PaneScreen
from ubp_tui.work.selecting import LayerResult
from ubp_tui.workspace.arrangement import ExploreArrangement, MapPlace
from ubp_tui.workspace.workspace import Workspace

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


class ExploreDrawing:
    """Observes a workspace for a screen."""

    def __init__(self, screen: PaneScreen[None], workspace: Workspace) -> None:
        """Args: whose widgets draw, what is drawn."""
        self.place: MapPlace | None = None
        """Where the map is to go, once it is drawn."""
        self._screen, self._workspace = screen, workspace
        self._find = screen.query_one
        self._curves_timer: Timer | None = None
        self._table_timer: Timer | None = None

    def connect(self) -> None:
        """Begin; the screen's widgets must be there."""
        workspace = self._workspace
        workspace.opened.connect(self._show_model)
        workspace.wish_changed.connect(self._show_wish)
        workspace.choices_changed.connect(self._show_types)
        workspace.choices_changed.connect(self.show_table)
        workspace.scope_changed.connect(self._show_scope)
        workspace.marks_changed.connect(self._show_marks)
        workspace.selection_changed.connect(self._show_selection)
        workspace.measures_grew.connect(self._schedule_table)
        workspace.curve_grew.connect(self._schedule_curves)
        workspace.figures_changed.connect(self._show_figures)
        workspace.held_changed.connect(self._show_held)
        workspace.remarked.connect(lambda: self._screen.notify(workspace.remark, timeout=6))

    @property
    def settled(self) -> bool:
        """Whether all that is known is on the screen."""
        return self._workspace.settled and self._table_timer is None and self._curves_timer is None

    # Before there is a model

    def name_model(self, name: str) -> None:
        """Another model is going to be loaded."""
        self._find(ModelHeader).show_loading(name)
        for panel in self._screen.query(LoadingPanel):
            panel.show_name(name)

    def cover(self, name: str) -> None:
        """Lay the loader's progress over the panes while another model is loaded."""
        if not self._screen.query(LoadingPanel):
            self._screen.mount(LoadingPanel(name))
        self.name_model(name)

    def name_back(self) -> None:
        """No other model was loaded: the header names the one that is open."""
        model = self._workspace.model
        if model is not None:
            self._find(ModelHeader).show_model(model)

    def show_progress(self, line: str) -> None:
        """Show the loader's step."""
        for panel in self._screen.query(LoadingPanel):
            panel.step = line

    def uncover(self) -> None:
        """A model is there: the panes come out from behind the loader's progress, a frame before their content.

        Content and panes in one frame, and a key would have to wait for both.
        """
        self._screen.query(LoadingPanel).remove()

    # What the workspace tells

    def _show_model(self) -> None:
        """Show a loaded model."""
        workspace, model = self._workspace, self._workspace.model
        assert model is not None
        self._find(ModelHeader).show_model(model)
        pane = self._find(LayersPane)
        pane.show_counts(len(model.prunable), len(model.layers))
        pane.offer_filters(tuple(pattern for pattern, _ in suggest_patterns(model.layers, FILTERS)))
        if workspace.marks.pattern:
            pane.show_filter(workspace.marks.pattern)
        self._find(LayerTable).show_layers(model.layers, workspace.layer, workspace.marks)
        if not model.layers:
            self._find(FactsLine).show_problem(NO_LAYERS)
            self._find(MapPane).show_problem(NO_LAYERS)

    def _show_wish(self) -> None:
        """Show at once what is wanted; its results follow."""
        bar = self._find(ChoiceBar)
        bar.choice, bar.dtype = self._workspace.meant, self._workspace.dtype
        self._find(LayerTable).highlight(self._workspace.layer)
        self._schedule_curves()

    def _show_types(self) -> None:
        """Show the types, and sizes and figures in them; the picture stays, for no blocks depend on them."""
        workspace = self._workspace
        self._find(ChoiceBar).dtype = workspace.dtype
        self._name_source()
        if workspace.selection is not None:
            self._find(FactsLine).show_result(workspace.selection, workspace.dtype)

    def _name_source(self) -> None:
        """Say where measured figures come from, and of which type they are."""
        words = describe_column(self._workspace.figures, self._workspace.choices.dtypes)
        self._find(LayersPane).show_source(words)

    def _show_scope(self) -> None:
        """Show which layers are meant, and what is chosen for them."""
        bar = self._find(ChoiceBar)
        bar.scope, bar.choice = self._workspace.scope, self._workspace.meant

    def _show_marks(self) -> None:
        """Mark, filter and sort."""
        self._find(LayerTable).show_marks(self._workspace.marks)

    def _show_held(self) -> None:
        """Say that figures are left for later."""
        self._find(LayersPane).show_waiting(self._workspace.held)
        self.show_table()

    def _show_figures(self) -> None:
        """Show what was measured."""
        self._name_source()
        self._schedule_table()

    def _show_selection(self) -> None:
        """Draw the selection, or say why there is none: the picture of another choice does not stay."""
        result, problem = self._workspace.selection, self._workspace.problem
        if problem is not None:
            self._find(FactsLine).show_problem(problem)
            self._find(MapPane).show_problem(problem)
        if result is not None:
            self._show_result(result)
        if result is not None and result.selection is None:
            self._find(CurvePane).clear("this layer stays dense: no blocks, no curve")
        else:
            self._schedule_curves()

    def _show_result(self, result: LayerResult) -> None:
        """Draw a selection; one that keeps nothing says so in the map's place."""
        selection, choice = result.selection, result.request.choice
        problem = None if selection is None else explain_empty(selection, result.layer, choice)
        if problem is None:
            self._find(MapPane).show_result(result)
        else:
            self._find(MapPane).show_problem(problem)
        self._find(FactsLine).show_result(result, self._workspace.dtype)
        self._screen.call_after_refresh(self.go_to_place)
        if selection is not None:
            self._schedule_table()

    def _schedule_curves(self) -> None:
        """Draw the curves soon: points come faster than anybody looks."""
        if self._curves_timer is None:
            self._curves_timer = self._screen.set_timer(CURVES_DELAY, self._show_curves)

    def _show_curves(self) -> None:
        """Draw the curves of the present layer as far as they are known."""
        self._curves_timer = None
        workspace = self._workspace
        if workspace.layer in {layer.name for layer in workspace.pruned}:
            points = workspace.known.points.get(workspace.layer, {})
            self._find(CurvePane).show_curves(points, workspace.choice)

    def _schedule_table(self) -> None:
        """Draw the table soon."""
        if self._table_timer is None:
            self._table_timer = self._screen.set_timer(TABLE_DELAY, self.show_table)

    def show_table(self) -> None:
        """Write what is known of all layers, and the network's total."""
        self._table_timer = None
        workspace = self._workspace
        if workspace.model is None:
            return
        measures, figures = workspace.find_measures(), workspace.find_figures()
        self._find(LayerTable).show_choices(workspace.choices, measures, figures, workspace.figures.figure)
        total = workspace.sum_up()
        self._find(NetworkFoot).show_total(total)
        words = f"{format_count(workspace.model.parameters)} weights · {describe_total(total)}"
        self._find(ModelHeader).show_total(words)

    def go_to_place(self) -> None:
        """Bring the map to where a session left it, once there is a map."""
        block_map, place = self._find(BlockMap), self.place
        if place is None or block_map.view is None or self._workspace.selection is None:
            return
        self.place = None
        block_map.move_to(place.row, place.column)
        block_map.view = block_map.view.at_level(place.level, block_map.cursor)

    # For sessions

    def arrangement(self) -> ExploreArrangement:
        """How the screen is arranged, for a session."""
        block_map = self._find(BlockMap)
        level = 0 if block_map.view is None else block_map.view.level
        place = self.place or MapPlace(*block_map.cursor, level)
        pictures, axis = self._find(MapPane).pictures, self._find(CurvePlot).axis
        return ExploreArrangement(self._screen.view, place, self._screen.full, pictures, axis)

    def put_arrangement(self, arrangement: ExploreArrangement) -> None:
        """Put back how a session left it."""
        self._screen.action_show_view(arrangement.view)
        self.place, self._screen.full = arrangement.place, arrangement.full
        self._find(MapPane).pictures = arrangement.pictures
        if self._find(CurvePlot).axis != arrangement.curves_over:
            self._find(CurvePane).step_axis()
