"""What a plan is made of: the record of a layer."""

from __future__ import annotations

from dataclasses import dataclass, field

from ubp_core.vocabulary import DEFAULT_BLOCK_COLUMNS, DEFAULT_BLOCK_SIZE, DENSE

VERSION = 1
"""Of the file's format."""


@dataclass(frozen=True)
class LayerPlan:
    """What is done with one layer."""

    name: str
    """As in `Layer.name`, the module's path in the network."""
    method: str = DENSE
    """One of METHODS, or DENSE."""
    block_size: int = DEFAULT_BLOCK_SIZE
    """N, 1 to 32; of no meaning where dense."""
    block_columns: int = field(default=DEFAULT_BLOCK_COLUMNS, kw_only=True)
    """Columns of a block, one of BLOCK_COLUMNS; likewise."""
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
    dtype: str | None = None
    """One of DTYPES, where it isn't the plan's."""

    @property
    def dense(self) -> bool:
        """Whether the layer keeps all its weights."""
        return self.method == DENSE

    def kept(self, because: str) -> LayerPlan:
        """The same layer, dense for this reason."""
        return LayerPlan(self.name, because=because, fixed=self.fixed, dtype=self.dtype)
