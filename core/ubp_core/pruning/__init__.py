"""Pruning during training: `BlockPruner` and what goes with it.

Owns masks from the first update to the baked-in zeros. Must not own a training loop: that is the user's, or
`ubp_core.training`'s. Importing this package is cheap: torch is imported with the first name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ubp_core.pruning.batchnorm import recalibrate_batchnorm
    from ubp_core.pruning.deployability import LayerCheck, check_deployable
    from ubp_core.pruning.pruner import BlockPruner
    from ubp_core.pruning.report import LayerReport
    from ubp_core.pruning.rules import LayerRule
    from ubp_core.pruning.schedules import CubicSchedule, LinearSchedule, OneShotSchedule

__all__ = [
    "BlockPruner",
    "CubicSchedule",
    "LayerCheck",
    "LayerReport",
    "LayerRule",
    "LinearSchedule",
    "OneShotSchedule",
    "check_deployable",
    "recalibrate_batchnorm",
]

_HOMES = {
    "BlockPruner": "pruner",
    "CubicSchedule": "schedules",
    "LayerCheck": "deployability",
    "LayerReport": "report",
    "LayerRule": "rules",
    "LinearSchedule": "schedules",
    "OneShotSchedule": "schedules",
    "check_deployable": "deployability",
    "recalibrate_batchnorm": "batchnorm",
}


def __getattr__(name: str) -> Any:
    """Import the module that owns `name` at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
