"""The table of a plan as CSV: a line for every layer, figures in full."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.vocabulary import DENSE

if TYPE_CHECKING:
    from ubp_core.history import LayerFigures
    from ubp_core.plan.report import PlanReport, PlanRow

COLUMNS = (
    "layer", "shape", "dtype", "method", "block_size", "block_columns", "requested_sparsity",
    "rounded_sparsity", "achieved_sparsity", "retained",
    "importance", "parameters_before", "parameters_after", "multiply_adds_before", "multiply_adds_after",
    "bytes_before", "bytes_after", "because", "device", "figure", "median_ns", "instructions",
)  # fmt: skip
"""Shares are 0 to 1; bytes are of the weights, dense or packed; empty where a figure isn't known or has no meaning.
The last four are of the history: the layer's newest figure on one device, where it has one."""


def format_table(report: PlanReport, figures: LayerFigures | None = None) -> str:
    """The CSV text, with a heading."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row_record(row) | figure_record(row, figures) for row in report.rows)
    return stream.getvalue()


def save_table(path: Path, report: PlanReport, overwrite: bool = False, figures: LayerFigures | None = None) -> None:
    """Writes the table; raises FileError."""
    write_atomically(path, lambda place: write_text(place, format_table(report, figures)), overwrite=overwrite)


def figure_record(row: PlanRow, figures: LayerFigures | None) -> dict[str, Any]:
    """What was measured of a layer as the plan has it; nothing where that is nothing."""
    plan = row.layer
    chosen = (DENSE, 0, 0.0) if plan.dense else (plan.method, plan.block_size, plan.sparsity)
    value = None if figures is None else figures.of(plan.name, *chosen, row.dtype, plan.block_columns)
    if figures is None or value is None:
        return {}
    unit = "instructions" if figures.figure == "instructions" else "median_ns"
    return {"device": figures.device, "figure": figures.figure, unit: value}


def row_record(row: PlanRow) -> dict[str, Any]:
    """One layer's figures by COLUMNS."""
    pruned = not row.layer.dense
    return {
        "layer": row.layer.name,
        "shape": "x".join(map(str, row.shape)),
        "dtype": row.dtype,
        "method": row.layer.method,
        "block_size": row.layer.block_size if pruned else None,
        "block_columns": row.layer.block_columns if pruned else None,
        "requested_sparsity": row.layer.sparsity if pruned else None,
        "rounded_sparsity": row.rounded if pruned else None,
        "achieved_sparsity": row.achieved,
        "retained": row.retained,
        "importance": row.importance,
        **vars(row.cost),
        "because": row.layer.because,
    }
