"""What a user takes away: pruned weights, masks, packed layers, tables and the plan, each one file written in one step.

`export_files` writes several; the command line and the app both use it. Importing this package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ubp_core.export.targets import KINDS, ExportTarget, check_targets

if TYPE_CHECKING:
    from ubp_core.export.masks import save_masks as save_masks
    from ubp_core.export.run import export_files as export_files
    from ubp_core.export.state_dict import pruned_state as pruned_state
    from ubp_core.export.state_dict import save_state as save_state
    from ubp_core.export.tables import save_table as save_table

__all__ = [
    "KINDS",
    "ExportTarget",
    "check_targets",
    "export_files",
    "pruned_state",
    "save_masks",
    "save_state",
    "save_table",
]

_HOMES = {
    "export_files": "run",
    "pruned_state": "state_dict",
    "save_masks": "masks",
    "save_state": "state_dict",
    "save_table": "tables",
}


def __getattr__(name: str) -> Any:
    """Import the module that owns `name` at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
