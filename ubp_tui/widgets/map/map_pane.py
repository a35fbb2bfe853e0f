"""The map with its frame: title, scale, legend and the cursor's read-out."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ubp_tui import palette
from ubp_tui.jobs import LayerResult
from ubp_tui.messages import MapCursorMoved
from ubp_tui.renderables.formats import kernel_of
from ubp_tui.renderables.readout import describe_scale
from ubp_tui.widgets.map.block_map import BlockMap


class MapPane(Vertical):
    """Block map, and one line below it for the cursor."""

    def compose(self) -> ComposeResult:
        """Map and read-out; a sentence in place of the map where there is none."""
        yield BlockMap(id="map")
        yield Static("", id="map-notice", markup=False)
        yield Static("", id="readout")

    def on_mount(self) -> None:
        """Follow the map's zoom in the frame."""
        self.border_title = "Block map"
        self.watch(self.query_one(BlockMap), "view", self._show_scale, init=False)

    def show_result(self, result: LayerResult) -> None:
        """Draw a layer and name it in the frame, in one go: the title never belongs to another picture."""
        choice = result.request.choice
        how = f"{choice.method} N={choice.block_size} s={100 * choice.sparsity:g} %"
        order = " · by tap" if result.basis.by_tap else ""
        self.border_title = f"Block map · {result.layer.name} · {how if result.selection else 'dense'}{order}"
        self.remove_class("-empty")
        kernel = kernel_of(result.layer, result.basis.by_tap)
        self.query_one(BlockMap).show_layer(result.layer.name, result.source, kernel)

    def show_nothing(self, line: str) -> None:
        """Clear the map and say why."""
        self.border_title, self.border_subtitle = "Block map", ""
        self.query_one(BlockMap).clear()
        self.query_one("#map-notice", Static).update(line)
        self.query_one("#readout", Static).update("")
        self.add_class("-empty")

    def _show_scale(self) -> None:
        """Zoom level and legend on the lower edge of the frame."""
        view = self.query_one(BlockMap).view
        if view is not None:
            self.border_subtitle = Content.assemble(describe_scale(view), "  ", legend())

    def on_map_cursor_moved(self, message: MapCursorMoved) -> None:
        """Show what is under the cursor."""
        message.stop()
        self.query_one("#readout", Static).update(Content(message.readout))


def legend() -> Content:
    """The colours in words: pruned, and kept from low to high importance."""
    steps = [palette.KEPT + step * palette.SHARE_STEPS + palette.SHARE_STEPS - 1 for step in range(1, 16, 2)]
    ramp = [("█", _css(step)) for step in steps]
    return Content.assemble("pruned ", ("█", _css(palette.PRUNED)), "  kept ", *ramp)


def _css(index: int) -> str:
    """A map colour as a style."""
    return "#{:02x}{:02x}{:02x}".format(*palette.MAP_COLOURS[index].tolist())
