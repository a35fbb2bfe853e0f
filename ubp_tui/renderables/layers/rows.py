"""The layer table as text and as values to sort by: columns, cells, which layers a typed pattern means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ubp_core.benchmark.figure import ARM_HOST_TIME, HOST_TIME, INSTRUCTIONS, LATENCY
from ubp_core.units import format_bytes, format_count, format_instructions, format_percent, format_time
from ubp_core.vocabulary import DEFAULT_DTYPE
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.patterns import KINDS, format_shape
from ubp_tui.work.measuring import LayerMeasure
from ubp_tui.work.totals import layer_bytes

if TYPE_CHECKING:
    from ubp_core.models import Layer

GAP: Final = 2
"""Empty cells between two columns."""
MIN_NAME: Final = 18
"""Below this width of the name a column gives way."""


@dataclass(frozen=True)
class Column:
    """One column of the table."""

    id: str
    """Name, for sorting and tests."""
    title: str
    """Text of the header."""
    width: int
    """Cells; 0 for the name, which takes what is left."""
    left: bool = False
    """Whether texts stand at the left of the column."""
    chosen: bool = False
    """Whether it depends on the choice: layers that stay dense have no value there."""


COLUMNS: Final = (
    Column("name", "layer", 0, left=True),
    Column("kind", "kind", 4, left=True),
    Column("shape", "shape", 13, left=True),
    Column("params", "params", 6),
    Column("work", "mult-adds", 9),
    Column("share", "share", 5),
    Column("dtype", "type", 4, left=True),
    Column("method", "method", 9, left=True, chosen=True),
    Column("block", "N", 2, chosen=True),
    Column("asked", "asked", 5, chosen=True),
    Column("rounded", "rounded", 7, chosen=True),
    Column("achieved", "achieved", 8, chosen=True),
    Column("retained", "retained", 8, chosen=True),
    Column("packed", "packed", 7, chosen=True),
    Column("ratio", "of dense", 8, chosen=True),
    Column("dense", "dense", 7),
    Column("figure", "latency", 9),
)
"""All columns, from left to right."""
FIGURE_COLUMNS: Final = {
    LATENCY: COLUMNS[-1],
    HOST_TIME: Column("figure", HOST_TIME, 13),
    ARM_HOST_TIME: Column("figure", ARM_HOST_TIME, 16),
    INSTRUCTIONS: Column("figure", "emulated", 11),
}
"""The last column by kind of figure: only a phone's is called latency."""
GIVE_WAY: Final = (
    "dtype", "rounded", "dense", "ratio", "kind", "share", "work", "achieved", "packed", "params", "shape", "asked",
    "block", "method", "figure",
)  # fmt: skip
"""Columns that are left out where the width is short, the first one first: the type is said by the strip above."""
GIVE_WAY_MIXED: Final = (*GIVE_WAY[1:-1], "dtype", GIVE_WAY[-1])
"""The same where layers have different types, which only this column tells."""


@dataclass(frozen=True)
class LayerRow:
    """What the table knows of one layer."""

    layer: Layer
    """The layer."""
    choice: Choice
    """What is chosen for it."""
    share: float
    """Of the network's parameters, 0..1."""
    reason: str | None
    """Why it stays dense; None: it is pruned."""
    measure: LayerMeasure | None
    """What the choice keeps; None until it is known."""
    figure: float | None
    """Median time of the choice in nanoseconds, or instructions; None where the history has none."""
    figure_kind: str = ""
    """What it may be called; a key of FIGURE_COLUMNS."""
    dtype: str = DEFAULT_DTYPE
    """Type of the layer: of its sizes, and of the figure."""


def list_columns(figure: str) -> tuple[Column, ...]:
    """All columns, where figures are of this kind; without theirs where there are none."""
    return (*COLUMNS[:-1], FIGURE_COLUMNS[figure]) if figure in FIGURE_COLUMNS else COLUMNS[:-1]


def fit_columns(
    width: int, longest_name: int, columns: tuple[Column, ...] = COLUMNS, mixed: bool = False
) -> tuple[tuple[Column, ...], int]:
    """The columns that fit into `width` cells, and the width left for the name; its title isn't cut by short names.

    Args:
        width: cells of a row.
        longest_name: cells of the longest name.
        columns: those that have something to show.
        mixed: whether layers have different types.
    """
    shown, longest = columns, max(longest_name, len(COLUMNS[0].title))
    rest = _width_without_name(shown)
    for leaving in GIVE_WAY_MIXED if mixed else GIVE_WAY:
        if width - rest >= min(MIN_NAME, longest):
            break
        shown = tuple(column for column in shown if column.id != leaving)
        rest = _width_without_name(shown)
    return shown, max(4, min(width - rest, longest))


