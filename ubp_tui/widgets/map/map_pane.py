"""The map with its frame: title, scale, legend, the cursor's read-out, and the pictures beside it."""

from __future__ import annotations

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive

from ubp_tui.choices.problem import Problem
from ubp_tui.looks import palette
from ubp_tui.looks.themes import Look, look_of
from ubp_tui.renderables.cells import shorten_name, shown
from ubp_tui.renderables.formats import kernel_of
from ubp_tui.renderables.map.readout import describe_scale
from ubp_tui.renderables.map.strips import SHADES
from ubp_tui.widgets.framed import Framed
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.histograms import ImportanceHistogram, OffsetHistogram, ResultPicture
from ubp_tui.widgets.map.map_side import MapSide
from ubp_tui.widgets.map.minimap import Minimap
from ubp_tui.widgets.map.profiles import ColumnProfile, RowProfile
from ubp_tui.widgets.map.readout_line import ReadoutLine
from ubp_tui.widgets.problem_panel import ProblemPanel
from ubp_tui.work.selecting import LayerResult
from ubp_tui.workspace.arrangement import Pictures


class MapPane(Framed):
    """Block map, profiles along its sides, one line for the cursor, and a row of small pictures."""

    pictures: reactive[Pictures] = reactive[Pictures]("auto", init=False)
    """Whether the pictures beside the map are shown; `auto`: where there is room."""

    _named: tuple[str, str] | None = None
    """Layer and choice that are drawn."""

    def compose(self) -> ComposeResult:
        """From the top; a problem in place of the map where there is none."""
        block_map = BlockMap(id="map")
        with Horizontal(id="map-row"):
            yield block_map
            yield RowProfile(block_map, id="row-profile")
        yield ColumnProfile(block_map, id="column-profile")
        yield ProblemPanel(id="map-problem")
        yield ReadoutLine(id="readout")
        with Horizontal(id="map-pictures"):
            yield Minimap(block_map, id="minimap")
            yield OffsetHistogram(id="offset-histogram")
            yield ImportanceHistogram(id="importance-histogram")

    def on_mount(self) -> None:
        """Follow the theme in the legend."""
        self.set_titles("Block map")
        self.watch(self.app, "theme", self._show_scale, init=False)

    def show_result(self, result: LayerResult) -> None:
        """Draw a layer and name it in the frame, in one go: the title never belongs to another picture."""
        choice = result.request.choice
        how = f"{choice.method} N={choice.block} s={100 * choice.sparsity:g} %"
        order = " · by tap" if result.basis.by_tap else " · by group" if result.basis.order is not None else ""
        self._named = result.layer.name, f"{how if result.selection else 'dense'}{order}"
        self._show_title()
        self.remove_class("-empty")
        kernel = kernel_of(result.layer, result.basis)
        self.query_one(BlockMap).show_layer(result.layer.name, result.source, kernel)
        self._refresh_pictures(result)

    def _show_title(self) -> None:
        """Name and choice in the width of the frame; what is cut is the beginning of the name."""
        if self._named is None:
            return
        name, how = self._named
        title, room = f"Block map · {shown(name)} · {how}", self.size.width - 6
        if cell_len(title) > room:
            title = f"{shorten_name(name, max(room - len(how) - 3, 8))} · {how}"
        self.set_titles(title)

    def on_resize(self) -> None:
        """Another width, another title; a pane out of sight has none."""
        self._show_title()
        self._show_scale()

    def show_problem(self, problem: Problem) -> None:
        """Clear the map and say why."""
        self._named = None
        self.set_titles("Block map", "")
        self.query_one(BlockMap).clear()
        self.query_one(ProblemPanel).show(problem)
        self.query_one(ReadoutLine).line = ""
        self.add_class("-empty")
        self._refresh_pictures(None)

    def watch_pictures(self, pictures: Pictures) -> None:
        """The style sheet follows classes."""
        self.set_class(pictures == "shown", "-pictures")
        self.set_class(pictures == "hidden", "-no-pictures")

    def toggle_pictures(self) -> None:
        """Show or hide what stands beside the map."""
        self.pictures = "hidden" if self.query_one("#map-pictures").region.area else "shown"

    def _refresh_pictures(self, result: LayerResult | None) -> None:
        """Draw everything beside the map."""
        for picture in self.query(ResultPicture):
            picture.show_result(result)
        self._refresh_views()

    def _refresh_views(self) -> None:
        """Draw what follows the view."""
        for widget in self.query(MapSide):
            widget.follow()

    @on(BlockMap.ViewChanged)
    def _follow_view(self, message: BlockMap.ViewChanged) -> None:
        """Let frame and pictures follow the map."""
        message.stop()
        self._refresh_views()
        self._show_scale()

    def _show_scale(self) -> None:
        """Zoom level and legend on the lower edge of the frame."""
        block_map = self.query_one(BlockMap)
        view, source = block_map.view, block_map.source
        if view is None or source is None:
            return
        words, colours = describe_scale(view), legend(look_of(self.app), source.scale)
        # A frame has no room for half a scale: the zoom level goes first.
        whole = Content.assemble(words, "  ", colours)
        self.set_titles(subtitle=whole if whole.cell_length <= self.size.width - 4 else colours)

    def on_block_map_cursor_moved(self, message: BlockMap.CursorMoved) -> None:
        """Show what is under the cursor."""
        message.stop()
        self.query_one(ReadoutLine).line = message.readout


def legend(look: Look, scale: tuple[float, float]) -> Content:
    """What colours mean: pruned, and kept from low to high importance, with the importance at both ends of the ramp;
    without colours, their signs."""
    colours = look.map
    low, high = (f"{end:.2g}" for end in scale)
    if look.glyphs != "blocks":
        return Content(f"pruned blank  kept |w| {low} {SHADES[look.glyphs][1:5]} {high}")
    steps = [palette.KEPT + step * palette.SHARE_STEPS + palette.SHARE_STEPS - 1 for step in range(1, 16, 2)]
    ramp = [("█", colours.css(step)) for step in steps]
    return Content.assemble("pruned ", ("█", colours.css(palette.PRUNED)), f"  kept |w| {low} ", *ramp, f" {high}")
