"""Whole networks: from a torch model to a packed file with a graph, and running one.

Owns capture, folding, fusing, the arena plan and the comparison with PyTorch. Must not print, and selects no blocks.
Importing this package is cheap: torch is imported where it is first needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ubp_core.network.exporting import ExportedNetwork as ExportedNetwork
    from ubp_core.network.exporting import export_network as export_network
    from ubp_core.network.network import Network as Network

_HOMES = {"ExportedNetwork": "exporting", "Network": "network", "export_network": "exporting"}
__all__ = ["ExportedNetwork", "Network", "export_network"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
