"""Whole networks: from a torch model to a packed file with a graph, and running one.

Owns capture, folding, fusing, the arena plan and the comparison with PyTorch. Must not print, and selects no blocks.
Importing this package is cheap: torch is imported where it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.lazy_names import import_at_use, list_names

if TYPE_CHECKING:
    from ubp_core.network.exporting import ExportedNetwork as ExportedNetwork
    from ubp_core.network.exporting import export_network as export_network
    from ubp_core.network.network import Network as Network

_HOMES = {"ExportedNetwork": "exporting", "Network": "network", "export_network": "exporting"}
__all__ = ["ExportedNetwork", "Network", "export_network"]

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)
