"""The compare screen: two choices on one layer side by side, zoomed and moved as one, and their difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from ubp_core.units import format_percent
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.patterns import format_shape
from ubp_tui.choices.problem import Problem
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.renderables.formats import kernel_of
from ubp_tui.renderables.map.difference import describe_area_pair, describe_pair
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.widgets.compare.class_table import ClassTable
from ubp_tui.widgets.compare.compare_pane import SIDES, ComparePane, SideBar, SideControls, SideName
from ubp_tui.widgets.compare.difference_map import DifferenceMap
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.readout_line import ReadoutLine
from ubp_tui.widgets.pane_screen import PaneScreen
from ubp_tui.widgets.size_notice import SizeNotice
from ubp_tui.work.comparing import Comparison
from ubp_tui.work.selecting import LayerResult
from ubp_tui.workspace.comparison import SideBySide


@dataclass(frozen=True)
class CompareOutcome:
    """What the user leaves a comparison with."""

    layer: str
    """Name of the layer that was compared last."""
    choice: Choice | None
    """The choice to take over, if any."""


class CompareScreen(PaneScreen[CompareOutcome]):
    """Two sides; the keys for method, block size and sparsity change the active one."""

    BINDINGS = bindings_of("compare")
    key_owner: ClassVar[Owner] = "compare"
    AUTO_FOCUS = "#difference-map"
    PANES = {name: f"#{name}-map" for name in (*SIDES, "difference")}  # noqa: RUF012 (Textual's own form)

    def __init__(self, sides: SideBySide) -> None:
        """Args: what is compared; an errand follows its wishes."""
        super().__init__()
        self.set_reactive(CompareScreen.view, "difference")
        self.sides = sides
        """What is compared, and what came out."""
        self._layer = sides.layer
        self._place: tuple[Viewport, tuple[int, int]] | None = None
        self._joined: set[BlockMap] = set()

    def compose(self) -> ComposeResult:
        """Title, the controls of both sides, three pictures and the figures, the cursor's line, footer."""
        yield ScreenTitle("Compare", id="compare-title")
        with Horizontal(id="compare-bars"):
            for place, choice in enumerate(self.sides.choices):
                yield SideControls(choice, place)
        yield Segments("view", "1-3", tuple(self.PANES), self.view, id="compare-tabs")
        with Vertical(id="compare-body"):
            with Horizontal(id="compare-sides"):
                yield ComparePane(BlockMap(id="left-map"), "left", id="left-pane")
                yield ComparePane(BlockMap(id="right-map"), "right", id="right-pane")
            with Horizontal(id="compare-both"):
                yield ComparePane(DifferenceMap(id="difference-map"), "difference", id="difference-pane")
                yield ClassTable(id="class-table")
        yield ReadoutLine(id="compare-readout")
        yield KeyFooter()
        yield SizeNotice(id="size-notice")

    def on_mount(self) -> None:
        """Ask for the first comparison."""
        self.add_class("-view-difference")
        self.sides.wish_changed.connect(self._show_wish)
        self.sides.active_changed.connect(self._show_active)
        self.sides.compared.connect(self._show)
        self._show_active()
        self.sides.want()

    # What the comparison tells

    def _show_wish(self) -> None:
        """Show at once what is asked for; the pictures follow. Another layer is shown from its whole picture."""
        sides = self.sides
        if sides.layer != self._layer:
            self._layer, self._place, self._joined = sides.layer, None, set()
        layer = sides.model.layer(sides.layer)
        number = f"{sides.names.index(layer.name) + 1} of {len(sides.names)}"
        self.query_one(ScreenTitle).detail = f"{layer.name} · {format_shape(layer.shape)} · {number}"
        for bar in self.query(SideBar):
            bar.choice = sides.choices[bar.place]

    def _show_active(self) -> None:
        """Mark the side that is changed."""
        for place, name in enumerate(SIDES):
            for part in ("pane", "controls"):
                self.query_one(f"#{name}-{part}").set_class(place == self.sides.active, "-active")

    def _show(self) -> None:
        """Draw everything in one go: no picture stands beside the figures of another."""
        comparison = self.sides.comparison
        assert comparison is not None
        layer, difference = self.sides.model.layer(comparison.request.layer), comparison.difference
        kernel = next((kernel_of(layer, side.basis) for side in comparison.sides if side), kernel_of(layer))
        for name, side, problem in zip(SIDES, comparison.sides, comparison.problems, strict=True):
            pane = self.query_one(f"#{name}-pane", ComparePane)
            pane.show(f"{name} · {_title(side)}" if side else name, problem)
            if side is not None:
                pane.picture.show_layer(layer.name, side.source, kernel)
        pane = self.query_one("#difference-pane", ComparePane)
        pane.show(f"difference · {_compare_words(comparison)}", None if difference else _explain_missing(comparison))
        if difference is not None:
            self.query_one(DifferenceMap).show_difference(layer.name, difference, kernel)
        self.query_one(ClassTable).comparison = comparison
        self._show_readout()

    # Zoom and pan, locked

    def on_block_map_view_changed(self, message: BlockMap.ViewChanged) -> None:
        """Let the other pictures follow the one that was moved; one that has just appeared follows them."""
        moved = message.map
        if moved.view is None:
            return
        if moved not in self._joined:
            self._joined.add(moved)
            if self._place is not None:
                self._lead(moved)
                return
        self._place = moved.view, moved.cursor
        for picture in self.query(BlockMap):
            if picture is not moved:
                self._lead(picture)
        self._show_readout()

    def _lead(self, picture: BlockMap) -> None:
        """Bring a picture to the common place, without its saying so."""
        assert self._place is not None
        view, cursor = self._place
        if picture.view is not None:
            # By the corner, not by the cursor, which may have been left behind.
            size = picture.view.columns.pixels, picture.view.rows.pixels
            view = view.resized(*size, (view.rows.start, view.columns.start))
        with picture.prevent(BlockMap.ViewChanged):
            picture.follow(view, cursor)

    def on_block_map_cursor_moved(self, message: BlockMap.CursorMoved) -> None:
        """The line below is about both sides."""
        message.stop()

    def _show_readout(self) -> None:
        """What each side does with the weight under the cursor."""
        comparison, line = self.sides.comparison, ""
        if comparison is not None and comparison.difference is not None and self._place is not None:
            left, right = comparison.sides
            assert left is not None and right is not None
            (view, (row, column)), kernel = self._place, kernel_of(left.layer, left.basis)
            if view.shape == left.source.shape:
                line = describe_pair((left.source, right.source), kernel, row, column)
                area = describe_area_pair(comparison.difference, view, row, column)
                line += f"  ·  {area}" if area else ""
        self.query_one(ReadoutLine).line = line

    # Changes by key and mouse

    def on_choice_bar_changed(self, message: ChoiceBar.Changed) -> None:
        """A control was used; the keys go on with its side."""
        if isinstance(message.bar, SideBar):
            self.sides.activate(message.bar.place)
            self.sides.change(message.bar.place, **message.fields)

    def on_side_name_picked(self, message: SideName.Picked) -> None:
        """A side's name was clicked."""
        self.sides.activate(message.place)

    def action_step_method(self, step: int) -> None:
        """Next or previous method."""
        self.sides.step_method(step)

    def action_step_block(self, step: int) -> None:
        """Next or previous block size."""
        self.sides.step_block(step)

    def action_step_columns(self) -> None:
        """Blocks of the side with another number of columns."""
        self.sides.step_columns()

    def action_step_sparsity(self, percent: int) -> None:
        """More or less sparsity."""
        self.sides.step_sparsity(percent)

    def action_other_side(self) -> None:
        """Let the keys change the other side."""
        self.sides.activate(1 - self.sides.active)

    def action_swap(self) -> None:
        """Left becomes right."""
        self.sides.swap()

    def action_copy_side(self) -> None:
        """Give the active side the choice of the other."""
        self.sides.copy_side()

    def action_compare_optimal(self) -> None:
        """Aligned against the best unaligned blocks, at the active side's block size and sparsity."""
        self.sides.compare_optimal()

    def action_step_layer(self, rows: int) -> None:
        """Next or previous prunable layer."""
        self.sides.step_layer(rows)

    def action_toggle_taps(self) -> None:
        """Columns by tap, or by channel."""
        self.sides.toggle_taps()

    # Views

    def _picture(self) -> BlockMap:
        """The picture that keys zoom; the others follow."""
        focused = self.focused
        return focused if isinstance(focused, BlockMap) else self.query_one(f"#{self.view}-map", BlockMap)

    def action_zoom_map(self, steps: int) -> None:
        """Zoom all three."""
        self._picture().zoom(steps)

    def action_zoom_map_to(self, place: str) -> None:
        """Whole layer or single weights."""
        self._picture().zoom_to(place)

    @on(Segments.Picked, "#compare-tabs")
    def _pick_view(self, message: Segments.Picked) -> None:
        """A tab was clicked."""
        message.stop()
        self.action_show_view(message.option)

    def watch_view(self, view: str) -> None:
        """A side in sight is the one that keys change."""
        super().watch_view(view)
        if view in SIDES:
            self.sides.activate(SIDES.index(view))

    def show_tab(self, view: str) -> None:
        """Mark the tab."""
        self.query_one("#compare-tabs", Segments).chosen = view

    # Leaving

    def action_take(self) -> None:
        """Back, with the active side's choice."""
        self.dismiss(CompareOutcome(self.sides.layer, self.sides.choice))

    def action_leave(self) -> None:
        """Back, nothing changed but the layer."""
        self.dismiss(CompareOutcome(self.sides.layer, None))


def _title(side: LayerResult) -> str:
    """A side in words."""
    choice = side.request.choice
    kept = "" if side.selection is None else f" · keeps {format_percent(side.selection.retained, 2)} % of |w|"
    return f"{choice.method} N={choice.block} s={100 * choice.sparsity:g} %{kept}"


def _explain_missing(comparison: Comparison) -> Problem:
    """Why there is no difference: in compact terminals the sides are out of sight."""
    problem = next(problem for problem in comparison.problems if problem is not None)
    return replace(problem, title=f"No difference: {problem.title}")


def _compare_words(comparison: Comparison) -> str:
    """Which side keeps more."""
    left, right = (None if side is None else side.selection for side in comparison.sides)
    if left is None or right is None:
        return "none"
    points = 100 * (right.retained - left.retained)
    if abs(points) < 0.005:
        return "both keep the same share"
    return f"{'right' if points > 0 else 'left'} keeps {abs(points):.2f} points more"
