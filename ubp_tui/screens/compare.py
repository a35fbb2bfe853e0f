"""The compare screen: two choices on one layer side by side, zoomed and moved as one, and their difference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive

from ubp_tui import messages
from ubp_tui.choices.choice import Choice, offered_block_sizes
from ubp_tui.choices.problem import Problem
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.renderables.formats import format_percent, format_shape, kernel_of
from ubp_tui.renderables.map.difference import describe_area_pair, describe_pair
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.screens.compare_work import CompareWork, ComparisonCache
from ubp_tui.widgets.compare.class_table import ClassTable
from ubp_tui.widgets.compare.compare_pane import SIDES, ComparePane, SideBar, SideControls
from ubp_tui.widgets.compare.difference_map import DifferenceMap
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.readout_line import ReadoutLine
from ubp_tui.widgets.size_notice import SizeNotice
from ubp_tui.work.comparing import Comparison, ComparisonRequest, Pair, pair_of
from ubp_tui.work.selecting import ForegroundGate, LayerResult
from ubp_tui.work.services import Services
from ubp_tui.workspace.cache import ResultCache

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel

VIEWS: Final = (*SIDES, "difference")
"""The pictures, in the order of their keys 1, 2, 3."""


class CompareScreen(CompareWork):
    """Two sides; the keys for method, block size and sparsity change the active one."""

    BINDINGS = bindings_of("compare")
    key_owner: ClassVar[Owner] = "compare"
    AUTO_FOCUS = "#difference-map"

    choices: reactive[Pair] = reactive((Choice(), Choice()), init=False, repaint=False)
    """Left and right."""
    active: reactive[int] = reactive(1, init=False, repaint=False)
    """The side that the keys change: 0 left, 1 right."""
    view: reactive[str] = reactive("difference", init=False, repaint=False)
    """The picture in sight where only one has room."""
    layer: reactive[str] = reactive("", init=False, repaint=False)
    """Name of the layer."""
    by_tap: reactive[bool] = reactive(False, init=False, repaint=False)
    """Whether columns stand by tap of the kernel."""
    full: reactive[bool] = reactive(False, toggle_class="-full", repaint=False)
    """Whether the picture of `view` has the whole screen."""

    def __init__(
        self,
        services: Services,
        gate: ForegroundGate,
        cache: ResultCache,
        pairs: ComparisonCache,
        model: LoadedModel,
        layer: str,
        choices: Pair,
    ) -> None:
        """Args: as of `CompareWork`; the model, the name of a prunable layer, the two choices."""
        super().__init__(services, gate, cache, pairs)
        self.model = model
        self.comparison: Comparison | None = None
        self.set_reactive(CompareScreen.choices, choices)
        self.set_reactive(CompareScreen.layer, layer)
        self._request = ComparisonRequest(0, layer, choices)
        self._place: tuple[Viewport, tuple[int, int]] | None = None
        self._joined: set[BlockMap] = set()

    def compose(self) -> ComposeResult:
        """Title, the controls of both sides, three pictures and the figures, the cursor's line, footer."""
        yield ScreenTitle("Compare", id="compare-title")
        with Horizontal(id="compare-bars"):
            for place, choice in enumerate(self.choices):
                yield SideControls(choice, place)
        yield Segments("view", "1-3", VIEWS, self.view, id="compare-tabs")
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
        self.watch_active()
        self._follow()

    # Requests and results

    def watch_choices(self) -> None:
        """Compare anew."""
        self._follow()

    def watch_layer(self) -> None:
        """Compare on another layer, from its whole picture."""
        self._place, self._joined = None, set()
        self._follow()

    def watch_by_tap(self) -> None:
        """Lay the columns out anew."""
        self._follow()

    def _follow(self) -> None:
        """Show what is asked for at once; the pictures follow."""
        layer = self.model.layer(self.layer)
        names = [prunable.name for prunable in self.model.prunable]
        number = f"{names.index(layer.name) + 1} of {len(names)}"
        self.query_one(ScreenTitle).detail = f"{layer.name} · {format_shape(layer.shape)} · {number}"
        for bar in self.query(SideBar):
            bar.choice = self.choices[bar.place]
        self._request = ComparisonRequest(self._request.number + 1, layer.name, self.choices, self.by_tap)
        found = self.pairs.find(self._request)
        if found is not None:
            self.workers.cancel_group(self, "compare_layer")
            self._show(found)
            return
        known = self.cache.find(self._request.side(0)), self.cache.find(self._request.side(1))
        self._compare(layer, self._request, known, self.cache.find_layer(self._request.side(0)))

    def on_comparison_finished(self, message: messages.ComparisonFinished) -> None:
        """Keep what was computed; draw it, unless it was overtaken."""
        comparison = message.comparison
        for side in comparison.sides:
            if side is not None:
                self.cache.keep(side)
        self.pairs.keep(comparison)
        if comparison.request == self._request:
            self._show(comparison)

    def _show(self, comparison: Comparison) -> None:
        """Draw everything in one go: no picture stands beside the figures of another."""
        self.comparison = comparison
        layer, difference = self.model.layer(comparison.request.layer), comparison.difference
        kernel = kernel_of(layer, comparison.request.by_tap)
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

    def on_map_view_changed(self, message: messages.MapViewChanged) -> None:
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
        with picture.prevent(messages.MapViewChanged):
            picture.follow(view, cursor)

    def on_map_cursor_moved(self, message: messages.MapCursorMoved) -> None:
        """The line below is about both sides."""
        message.stop()

    def _show_readout(self) -> None:
        """What each side does with the weight under the cursor."""
        comparison, line = self.comparison, ""
        if comparison is not None and comparison.difference is not None and self._place is not None:
            left, right = comparison.sides
            assert left is not None and right is not None
            (view, (row, column)), kernel = self._place, kernel_of(left.layer, comparison.request.by_tap)
            if view.shape == left.source.shape:
                line = describe_pair((left.source, right.source), kernel, row, column)
                area = describe_area_pair(comparison.difference, view, row, column)
                line += f"  ·  {area}" if area else ""
        self.query_one(ReadoutLine).line = line

    # Changes by key and mouse

    def change(self, place: int, **fields: object) -> None:
        """Change fields of one side's choice."""
        changed = replace(self.choices[place], **fields)  # type: ignore[arg-type]
        self.choices = (changed, self.choices[1]) if place == 0 else (self.choices[0], changed)

    def on_side_choice_changed(self, message: messages.SideChoiceChanged) -> None:
        """A control was used; the keys go on with its side."""
        self.active = message.place
        self.change(message.place, **message.fields)

    def on_side_picked(self, message: messages.SidePicked) -> None:
        """A side's name was clicked."""
        self.active = message.place

    def watch_active(self) -> None:
        """Mark the side."""
        for place, name in enumerate(SIDES):
            for part in ("pane", "controls"):
                self.query_one(f"#{name}-{part}").set_class(place == self.active, "-active")

    def action_step_method(self, step: int) -> None:
        """Next or previous method."""
        self.change(self.active, method=self.choices[self.active].with_method_step(step).method)

    def action_step_block(self, step: int) -> None:
        """Next or previous block size."""
        choice = self.choices[self.active]
        self.change(self.active, block_size=choice.with_block_step(step, offered_block_sizes(choice)).block_size)

    def action_step_sparsity(self, percent: int) -> None:
        """More or less sparsity."""
        self.change(self.active, sparsity=self.choices[self.active].with_sparsity_step(percent).sparsity)

    def action_other_side(self) -> None:
        """Let the keys change the other side."""
        self.active = 1 - self.active

    def action_swap(self) -> None:
        """Left becomes right."""
        self.choices = self.choices[1], self.choices[0]

    def action_copy_side(self) -> None:
        """Give the active side the choice of the other."""
        other = self.choices[1 - self.active]
        self.choices = (other, other)

    def action_compare_optimal(self) -> None:
        """Aligned against the best unaligned blocks, at the active side's block size and sparsity."""
        self.choices = pair_of(self.choices[self.active], "optimal")

    def action_step_layer(self, rows: int) -> None:
        """Next or previous prunable layer."""
        names = [layer.name for layer in self.model.prunable]
        self.layer = names[min(max(names.index(self.layer) + rows, 0), len(names) - 1)]

    def action_toggle_taps(self) -> None:
        """Columns by tap, or by channel."""
        self.by_tap = not self.by_tap

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

    def action_show_view(self, view: str) -> None:
        """Go to a picture: bring it into sight and focus it."""
        self.view = view
        self.call_after_refresh(lambda: self.query_one(f"#{view}-map").focus())

    def watch_view(self, view: str) -> None:
        """The layout follows a class; a side in sight is the one that keys change."""
        for name in VIEWS:
            self.set_class(name == view, f"-view-{name}")
        self.query_one("#compare-tabs", Segments).chosen = view
        if view in SIDES:
            self.active = SIDES.index(view)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The picture in sight is the one that has the focus."""
        ids = {node.id for node in event.widget.ancestors_with_self}
        self.view = next((view for view in VIEWS if f"{view}-pane" in ids), self.view)

    def action_toggle_full(self) -> None:
        """The whole screen for one picture, and back."""
        self.full = not self.full

    # Leaving

    def action_take(self) -> None:
        """Back, with the active side's choice."""
        self.app.post_message(messages.CompareLeft(self.layer, self.choices[self.active]))

    def action_leave(self) -> None:
        """Back, nothing changed but the layer."""
        self.app.post_message(messages.CompareLeft(self.layer, None))


def _title(side: LayerResult) -> str:
    """A side in words."""
    choice = side.request.choice
    kept = "" if side.selection is None else f" · keeps {format_percent(side.selection.retained, 2)} %"
    return f"{choice.method} N={choice.block_size} s={100 * choice.sparsity:g} %{kept}"


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
