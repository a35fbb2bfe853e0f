"""ubp_core: unaligned block-wise pruning without a terminal. Names are imported when first used (torch is slow)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.installation.version import __version__ as __version__
from ubp_core.lazy_names import import_at_use, list_names

if TYPE_CHECKING:
    from ubp_core.criteria import importance as importance
    from ubp_core.global_selection import NetworkSelection as NetworkSelection
    from ubp_core.global_selection import select_global as select_global
    from ubp_core.network.network import Network as Network
    from ubp_core.packed.file import PackedFile as PackedFile
    from ubp_core.packed.layer import PackedLayer as PackedLayer
    from ubp_core.packed.packing import pack as pack
    from ubp_core.pruning import BlockPruner as BlockPruner
    from ubp_core.pruning import CubicSchedule as CubicSchedule
    from ubp_core.pruning import LayerRule as LayerRule
    from ubp_core.pruning import LinearSchedule as LinearSchedule
    from ubp_core.pruning import OneShotSchedule as OneShotSchedule
    from ubp_core.pruning import check_deployable as check_deployable
    from ubp_core.pruning import recalibrate_batchnorm as recalibrate_batchnorm
    from ubp_core.selection import Selection as Selection
    from ubp_core.selection import select_blocks as select_blocks
    from ubp_core.vocabulary import METHODS as METHODS

_HOMES = {
    "BlockPruner": "pruning",
    "CubicSchedule": "pruning",
    "LayerRule": "pruning",
    "LinearSchedule": "pruning",
    "OneShotSchedule": "pruning",
    "check_deployable": "pruning",
    "Network": "network.network",
    "importance": "criteria",
    "pack": "packed.packing",
    "recalibrate_batchnorm": "pruning",
    "METHODS": "vocabulary",
    "PackedFile": "packed.file",
    "PackedLayer": "packed.layer",
    "NetworkSelection": "global_selection",
    "Selection": "selection",
    "select_blocks": "selection",
    "select_global": "global_selection",
}
__all__ = [
    "METHODS",
    "BlockPruner",
    "CubicSchedule",
    "LayerRule",
    "LinearSchedule",
    "Network",
    "NetworkSelection",
    "OneShotSchedule",
    "PackedFile",
    "PackedLayer",
    "Selection",
    "check_deployable",
    "importance",
    "pack",
    "recalibrate_batchnorm",
    "select_blocks",
    "select_global",
]

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)
