"""What a plan is made of: a layer's record, how to load the model, and the words that may stand in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel

VERSION = 1
"""Of the file's format."""
DENSE = "dense"
"""The method of a layer that keeps all its weights."""
METHODS = ("abp", "greedy", "bed", "optimal", "unstructured")
"""`ubp_core.METHODS`, here so that reading a plan needs no native code; a test compares them."""
CRITERIA = ("l1", "l2")
"""`ubp_core.criteria.CRITERIA`, likewise."""
SCALES = ("raw", "mean")
"""`ubp_core.global_selection.SCALES`, likewise."""
SCOPES = ("uniform", "global")
"""Every layer at the same sparsity, or one budget over all layers."""
MAX_BLOCK_SIZE = 32


@dataclass(frozen=True)
class ModelSpec:
    """How to load the plan's model: the arguments of `ubp_core.models.load_model`."""

    name: str
    """A network's name or a checkpoint's path."""
    weights: str = "default"
    """`default`, `random` or a checkpoint's path."""
    arch: str | None = None
    """The network that a checkpoint belongs to."""
    width: float = 1.0
    """Width multiplier, for networks that take one."""
    seed: int = 0
    """Of random weights."""
    input_size: int = 224
    """Height and width of the image in pixels."""

    def load(self, progress: Callable[[str], None] | None = None) -> LoadedModel:
        """Loads it; raises ModelError."""
        from ubp_core.models import load_model

        return load_model(
            self.name,
            weights=self.weights,
            arch=self.arch,
            width=self.width,
            seed=self.seed,
            input_size=self.input_size,
            progress=progress,
        )


@dataclass(frozen=True)
class LayerPlan:
    """What is done with one layer."""

    name: str
    """As in `Layer.name`, the module's path in the network."""
    method: str = DENSE
    """One of METHODS, or DENSE."""
    block_size: int = 4
    """N, 1 to 32; of no meaning where dense."""
    sparsity: float = 0.0
    """Share of the weights to prune, 0 to 1; `selection.budget` makes whole blocks of it. 0 where dense."""
    because: str = ""
    """Why the layer stays dense, in words; empty where it is pruned."""
    fixed: bool = False
    """Chosen for this layer alone: a global budget leaves it as it is and is spent on the others."""
    floor: float | None = None
    """Share that stays at least, where it isn't the plan's; for a global budget."""
    ceiling: float | None = None
    """Share that stays at most, likewise."""

    @property
    def dense(self) -> bool:
        """Whether the layer keeps all its weights."""
        return self.method == DENSE
