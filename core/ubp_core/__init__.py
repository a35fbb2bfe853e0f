"""ubp_core: unaligned block-wise pruning without a terminal. Names are imported when first used (torch is slow)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ubp_core.criteria import importance as importance
    from ubp_core.selection import METHODS as METHODS
    from ubp_core.selection import Selection as Selection
    from ubp_core.selection import select_blocks as select_blocks

__version__ = "0.1.0"

_HOMES = {
    "importance": "criteria",
    "METHODS": "selection",
    "Selection": "selection",
    "select_blocks": "selection",
}
__all__ = ["METHODS", "Selection", "importance", "select_blocks"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
