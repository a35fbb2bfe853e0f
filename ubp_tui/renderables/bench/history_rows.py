"""The list of the history as cells: what each run says, which columns fit, which runs a typed filter means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from ubp_core.benchmark.figure import FIGURE_WORDS
from ubp_core.cells import shorten_middle
from ubp_core.units import format_few, format_names, format_numbers
from ubp_tui.renderables.bench.text import describe_started, list_types
from ubp_tui.renderables.cells import shown

if TYPE_CHECKING:
    from ubp_core.history import Summary

COLUMNS: Final = (
    "mark", "run", "started UTC", "device", "figure", "model", "layer", "N", "sparsity", "type", "layers", "ended",
)  # fmt: skip
SPARE: Final = ("layers", "figure", "sparsity", "N", "layer", "type")
"""Columns that stand back where a model's name has no room, the first one first: the details below have them too."""
LEAST_NAME: Final = 12
"""Cells of a model's name that there must be."""
MOST_NAME: Final = 24
"""Cells of a layer's and of a device's name."""


def run_cells(run: Summary, marked: bool) -> dict[str, str]:
    """One row, by column."""
    cells = (
        "●" if marked else "",
        str(run.id),
        describe_started(run.started),
        shorten_middle(run.device, MOST_NAME),
        FIGURE_WORDS.get(run.figure, run.figure),
        run.model,
        shorten_middle(format_names(run.layer_names), MOST_NAME),
        format_few(run.blocks),
        format_numbers(run.sparsities),
        list_types(run.dtypes),
        f"{run.layers} of {run.planned}",
        run.failure or "complete",
    )
    return dict(zip(COLUMNS, map(shown, cells), strict=True))


def fit_columns(rows: Sequence[Mapping[str, str]], width: int) -> dict[str, int]:
    """The columns of the list in a terminal of some width, with the cells of each, gaps and all.

    The last column may be cut where a run ended early (the details say all of it), but not "complete".
    """
    cells = {name: max([cell_len(name), *(cell_len(row[name]) for row in rows)]) + 2 for name in COLUMNS}
    cells |= {"mark": 2, "ended": max(len("complete") + 1, cells["ended"])}
    fixed = {**cells, "ended": len("complete") + 1, "model": 2}
    shown_names: tuple[str, ...] = COLUMNS
    room = 0
    for spare in ("", *SPARE):
        shown_names = tuple(name for name in shown_names if name != spare)
        room = width - 3 - sum(fixed[name] for name in shown_names)  # the frame, and the scrollbar
        if room >= min(LEAST_NAME, cells["model"] - 2):
            break
    cells["model"] = min(cells["model"], max(LEAST_NAME, room) + 2)
    return {name: cells[name] for name in shown_names}


def matches_run(words: str, run: Summary) -> bool:
    """Whether a filter means a run: all its words are in what is known of it, capitals or not."""
    cells = run_cells(run, False)
    text = " ".join(map(shown, (*cells.values(), run.title, run.device, *run.layer_names, *run.methods))).lower()
    return all(word in text for word in words.lower().split())
