"""The layer table: one row per layer, columns as the width allows. It shows marks and order, and asks for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ubp_tui.choices.layer_choices import KEPT, LayerChoices
from ubp_tui.choices.marks import Marks
from ubp_tui.choices.patterns import matches
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.renderables.cells import shown
from ubp_tui.renderables.layers.rows import COLUMNS, LayerRow, cell_text, sort_rows
from ubp_tui.renderables.layers.strips import GUTTER, PARTS, TableLayout, draw_row
from ubp_tui.work.measuring import LayerMeasure

if TYPE_CHECKING:
    from ubp_core.models import Layer


class LayerTable(ScrollView, can_focus=True):
    """Rows are layers; those that stay dense are dimmed, with the reason in place of a choice."""

    COMPONENT_CLASSES = {f"layer-table--{part}" for part in PARTS}  # noqa: RUF012 (Textual's own form)
    """Parts that a style sheet can address."""
    BINDINGS = bindings_of("table")
    key_owner: ClassVar[Owner] = "table"

    cursor: reactive[int] = reactive(0, repaint=False)
    """Number of the row under the cursor, among those that are shown."""

    @dataclass
    class Highlighted(Message):
        """Another row is under the cursor."""

        name: str
        """Name of the layer."""

    @dataclass
    class MarkPicked(Message):
        """A layer is to be marked, or unmarked, by the mouse."""

        name: str
        """Name of the layer."""

    @dataclass
    class SortPicked(Message):
        """The title of a column was clicked."""

        column: str
        """Id of the column."""

    @dataclass
    class Arranged(Message):
        """Marks, filter or order are others now."""

        shown: int
        """Layers that match the filter."""
        marks: Marks
        """What is marked and filtered."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start empty."""
        super().__init__(id=id)
        self._layers: tuple[Layer, ...] = ()
        self._choices = LayerChoices()
        self._measures: Mapping[str, LayerMeasure] = {}
        self._figures: Mapping[str, float] = {}
        self._figure_kind = ""
        self._shown: list[LayerRow] = []
        self._layout = TableLayout()
        self._arranged: tuple[object, ...] = ()
        self._drawn: dict[str, tuple[tuple[object, ...], Strip]] = {}
        self.marks = Marks()
        """What is marked, filtered and sorted."""

    # Content

    def show_layers(self, layers: tuple[Layer, ...], highlighted: str, marks: Marks) -> None:
        """Show the layers of a model, with the cursor on the one named."""
        self._layers, self._measures, self.marks = layers, {}, marks
        self._arrange(highlighted)

    def show_choices(
        self,
        choices: LayerChoices,
        measures: Mapping[str, LayerMeasure],
        figures: Mapping[str, float] | None = None,
        figure_kind: str = "",
    ) -> None:
        """Show what is chosen and what is known of it; layers without a measure get a dot until theirs comes.

        Args:
            choices: of all layers.
            measures: by name of the layer.
            figures: of the history, by name of the layer.
            figure_kind: what they may be called; empty takes their column away.
        """
        self._choices, self._measures = choices, measures
        self._figures, self._figure_kind = figures or {}, figure_kind
        self._arrange()

    def show_marks(self, marks: Marks) -> None:
        """Mark, filter and sort."""
        marked, self.marks = marks.names != self.marks.names, marks
        self._arrange()
        if marked:
            self.refresh()

    def _arrange(self, highlighted: str | None = None) -> None:
        """Filter and sort; the cursor stays on its layer."""
        marks, wanted = self.marks, highlighted or self.highlighted
        total = max(1, sum(layer.parameters for layer in self._layers))
        rows = [self._make_row(layer, total) for layer in self._layers if matches(marks.pattern, layer)]
        before = self._shown
        self._shown = sort_rows(rows, marks.sort, marks.descending) if marks.sort else rows
        names = [row.layer.name for row in self._shown]
        place = names.index(wanted) if wanted in names else min(self.cursor, max(0, len(names) - 1))
        self.set_reactive(LayerTable.cursor, place)
        self._lay_out()
        self._refresh_changes(before)
        self._bring_into_view()
        if wanted not in names or highlighted:
            self._tell_highlighted()
        self.tell_arranged()

    def tell_arranged(self) -> None:
        """Post how many rows are shown, and what is marked."""
        self.post_message(self.Arranged(len(self._shown), self.marks))

    def _make_row(self, layer: Layer, total: int) -> LayerRow:
        """All that is known of a layer."""
        name = layer.name
        reason = self._choices.why_dense(layer)
        reason = f"kept dense {KEPT}" if reason == KEPT else reason
        return LayerRow(
            layer, self._choices.of(name), layer.parameters / total, reason, self._measures.get(name),
            self._figures.get(name), self._figure_kind, self._choices.dtype_of(name),
        )  # fmt: skip

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the layers that are shown, from the top."""
        return tuple(row.layer.name for row in self._shown)

    def get_cell(self, name: str, column: str) -> str:
        """The text of a cell, or the reason why a layer has none."""
        row = next(row for row in self._shown if row.layer.name == name)
        chosen = next(c.chosen for c in COLUMNS if c.id == column)
        return row.reason if chosen and row.reason else cell_text(column, row)

    def next_column(self) -> str:
        """The column to sort by after the present one, among those that are shown; after the last one none."""
        ids = ["", *(column.id for column in self._layout.columns)]
        place = ids.index(self.marks.sort) if self.marks.sort in ids else 0
        return ids[(place + 1) % len(ids)]

    # Layout and drawing

    def on_resize(self) -> None:
        """Choose the columns anew."""
        self._lay_out()
        self.refresh()
        self._bring_into_view()

    def _lay_out(self) -> None:
        """Choose the columns for the present width."""
        width = self.size.width - self.styles.scrollbar_size_vertical - 1
        longest = max((cell_len(shown(layer.name)) for layer in self._layers), default=5)
        self._layout = TableLayout.fit(width, longest, self._figure_kind, len(self._choices.dtypes) > 1)
        self.virtual_size = Size(self.size.width, len(self._shown) + 1)

    def _refresh_changes(self, before: list[LayerRow]) -> None:
        """Repaint the rows that are not as they were; everything where more than that has changed."""
        marks = self.marks
        arranged = (self._layout, self.cursor, marks.sort, marks.descending, marks.pattern, self.shown)
        if arranged != self._arranged:
            self._arranged = arranged
            self.refresh()
            return
        for place, (old, new) in enumerate(zip(before, self._shown, strict=True)):
            if old != new:
                # The header is line 0.
                self.refresh_line(place + 1)

    def notify_style_update(self) -> None:
        """Other colours: draw all rows anew."""
        super().notify_style_update()
        self._drawn.clear()

    def render_line(self, y: int) -> Strip:
        """The header, or a row."""
        place, ground = y - 1 + round(self.scroll_y), self.visual_style.rich_style
        if not self._layers:
            return Strip.blank(self.size.width, ground)
        if y == 0:
            style = self.get_component_rich_style("layer-table--header")
            return self._fill([Segment(self._layout.header(self.marks.sort, self.marks.descending), style)], style)
        if place < len(self._shown):
            return self._find_row(self._shown[place], place == self.cursor)
        if place == 0:
            return self._fill([Segment(f"   no layer matches {self.marks.pattern!r}", ground)], ground)
        return Strip.blank(self.size.width, ground)

    def _fill(self, segments: list[Segment], style: Style) -> Strip:
        """A strip of the widget's width."""
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def _find_row(self, row: LayerRow, under_cursor: bool) -> Strip:
        """A row as it was drawn before, or drawn anew: most stay as they are, whatever key was pressed."""
        name, marked = row.layer.name, row.layer.name in self.marks.names
        key = (row, under_cursor, marked, self.size.width, self._layout)
        known = self._drawn.get(name)
        if known is None or known[0] != key:
            styles = {part: self.get_component_rich_style(f"layer-table--{part}") for part in PARTS}
            segments = draw_row(self._layout, row, {**styles, "": self.visual_style.rich_style}, under_cursor, marked)
            known = self._drawn[name] = key, self._fill(segments, segments[0].style or Style.null())
        return known[1]

    # Cursor

    @property
    def highlighted(self) -> str | None:
        """Name of the layer under the cursor."""
        return self._shown[self.cursor].layer.name if 0 <= self.cursor < len(self._shown) else None

    def highlight(self, name: str) -> None:
        """Move the cursor to a layer, if it is shown."""
        if name in self.shown:
            self.cursor = self.shown.index(name)

    def watch_cursor(self, old: int, new: int) -> None:
        """Tell which layer it is."""
        self._bring_into_view()
        # The header is line 0.
        self.refresh_line(old + 1)
        self.refresh_line(new + 1)
        self._tell_highlighted()

    def _tell_highlighted(self) -> None:
        """Post the layer under the cursor."""
        if self.highlighted is not None:
            # Of our own: a message that seems to come from the pane, whose filter was typed into, ends there.
            self.post_message(self.Highlighted(self.highlighted).set_sender(self))

    def _bring_into_view(self) -> None:
        """Scroll as little as needed."""
        rows = self.size.height - 1
        if rows < 1:
            return
        top = round(self.scroll_y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + rows:
            self.scroll_to(y=self.cursor - rows + 1, animate=False, immediate=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.cursor = min(max(self.cursor + rows, 0), max(len(self._shown) - 1, 0))

    def action_move_page(self, pages: int) -> None:
        """Move by what is in sight."""
        self.action_move(pages * max(1, self.size.height - 2))

    def action_move_end(self, last: bool) -> None:
        """Go to the first or the last row."""
        self.action_move(len(self._shown) if last else -len(self._shown))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Header: sort. Gutter, or with Ctrl held: mark. Elsewhere: go to the layer."""
        if event.y == 0:
            column = self._layout.column_at(event.x)
            if column:
                self.post_message(self.SortPicked(column))
            return
        place = event.y - 1 + round(self.scroll_y)
        if place >= len(self._shown):
            return
        if event.x < GUTTER or event.ctrl:
            self.post_message(self.MarkPicked(self._shown[place].layer.name))
        else:
            self.cursor = place
