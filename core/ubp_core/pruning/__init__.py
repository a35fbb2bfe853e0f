"""Pruning during training: `BlockPruner` and what goes with it.

Owns masks from the first update to the baked-in zeros. Must not own a training loop: that is the user's, or
`ubp_core.training`'s. Importing this package is cheap: torch is imported with the first name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.lazy_names import import_at_use, list_names

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

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)
