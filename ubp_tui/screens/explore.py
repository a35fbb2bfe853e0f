"""The explore screen: layer table, controls, block map and curves of one model, as the workspace has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.observing import Runner
from ubp_tui.screens.explore_dialogs import ExploreDialogs
from ubp_tui.screens.explore_drawing import ExploreDrawing
from ubp_tui.terminal.textual_private import capture_screen
from ubp_tui.widgets.build_line import BuildLine
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.controls.view_tabs import ViewTabs
from ubp_tui.widgets.curve.curve_pane import CurvePane
from ubp_tui.widgets.facts.facts_line import FactsLine
from ubp_tui.widgets.header.model_header import ModelHeader
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.layers.layers_pane import LayersPane
from ubp_tui.widgets.loading_panel import LoadingPanel
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.map_pane import MapPane
from ubp_tui.widgets.pane_screen import PaneScreen
from ubp_tui.widgets.size_notice import SizeNotice
from ubp_tui.widgets.tour_line import TourLine
from ubp_tui.workspace.arrangement import VIEWS
from ubp_tui.workspace.native_code import NativeCode
from ubp_tui.workspace.tour import Tour
from ubp_tui.workspace.workspace import Workspace


class ExploreScreen(PaneScreen[None]):
    """Shows a model's layers and what a choice of blocks keeps of them."""

    BINDINGS = bindings_of("explore")
    key_owner: ClassVar[Owner] = "explore"
    AUTO_FOCUS = ""
    """Nothing, until there is a model: the focus also decides which pane is in sight."""

    PANES = {"layers": "#layers", "map": "#map", "curves": "#curves-pane"}  # noqa: RUF012 (Textual's own form)

    @dataclass
    class BenchmarkWanted(Message):
        """The user wants a benchmark."""

        layers: tuple[str, ...]
        """Names of the layers; none: only look at the devices."""
        network: bool = False
        """Whether the whole network is meant."""

    @dataclass
    class ComparisonWanted(Message):
        """The user wants to compare two choices on the layer on the screen."""

        kind: str
        """`optimal`: aligned against the best unaligned blocks; `other`: the present choice against another method."""

    def __init__(self, workspace: Workspace, runner: Runner, tour: Tour, native: NativeCode) -> None:
        """Args: what is shown and changed, what works beside the event loop, what leads a newcomer, what compiles."""
        super().__init__()
        self.set_reactive(ExploreScreen.view, VIEWS[0])
        self._workspace = workspace
        self._tour, self._native = tour, native
        self.dialogs = ExploreDialogs(self, workspace, runner, partial(tour.note, "plan.export"))
        """What asks."""
        self.drawing = ExploreDrawing(self, workspace)
        """What draws the workspace."""

    def compose(self) -> ComposeResult:
        """Header, controls, facts, the three panes, footer; and what stands in for them."""
        yield ModelHeader(id="header")
        yield BuildLine(self._native)
        yield ChoiceBar(self._workspace.choice, id="choice")
        yield FactsLine(id="facts")
        yield ViewTabs(id="view-tabs")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield LayersPane(id="layers-pane")
                yield CurvePane(id="curves-pane")
            yield MapPane(id="map-pane")
        yield LoadingPanel(self._workspace.spec.name)
        yield TourLine(self._tour)
        yield KeyFooter()
        yield SizeNotice(id="size-notice")

    def on_mount(self) -> None:
        """Stand by until the model is there."""
        self.add_class("-view-layers")
        self.drawing.name_model(self._workspace.spec.name)
        self.drawing.connect()
        # What nobody waits for is computed a frame after the model's content.
        self._workspace.opened.connect(partial(self.call_after_refresh, self._begin_work))

    def _begin_work(self) -> None:
        """Focus the pane in sight, which a session may have chosen; find what the choices keep."""
        if self.focused is None:
            self.action_show_view(self.view)
        self._workspace.hold(False)

    # What the widgets tell

    def on_layer_table_highlighted(self, message: LayerTable.Highlighted) -> None:
        """Another row of the table."""
        if message.name == self.query_one(LayerTable).highlighted:
            self._workspace.select(message.name)

    def on_layer_table_mark_picked(self, message: LayerTable.MarkPicked) -> None:
        """The gutter of a row was clicked."""
        self._workspace.toggle_mark(message.name)

    def on_layer_table_sort_picked(self, message: LayerTable.SortPicked) -> None:
        """The title of a column was clicked."""
        self._workspace.set_marks(self._workspace.marks.sort_stepped(message.column))

    def on_layers_pane_pattern_typed(self, message: LayersPane.PatternTyped) -> None:
        """Another filter."""
        self._workspace.set_marks(self._workspace.marks.filtered(message.pattern))

    def on_choice_bar_changed(self, message: ChoiceBar.Changed) -> None:
        """A control was used."""
        self._workspace.change(**message.fields)

    def on_choice_bar_scope_picked(self, message: ChoiceBar.ScopePicked) -> None:
        """A scope was clicked."""
        self._workspace.set_scope(message.scope)

    def on_choice_bar_type_picked(self, message: ChoiceBar.TypePicked) -> None:
        """A type was clicked."""
        self._workspace.set_dtype(message.dtype)

    def on_curve_pane_point_taken(self, message: CurvePane.PointTaken) -> None:
        """A point of a curve is the choice from now on."""
        self._workspace.change(**message.fields)

    def on_view_tabs_picked(self, message: ViewTabs.Picked) -> None:
        """A tab was clicked."""
        self.action_show_view(message.view)

    # Actions on the workspace

    def action_step_layer(self, rows: int) -> None:
        """Next or previous layer, in the order of the table."""
        self.query_one(LayerTable).action_move(rows)

    def action_toggle_mark(self) -> None:
        """Mark the layer under the cursor, or unmark it."""
        name = self.query_one(LayerTable).highlighted
        if name is not None:
            self._workspace.toggle_mark(name)

    def action_mark_all(self) -> None:
        """Mark all prunable layers that are shown, or unmark them."""
        self._workspace.set_marks(self._workspace.marks.with_shown(self._workspace.layers))

    def action_invert_marks(self) -> None:
        """Mark what is not marked, and the other way round."""
        self._workspace.set_marks(self._workspace.marks.inverted(self._workspace.layers))

    def action_mark_pattern(self) -> None:
        """Ask for a pattern and mark what it means."""
        self.dialogs.ask_pattern()

    def action_sort_next(self) -> None:
        """Sort by the next column."""
        self._workspace.set_marks(self._workspace.marks.sorted_by(self.query_one(LayerTable).next_column()))

    def action_reverse_sort(self) -> None:
        """Turn the order around."""
        self._workspace.set_marks(self._workspace.marks.reversed())

    def action_filter(self) -> None:
        """Type a pattern that layers must match."""
        if self._workspace.model is not None:
            self.query_one(LayersPane).open_filter()

    def action_step_back(self) -> None:
        """Leave the tour; else show all layers again; where all are shown, the curves at the present choice."""
        if self._tour.leave():
            return
        if self._workspace.marks.pattern:
            self.query_one(LayersPane).clear_filter()
        else:
            self.query_one(CurvePane).action_drop_cursor()

    def action_step_scope(self) -> None:
        """The next scope."""
        self._workspace.step_scope()

    def action_step_method(self, step: int) -> None:
        """Next or previous method."""
        self._workspace.step_method(step)

    def action_step_block(self, step: int) -> None:
        """Next or previous block size."""
        self._workspace.step_block(step, self.query_one(ChoiceBar).block_sizes)

    def action_step_columns(self) -> None:
        """Blocks of another number of columns."""
        self._workspace.step_columns()

    def action_step_sparsity(self, percent: int) -> None:
        """More or less sparsity."""
        self._workspace.step_sparsity(percent)

    def action_step_dtype(self) -> None:
        """The next type of weights and arrays."""
        self._workspace.step_dtype()

    def action_toggle_dense(self) -> None:
        """Keep the layer, or all marked ones, dense; or prune them again."""
        if (layer := self._workspace.find(self._workspace.layer)) and not self._workspace.toggle_dense():
            line = f"{layer.name} can't be pruned ({layer.skip_reason}): it stays dense in any case."
            self.app.push_screen(ErrorDialog("Nothing to change", line, advice="Go to a layer that is pruned (j, k)."))

    def action_undo(self) -> None:
        """Put the choices before the last change back."""
        if not self._workspace.undo():
            self.notify("no earlier choice", timeout=2)

    def action_redo(self) -> None:
        """Take an undo back."""
        self._workspace.redo()

    def action_toggle_taps(self) -> None:
        """Arrange the map's columns by tap of the kernel, and back."""
        self._workspace.toggle_taps()

    def action_budget(self) -> None:
        """Ask for one sparsity over the marked layers, or all."""
        self.dialogs.ask_budget()

    def action_load_plan(self) -> None:
        """Ask for a plan's file, and take its choices over."""
        self.dialogs.ask_plan()

    def action_export(self) -> None:
        """Ask what to take away, and where."""
        self.dialogs.ask_export(capture_screen(self))

    # Actions that lead elsewhere

    def action_benchmark(self) -> None:
        """Ask for a benchmark of the marked layers; of the selected one where none is marked."""
        names = self._workspace.marks.names or tuple(filter(None, [self.query_one(LayerTable).highlighted]))
        if names:
            self.post_message(self.BenchmarkWanted(names))

    def action_benchmark_network(self) -> None:
        """Ask for a benchmark of the whole network."""
        if self._workspace.model is not None:
            self.post_message(self.BenchmarkWanted((), network=True))

    def action_show_devices(self) -> None:
        """Ask for the devices."""
        self.post_message(self.BenchmarkWanted(()))

    def action_compare(self, kind: str) -> None:
        """Ask for a comparison on the layer on the screen."""
        self.post_message(self.ComparisonWanted(kind))

    # Actions on what is in sight

    def action_zoom_map(self, steps: int) -> None:
        """Zoom the map."""
        self.query_one(BlockMap).zoom(steps)

    def action_zoom_map_to(self, place: str) -> None:
        """Whole layer or single weights."""
        self.query_one(BlockMap).zoom_to(place)

    def action_jump(self) -> None:
        """Ask for a place of the map and go there."""
        self.dialogs.ask_place(self.query_one(BlockMap), partial(self.action_show_view, "map"))

    def action_step_axis(self) -> None:
        """Curves over the other axis."""
        self.query_one(CurvePane).step_axis()

    def action_toggle_pictures(self) -> None:
        """Show or hide the pictures beside the map."""
        self.query_one(MapPane).toggle_pictures()

    def action_show_view(self, view: str) -> None:
        """Go to a pane; the map goes to its place of the session once it is drawn."""
        super().action_show_view(view)
        self._tour.note(f"view.{view}")
        self.call_after_refresh(self.drawing.go_to_place)

    def show_tab(self, view: str) -> None:
        """Mark the tab."""
        self.query_one(ViewTabs).show_view(view)
