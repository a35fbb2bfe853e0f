"""The layer table: one row per layer, columns as the width allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from ubp_tui.jobs import LayerMeasure
from ubp_tui.messages import LayerHighlighted
from ubp_tui.renderables.formats import format_count, format_percent, format_shape, shorten_name

if TYPE_CHECKING:
    from ubp_core.models import Layer

GAP = 2
"""Empty cells between two columns."""
MIN_NAME = 19
"""Below this width of the name a column gives way."""
MARK = "● "
"""Before the name of a marked layer."""


KINDS = {"conv": "conv", "depthwise": "dw", "grouped": "grp", "linear": "lin"}
"""Kinds of layers in four cells; the reason in the last column has the whole word."""


class LayerTable(DataTable[Text]):
    """Rows are layers, keyed by name; those that stay dense are dimmed, with the reason in the last column."""

    COLUMN_WIDTHS: ClassVar[dict[str, int]] = {
        "name": 0,
        "kind": 4,
        "shape": 13,
        "params": 6,
        "share": 5,
        "sparsity": 8,
        "retained": 9,
    }
    """Columns and their widths; the name takes what is left."""
    GIVE_WAY: ClassVar[tuple[str, ...]] = ("kind", "sparsity", "share", "shape", "params")
    """Columns that are left out where the width is short, the first one first."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start empty."""
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=0)
        self._layers: tuple[Layer, ...] = ()
        self._measures: dict[str, LayerMeasure] = {}
        self._columns: tuple[str, ...] = ()
        self._name_width = 0
        self._wanted = ""
        self.marked: tuple[str, ...] = ()
        """Names of the marked layers, in the order of the table."""

    # Content

    def show_layers(self, layers: tuple[Layer, ...], highlighted: str) -> None:
        """Show the layers of a model, with the cursor on the one named."""
        self._layers, self._measures, self.marked = layers, {}, ()
        self._wanted = highlighted
        self._columns = ()
        self._lay_out()

    def show_measures(self, measures: dict[str, LayerMeasure]) -> None:
        """Show what the present choice keeps; layers without a figure get a dot until theirs comes."""
        self._measures = dict(measures)
        for layer in self._layers:
            self._update_measure(layer)

    def add_measure(self, measure: LayerMeasure) -> None:
        """Show one more figure."""
        self._measures[measure.layer] = measure
        for layer in self._layers:
            if layer.name == measure.layer:
                self._update_measure(layer)

    def _update_measure(self, layer: Layer) -> None:
        """Write the cells that depend on the choice."""
        for column in ("sparsity", "retained"):
            if column in self._columns:
                self.update_cell(layer.name, column, self._cell(layer, column))

    def toggle_mark(self) -> None:
        """Mark the layer under the cursor, or unmark it."""
        name = self.highlighted
        if name is None:
            return
        marks = {*self.marked} ^ {name}
        self.marked = tuple(layer.name for layer in self._layers if layer.name in marks)
        for layer in self._layers:
            if layer.name == name:
                self.update_cell(name, "name", self._cell(layer, "name"))

    # Layout

    def on_resize(self, event: events.Resize) -> None:
        """Choose the columns anew."""
        self._lay_out()

    def fitting_columns(self, width: int) -> tuple[tuple[str, ...], int]:
        """The columns that fit into `width` cells, and the width left for the name."""
        columns = tuple(self.COLUMN_WIDTHS)
        for leaving in (*self.GIVE_WAY, None):
            rest = sum(self.COLUMN_WIDTHS[name] + GAP for name in columns[1:])
            if leaving is None or width - rest >= MIN_NAME:
                break
            columns = tuple(name for name in columns if name != leaving)
        longest = max((len(layer.name) for layer in self._layers), default=4)
        return columns, max(4, min(width - rest, longest + len(MARK)))

    def _lay_out(self) -> None:
        """Fill the table again if other columns fit now."""
        width = self.size.width - self.styles.scrollbar_size_vertical - 1
        if width <= 0 or not self._layers:
            if not self._layers:
                self.clear(columns=True)
            return
        columns, name_width = self.fitting_columns(width)
        if (columns, name_width) == (self._columns, self._name_width):
            return
        wanted = self.highlighted or self._wanted
        self._columns, self._name_width = columns, name_width
        self.clear(columns=True)
        # Numbers stand at the right of their column; the spare width goes between name and figures.
        for name in columns:
            wide = name_width if name == "name" else self.COLUMN_WIDTHS[name] + GAP
            label = Text(f"{'':{GAP}}{name}" if name in ("kind", "shape") else name)
            label.justify = "left" if name in ("name", "kind", "shape") else "right"
            self.add_column(label, key=name, width=wide)
        for layer in self._layers:
            self.add_row(*(self._cell(layer, name) for name in columns), key=layer.name)
        self.highlight(wanted)

    def _cell(self, layer: Layer, column: str) -> Text:
        """One cell."""
        style = "" if layer.prunable else "dim"
        if column == "name":
            if layer.name in self.marked:
                return Text(MARK + shorten_name(layer.name, self._name_width - len(MARK)), "bold")
            return Text(shorten_name(layer.name, self._name_width), style)
        if column in ("kind", "shape"):
            text = KINDS[layer.kind] if column == "kind" else format_shape(layer.shape)
            return Text(f"{'':{GAP}}{text}", style)
        return Text(self._figure(layer, column), style or ("bold" if column == "retained" else ""), justify="right")

    def _figure(self, layer: Layer, column: str) -> str:
        """A figure, or why there is none."""
        if column == "params":
            return format_count(layer.parameters)
        if column == "share":
            return format_percent(layer.parameters / max(1, sum(other.parameters for other in self._layers)))
        if not layer.prunable:
            return short_reason(layer.skip_reason) if column == "retained" else "dense"
        measure = self._measures.get(layer.name)
        if measure is None:
            return "·"
        return format_percent(measure.achieved_sparsity if column == "sparsity" else measure.retained, 2)

    # Cursor

    @property
    def highlighted(self) -> str | None:
        """Name of the layer under the cursor."""
        return self._layers[self.cursor_row].name if 0 <= self.cursor_row < self.row_count else None

    def highlight(self, name: str) -> None:
        """Move the cursor to a layer."""
        names = [layer.name for layer in self._layers]
        self.move_cursor(row=names.index(name), animate=False)

    def step(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.move_cursor(row=min(max(self.cursor_row + rows, 0), max(len(self._layers) - 1, 0)), animate=False)

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Tell which layer it is."""
        message.stop()
        if message.row_key.value is not None:
            self.post_message(LayerHighlighted(message.row_key.value))


def short_reason(reason: str | None) -> str:
    """The reason why a layer stays dense in one word."""
    return (reason or "").split(" ", 1)[0].rstrip(":,")
