"""The layer table: one row per layer, columns as the width allows; sorted, filtered and marked by keys and mouse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.messages import LayerHighlighted, LayersArranged
from ubp_tui.renderables.formats import shorten_name
from ubp_tui.renderables.layers.rows import (
    COLUMNS,
    GAP,
    Column,
    LayerRow,
    cell_text,
    fit_columns,
    list_columns,
    matches,
    sort_rows,
)
from ubp_tui.work.selecting import LayerMeasure

if TYPE_CHECKING:
    from ubp_core.models import Layer

GUTTER = 3
"""Cells before the name: the cursor, the mark, a gap. A click there marks."""


class LayerTable(ScrollView, can_focus=True):
    """Rows are layers; those that stay dense are dimmed, with the reason in place of a choice."""

    COMPONENT_CLASSES = {  # noqa: RUF012 (Textual's own form)
        "layer-table--header", "layer-table--cursor", "layer-table--dense", "layer-table--mark", "layer-table--figure",
    }  # fmt: skip
    """Parts that a style sheet can address."""
    BINDINGS = bindings_of("table")
    key_owner: ClassVar[Owner] = "table"

    cursor: reactive[int] = reactive(0, repaint=False)
    """Number of the row under the cursor, among those that are shown."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start empty."""
        super().__init__(id=id)
        self._layers: tuple[Layer, ...] = ()
        self._choices = LayerChoices()
        self._measures: Mapping[str, LayerMeasure] = {}
        self._figures: Mapping[str, float] = {}
        self._figure_kind = ""
        self._shown: list[LayerRow] = []
        self._columns: tuple[Column, ...] = ()
        self._name_width = 0
        self._arranged: tuple[object, ...] = ()
        self._drawn: dict[str, tuple[tuple[object, ...], Strip]] = {}
        self.marked: tuple[str, ...] = ()
        """Names of the marked layers, in the network's order."""
        self.pattern = ""
        """What layers must match to be shown."""
        self.sort_column = ""
        """Id of the column that rows are sorted by; empty: the network's order."""
        self.descending = False
        """Whether the greatest comes first."""

    # Content

    def show_layers(self, layers: tuple[Layer, ...], highlighted: str) -> None:
        """Show the layers of a model, with the cursor on the one named."""
        self._layers, self._measures, self.marked = layers, {}, ()
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

    def _arrange(self, highlighted: str | None = None) -> None:
        """Filter and sort; the cursor stays on its layer."""
        wanted = highlighted or self.highlighted
        total = max(1, sum(layer.parameters for layer in self._layers))
        rows = [self._make_row(layer, total) for layer in self._layers if matches(self.pattern, layer)]
        before = self._shown
        self._shown = sort_rows(rows, self.sort_column, self.descending) if self.sort_column else rows
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
        self.post_message(LayersArranged(len(self._shown), self.marked, self.pattern))

    def _make_row(self, layer: Layer, total: int) -> LayerRow:
        """All that is known of a layer."""
        name = layer.name
        reason = layer.skip_reason or ("kept dense by choice" if name in self._choices.dense else None)
        return LayerRow(
            layer, self._choices.of(name), layer.parameters / total, reason, self._measures.get(name),
            self._figures.get(name), self._figure_kind,
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

    # Marks, order, filter

    def set_marks(self, names: Iterable[str]) -> None:
        """Mark these layers and no others."""
        wanted = set(names)
        self.marked = tuple(layer.name for layer in self._layers if layer.name in wanted)
        self.refresh()
        self.tell_arranged()

    def toggle_mark(self, name: str | None = None) -> None:
        """Mark a layer, by default the one under the cursor, or unmark it."""
        name = name or self.highlighted
        if name is not None:
            self.set_marks({*self.marked} ^ {name})

    def mark_shown(self) -> None:
        """Mark every layer that is shown and can be pruned; if all of them are marked, unmark them."""
        names = {row.layer.name for row in self._shown if row.layer.prunable}
        self.set_marks({*self.marked} - names if names <= {*self.marked} else {*self.marked} | names)

    def invert_marks(self) -> None:
        """Mark the layers shown that are not marked, and unmark those that are; layers that stay dense are left out."""
        self.set_marks({*self.marked} ^ {row.layer.name for row in self._shown if row.layer.prunable})

    def find_pattern(self, pattern: str) -> set[str]:
        """Names of the prunable layers that a pattern means."""
        return {layer.name for layer in self._layers if layer.prunable and matches(pattern, layer)}

    def mark_pattern(self, pattern: str) -> None:
        """Mark every prunable layer that a pattern means."""
        self.set_marks({*self.marked} | self.find_pattern(pattern))

    def set_pattern(self, pattern: str) -> None:
        """Show only layers that a pattern means."""
        self.pattern = pattern
        self._arrange()

    def sort_by(self, column: str) -> None:
        """Sort by a column: rising, then falling, then in the network's order."""
        if column != self.sort_column:
            self.sort_column, self.descending = column, False
        elif not self.descending:
            self.descending = True
        else:
            self.sort_column, self.descending = "", False
        self._arrange()

    def set_order(self, column: str, descending: bool) -> None:
        """Sort by a column, or with an empty one in the network's order."""
        self.sort_column, self.descending = column, descending and bool(column)
        self._arrange()

    def step_sort(self) -> None:
        """Sort by the next column that is shown, and after the last one in the network's order."""
        ids = ["", *(column.id for column in self._columns)]
        place = ids.index(self.sort_column) if self.sort_column in ids else 0
        self.sort_column, self.descending = ids[(place + 1) % len(ids)], False
        self._arrange()

    def reverse_sort(self) -> None:
        """Turn the order around."""
        if self.sort_column:
            self.descending = not self.descending
            self._arrange()

    # Layout and drawing

    def on_resize(self) -> None:
        """Choose the columns anew."""
        self._lay_out()
        self.refresh()
        self._bring_into_view()

    def _lay_out(self) -> None:
        """Choose the columns for the present width."""
        width = self.size.width - GUTTER - self.styles.scrollbar_size_vertical - 1
        longest = max((len(layer.name) for layer in self._layers), default=5)
        self._columns, self._name_width = fit_columns(max(width, 1), longest, list_columns(self._figure_kind))
        self.virtual_size = Size(self.size.width, len(self._shown) + 1)

    def _refresh_changes(self, before: list[LayerRow]) -> None:
        """Repaint the rows that are not as they were; everything where more than that has changed."""
        arranged = (
            self._columns, self._name_width, self.cursor, self.sort_column, self.descending,
            self.pattern, self.shown,
        )  # fmt: skip
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
            return self._fill(self._draw_header(), self.get_component_rich_style("layer-table--header"))
        if place < len(self._shown):
            return self._find_row(self._shown[place], place == self.cursor)
        if place == 0:
            return self._fill([Segment(f"   no layer matches {self.pattern!r}", ground)], ground)
        return Strip.blank(self.size.width, ground)

    def _fill(self, segments: list[Segment], style: Style) -> Strip:
        """A strip of the widget's width."""
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def _width_of(self, column: Column) -> int:
        """Cells of a column without its gap."""
        return column.width or self._name_width

    def _draw_header(self) -> list[Segment]:
        """Titles; the one sorted by with an arrow."""
        style = self.get_component_rich_style("layer-table--header")
        parts = [" " * GUTTER]
        for column in self._columns:
            title = column.title
            if column.id == self.sort_column:
                title = ("▾" if self.descending else "▴") + title
            parts.append(self._place(title, column))
        return [Segment("".join(parts), style)]

    def _place(self, text: str, column: Column) -> str:
        """A text in its column, behind the gap."""
        width, gap = self._width_of(column), 0 if column.id == "name" else GAP
        if column.left:
            return " " * gap + text.ljust(width)[:width]
        return text.rjust(width + gap)[-width - gap :]

    def _find_row(self, row: LayerRow, under_cursor: bool) -> Strip:
        """A row as it was drawn before, or drawn anew: most stay as they are, whatever key was pressed."""
        name = row.layer.name
        key = (row, under_cursor, name in self.marked, self.size.width, self._name_width, self._columns)
        known = self._drawn.get(name)
        if known is None or known[0] != key:
            known = self._drawn[name] = key, self._draw_row(row, under_cursor)
        return known[1]

    def _place_reason(self, row: LayerRow) -> str:
        """Why a layer stays dense, in place of all that follows, but for a figure that it has."""
        first = next(number for number, column in enumerate(self._columns) if column.chosen)
        text, last = f"{'':{GAP}}dense: {row.reason}", self._columns[-1]
        if row.figure is None or last.id != "figure":
            return text
        room = sum(self._width_of(column) + GAP for column in self._columns[first:-1])
        text = text if len(text) <= room else text[: room - 1] + "…"
        return text.ljust(room) + self._place(cell_text(last.id, row), last)

    def _draw_row(self, row: LayerRow, under_cursor: bool) -> Strip:
        """Gutter, name and figures of one layer."""
        base = self.visual_style.rich_style
        if row.reason is not None:
            base = self.get_component_rich_style("layer-table--dense")
        if under_cursor:
            base = self.get_component_rich_style("layer-table--cursor")
        marked = row.layer.name in self.marked
        mark = base if under_cursor else self.get_component_rich_style("layer-table--mark")
        segments = [Segment("▸" if under_cursor else " ", base), Segment("● " if marked else "  ", mark)]
        plain, bold = [], base if under_cursor else self.get_component_rich_style("layer-table--figure")
        for column in self._columns:
            if column.chosen and row.reason is not None:
                plain.append(self._place_reason(row))
                break
            text = cell_text(column.id, row)
            if column.id == "name":
                text = shorten_name(text, self._name_width)
            plain.append(self._place(text, column))
            if column.id == "retained":
                segments += [Segment("".join(plain[:-1]), base), Segment(plain[-1], bold)]
                plain = []
        segments.append(Segment("".join(plain), base))
        return self._fill(segments, base)

    # Cursor

    @property
    def highlighted(self) -> str | None:
        """Name of the layer under the cursor."""
        return self._shown[self.cursor].layer.name if 0 <= self.cursor < len(self._shown) else None

    def highlight(self, name: str) -> None:
        """Move the cursor to a layer, if it is shown."""
        if name in self.shown:
            self.cursor = self.shown.index(name)

    def watch_cursor(self, old: int) -> None:
        """Tell which layer it is."""
        self._bring_into_view()
        # The header is line 0.
        self.refresh_line(old + 1)
        self.refresh_line(self.cursor + 1)
        self._tell_highlighted()

    def _tell_highlighted(self) -> None:
        """Post the layer under the cursor."""
        if self.highlighted is not None:
            # Of our own: a message that seems to come from the pane, whose filter was typed into, ends there.
            self.post_message(LayerHighlighted(self.highlighted).set_sender(self))

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

    def column_at(self, x: int) -> str:
        """Id of the column at a cell, or an empty text."""
        end = GUTTER
        for column in self._columns:
            end += self._width_of(column) + (0 if column.id == "name" else GAP)
            if GUTTER <= x < end:
                return column.id
        return ""

    def on_click(self, event: events.Click) -> None:
        """Header: sort. Gutter, or with Ctrl held: mark. Elsewhere: go to the layer."""
        if event.y == 0:
            column = self.column_at(event.x)
            if column:
                self.sort_by(column)
            return
        place = event.y - 1 + round(self.scroll_y)
        if place >= len(self._shown):
            return
        if event.x < GUTTER or event.ctrl:
            self.toggle_mark(self._shown[place].layer.name)
        else:
            self.cursor = place
