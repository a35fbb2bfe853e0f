"""Benchmark results that outlive the process: an SQLite file in the user's data folder.

Owns storing, listing, exporting and comparing runs. Must not run anything, nor change a result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.lazy_names import import_at_use, list_names

if TYPE_CHECKING:
    from ubp_core.history.compare import ComparedVariant, Comparison, compare_runs
    from ubp_core.history.errors import HistoryError
    from ubp_core.history.export import to_csv, to_json
    from ubp_core.history.figures import LayerFigures
    from ubp_core.history.store import Entry, History, read_figures
    from ubp_core.history.summary import RunFilter, Summary

_HOMES = {
    "ComparedVariant": "compare",
    "Comparison": "compare",
    "Entry": "store",
    "History": "store",
    "HistoryError": "errors",
    "LayerFigures": "figures",
    "RunFilter": "summary",
    "Summary": "summary",
    "compare_runs": "compare",
    "read_figures": "store",
    "to_csv": "export",
    "to_json": "export",
}
__all__ = [
    "ComparedVariant",
    "Comparison",
    "Entry",
    "History",
    "HistoryError",
    "LayerFigures",
    "RunFilter",
    "Summary",
    "compare_runs",
    "read_figures",
    "to_csv",
    "to_json",
]

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)
