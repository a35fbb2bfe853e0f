"""What a user takes away: pruned weights, masks, packed layers, the whole
network, tables and the plan, each one file written in one step.

`export_files` writes several; the command line and the app both use it. Importing this package is cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.export.targets import KINDS, ExportTarget, check_targets
from ubp_core.lazy_names import import_at_use, list_names

if TYPE_CHECKING:
    from ubp_core.export.masks import save_masks as save_masks
    from ubp_core.export.run import PreparedFiles as PreparedFiles
    from ubp_core.export.run import export_files as export_files
    from ubp_core.export.run import prepare_files as prepare_files
    from ubp_core.export.state_dict import pruned_state as pruned_state
    from ubp_core.export.state_dict import save_state as save_state
    from ubp_core.export.tables import save_table as save_table

__all__ = [
    "KINDS",
    "ExportTarget",
    "PreparedFiles",
    "check_targets",
    "export_files",
    "prepare_files",
    "pruned_state",
    "save_masks",
    "save_state",
    "save_table",
]

_HOMES = {
    "PreparedFiles": "run",
    "export_files": "run",
    "prepare_files": "run",
    "pruned_state": "state_dict",
    "save_masks": "masks",
    "save_state": "state_dict",
    "save_table": "tables",
}

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)