def _width_without_name(columns: tuple[Column, ...]) -> int:
    """Cells of all columns but the name, with their gaps."""
    return sum(column.width + GAP for column in columns if column.id != "name")


def cell_text(column: str, row: LayerRow) -> str:
    """The text of a cell; empty where the layer has no such figure."""
    layer, measure, choice = row.layer, row.measure, row.choice
    if column == "name":
        return layer.name
    fixed = {
        "kind": lambda: KINDS[layer.kind],
        "shape": lambda: format_shape(layer.shape),
        "params": lambda: format_count(layer.parameters),
        "work": lambda: "-" if layer.multiply_adds is None else format_count(layer.multiply_adds),
        "share": lambda: format_percent(row.share),
        "dtype": lambda: row.dtype,
        "dense": lambda: format_bytes(layer_bytes(layer, row.dtype)),
        "method": lambda: "unstruct." if choice.method == "unstructured" else choice.method,
        "block": lambda: choice.block,
        "asked": lambda: f"{100 * choice.sparsity:.4g}",
        "figure": lambda: format_layer_figure(row.figure, row.figure_kind),
    }
    if column in fixed:
        return fixed[column]()
    return "·" if measure is None else _measured_text(column, measure, row)


def format_layer_figure(figure: float | None, kind: str) -> str:
    """A figure of the history; of this machine and of the emulator it says so."""
    if figure is None:
        return "-"
    if kind == INSTRUCTIONS:
        return format_instructions(round(figure))
    return f"host {format_time(figure)}" if kind in (HOST_TIME, ARM_HOST_TIME) else format_time(figure)


def _measured_text(column: str, measure: LayerMeasure, row: LayerRow) -> str:
    """A figure that the selection gave."""
    if math.isnan(measure.retained):
        return "-"
    if column in ("packed", "ratio"):
        size = measure.file_bytes[row.dtype]
        return format_bytes(size) if column == "packed" else format_percent(_share_of_dense(size, row))
    figures = {"rounded": measure.rounded, "achieved": measure.achieved_sparsity, "retained": measure.retained}
    return format_percent(figures[column], 2)


def _share_of_dense(size: int, row: LayerRow) -> float:
    """Packed bytes beside dense ones of the same type."""
    return size / max(1, layer_bytes(row.layer, row.dtype))


def sort_value(column: str, row: LayerRow) -> float | str | None:
    """What a row is sorted by; None where it has no value."""
    layer = row.layer
    if column in ("name", "kind", "dtype"):
        return {"name": layer.name, "kind": layer.kind, "dtype": row.dtype}[column]
    if column == "dense":
        return layer_bytes(layer, row.dtype)
    if column in ("params", "share", "shape"):
        return float(layer.rows if column == "shape" else layer.parameters)
    if column == "work":
        return layer.multiply_adds
    if column == "figure":
        return row.figure
    return None if row.reason is not None else _chosen_value(column, row)


def _chosen_value(column: str, row: LayerRow) -> float | str | None:
    """The value of a column that depends on the choice."""
    choice, measure = row.choice, row.measure
    if column in ("method", "block", "asked"):
        block = choice.block_size + choice.block_columns / 10  # 4, 4x4, 8
        values: dict[str, float | str] = {"method": choice.method, "block": block, "asked": choice.sparsity}
        return values[column]
    if measure is None or math.isnan(measure.retained):
        return None
    figures: dict[str, float] = {
        "rounded": measure.rounded,
        "achieved": measure.achieved_sparsity,
        "retained": measure.retained,
        "packed": measure.file_bytes[row.dtype],
        "ratio": _share_of_dense(measure.file_bytes[row.dtype], row),
    }
    return figures[column]


def sort_rows(rows: list[LayerRow], column: str, descending: bool) -> list[LayerRow]:
    """Rows by a column; those without a value last, equal ones in the network's order."""
    having = [row for row in rows if sort_value(column, row) is not None]
    # One column has one type of values.
    having.sort(key=lambda row: sort_value(column, row), reverse=descending)  # type: ignore[arg-type, return-value]
    return having + [row for row in rows if sort_value(column, row) is None]
