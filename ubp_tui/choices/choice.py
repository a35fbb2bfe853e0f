"""What the user has chosen: immutable values that travel between widgets, workers and services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ubp_core.models import Layer

from ubp_core.units import format_block
from ubp_core.vocabulary import (
    BLOCK_COLUMNS,
    DEFAULT_BLOCK_COLUMNS,
    DEFAULT_BLOCK_SIZE,
    DEFAULT_METHOD,
    DEFAULT_SPARSITY,
    MAX_BLOCK_SIZE,
    METHODS,
    PACKED_BLOCK_SIZES,
)

CURVE_METHODS: Final = ("abp", "bed", "optimal", "unstructured", "greedy")
"""Methods as the plot shows them; `greedy` comes last: it may run out of blocks, and `bed` is its better self."""
BLOCK_SIZES: Final = (*PACKED_BLOCK_SIZES, MAX_BLOCK_SIZE)
"""Block sizes that the controls offer."""
MAX_SPARSITY: Final = 0.99
"""The highest sparsity that the controls offer."""


@dataclass(frozen=True)
class Choice:
    """How blocks are to be chosen."""

    method: str = DEFAULT_METHOD
    """One of METHODS."""
    block_size: int = DEFAULT_BLOCK_SIZE
    """Rows per block, 1..32."""
    sparsity: float = DEFAULT_SPARSITY
    """Share of weights to remove, 0 <= sparsity < 1."""
    block_columns: int = DEFAULT_BLOCK_COLUMNS
    """Columns of a block, one of BLOCK_COLUMNS."""

    @property
    def block(self) -> str:
        """The block in words: 4, or 4x4."""
        return format_block(self.block_size, self.block_columns)

    @property
    def grouped(self) -> bool:
        """Whether its blocks are made of groups of columns; single weights are not."""
        return self.block_columns > 1 and self.method != "unstructured"

    def with_other_columns(self) -> Choice:
        """The choice with the next number of columns, around the end."""
        place = BLOCK_COLUMNS.index(self.block_columns) + 1
        return replace(self, block_columns=BLOCK_COLUMNS[place % len(BLOCK_COLUMNS)])

    def with_method_step(self, step: int) -> Choice:
        """The choice with the method `step` places further along METHODS, around the end."""
        return replace(self, method=METHODS[(METHODS.index(self.method) + step) % len(METHODS)])

    def with_block_step(self, step: int, sizes: Sequence[int] = BLOCK_SIZES) -> Choice:
        """The choice with the block size `step` places further along `sizes`, around the end."""
        return replace(self, block_size=sizes[(sizes.index(self.block_size) + step) % len(sizes)])

    def with_sparsity_step(self, percent: int) -> Choice:
        """The choice with a sparsity `percent` points higher, on whole points, within 0..MAX_SPARSITY."""
        return self.with_sparsity(round(self.sparsity * 100) / 100 + percent / 100)

    def with_sparsity(self, sparsity: float) -> Choice:
        """The choice with this sparsity, rounded to a hundredth of a point, within 0..MAX_SPARSITY."""
        return replace(self, sparsity=round(min(max(sparsity, 0.0), MAX_SPARSITY), 4))


def find_dense_reason(layer: Layer, choice: Choice) -> str | None:
    """Why a layer stays dense whatever the user says, or can't have the blocks of this choice; None: it is pruned."""
    from ubp_core.budgets import dense_reason

    return layer.skip_reason or dense_reason((layer.rows, layer.columns), choice.block_size, choice.sparsity)


def offered_block_sizes(choice: Choice) -> tuple[int, ...]:
    """The block sizes to offer: BLOCK_SIZES, and the one of the choice if the command line asked for another."""
    return tuple(sorted({*BLOCK_SIZES, choice.block_size}))


@dataclass(frozen=True)
class SelectionRequest:
    """One wish for a selection; a result is drawn only if it answers the latest request."""

    number: int
    """Rises with every request."""
    layer: str
    """Name of the layer."""
    choice: Choice
    """How to select."""
    kept: str = ""
    """Why the layer stays dense though it could be pruned, in words."""
    by_tap: bool = False
    """Whether the columns of a k x k layer stand by tap, not by channel."""
    by_group: bool = False
    """Whether columns stand by groups of four, though the choice has none: another picture beside it does."""

    @property
    def grouped(self) -> bool:
        """Whether columns stand by groups of four."""
        return not self.kept and (self.by_group or self.choice.grouped)
