"""How many blocks a layer keeps, and when it stays dense: one rule for selection, plans, training, files and the app.

Pure numbers: knows no weight and no file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from ubp_core.errors import SelectionError
from ubp_core.units import format_block
from ubp_core.vocabulary import MAX_BLOCK_SIZE, PACKED_BLOCK_SIZES

Shape = tuple[int, int]
"""(R, K) of a layer's matrix."""
Shares = float | Mapping[str, float] | None
"""A share of the weights that stay, 0 to 1: one for all layers, or by name (layers that aren't named have none)."""
LARGER_PACKED = "larger if packed"
"""Why a layer stays dense of which a budget takes so few weights that the places of the others cost more bytes."""


def grouped(shape: Shape, block_columns: int) -> Shape:
    """The shape in which blocks have one column: (R, ceil(K / C)). The last group's empty places count as weights."""
    return shape[0], -(-shape[1] // block_columns)


def budget(shape: Shape, block_size: int, sparsity: float, block_columns: int = 1) -> int:
    """Number of blocks B = round((1-s) R G / N), at most G (R // N): what the rows hold. G = ceil(K / C) groups."""
    return min(asked_blocks(shape, block_size, sparsity, block_columns), held_blocks(shape, block_size, block_columns))


def asked_blocks(shape: Shape, block_size: int, sparsity: float, block_columns: int = 1) -> int:
    """round((1-s) R G / N), which may be more than the rows hold."""
    rows, columns = grouped(shape, block_columns)
    return round((1.0 - sparsity) * rows * columns / block_size)


def held_blocks(shape: Shape, block_size: int, block_columns: int = 1) -> int:
    """G (R // N): blocks of a group don't overlap."""
    rows, columns = grouped(shape, block_columns)
    return columns * (rows // block_size)


def network_budget(shapes: Mapping[str, Shape], block_size: int, sparsity: float, block_columns: int = 1) -> int:
    """Number of blocks B = round((1-s) sum(R G) / N) of a network, at most sum(G (R // N))."""
    held = sum(held_blocks(shape, block_size, block_columns) for shape in shapes.values())
    return min(_asked_of_network(shapes, block_size, sparsity, block_columns), held)


def _asked_of_network(shapes: Mapping[str, Shape], block_size: int, sparsity: float, block_columns: int) -> int:
    """round((1-s) sum(R G) / N)."""
    places = sum(rows * columns for rows, columns in (grouped(shape, block_columns) for shape in shapes.values()))
    return round((1.0 - sparsity) * places / block_size)


def blocks_to_keep(
    shape: Shape, block_size: int, sparsity: float, method: str, block_columns: int = 1
) -> tuple[int, int, int]:
    """Rows, number and columns of the blocks that a selection has.

    `unstructured` has single weights, as many as the blocks of the others cover. Sparsity 0 keeps every weight: where
    the rows are no multiple of N, that takes single weights too.
    """
    if sparsity == 0 and shape[0] % block_size:
        return 1, shape[0] * shape[1], 1
    blocks = budget(shape, block_size, sparsity, block_columns)
    if method == "unstructured":
        return 1, min(blocks * block_size * block_columns, shape[0] * shape[1]), 1
    return block_size, blocks, block_columns


def too_few_rows(rows: int, block_size: int) -> str | None:
    """Why a layer can't have blocks of this size at all, in words; None if it can."""
    if rows >= block_size:
        return None
    return f"has {rows} output channel{'' if rows == 1 else 's'}, fewer than a block of {block_size}"


def no_kernel(block_size: int) -> str | None:
    """Why blocks of this size can be selected but not run, in words; None if they can be packed."""
    if block_size in PACKED_BLOCK_SIZES:
        return None
    sizes = ", ".join(map(str, PACKED_BLOCK_SIZES))
    return f"blocks of {block_size} can't be packed: kernels have {sizes}"


def split_note(block_columns: int) -> str | None:
    """What to say of blocks of four columns where a file of fp32 or fp16 is written; None where blocks have one."""
    if block_columns == 1:
        return None
    return f"fp32 and fp16 kernels walk blocks of one column: a block of {block_columns} is written as {block_columns}"


def dense_reason(shape: Shape, block_size: int, sparsity: float) -> str | None:
    """Why a layer that was to be pruned stays dense, in words; None: it is pruned."""
    reason = too_few_rows(shape[0], block_size)
    if reason is None and sparsity == 0 and shape[0] % block_size:
        reason = f"sparsity 0 keeps every weight, and {shape[0]} output channels are no multiple of {block_size}"
    return reason


def is_dense_reason(text: str, shape: Shape) -> bool:
    """Whether a text is what `dense_reason` says of a layer of this shape, for any block size."""
    return any(text == dense_reason(shape, size, 0.0) for size in range(1, MAX_BLOCK_SIZE + 1))


def budget_note(shape: Shape, block_size: int, sparsity: float, block_columns: int = 1) -> str | None:
    """What to say of a layer that can't have the sparsity asked for; None where rounding to blocks is all there is."""
    if sparsity >= 1 or dense_reason(shape, block_size, sparsity):
        return None
    asked, held = (count(shape, block_size, sparsity, block_columns) for count in (asked_blocks, budget))
    kept = held * block_size / math.prod(grouped(shape, block_columns))
    least = f"sparsity {sparsity:g} was asked for, {1 - kept:.4g} is"
    if asked == 0:
        size = format_block(block_size, block_columns)
        return f"{least} achieved: what stays is less than half a block of {size}, so that nothing does"
    if asked > held:
        left = shape[0] % block_size
        return f"{least} achieved: {left} of {shape[0]} output channels are no whole block of {block_size}"
    return None


def network_note(shapes: Mapping[str, Shape], block_size: int, sparsity: float, block_columns: int = 1) -> str | None:
    """The same of one budget for several layers."""
    places = sum(math.prod(grouped(shape, block_columns)) for shape in shapes.values())
    blocks = network_budget(shapes, block_size, sparsity, block_columns)
    if not places or blocks >= _asked_of_network(shapes, block_size, sparsity, block_columns):
        return None
    return (
        f"all layers together: sparsity {sparsity:g} was asked for, {1 - blocks * block_size / places:.4g} is "
        f"achieved: output channels that are no whole block of {block_size} can't stay"
    )


def block_limits(
    shapes: Mapping[str, Shape], block_size: int, floors: Shares, ceilings: Shares
) -> dict[str, tuple[int, int]]:
    """Floor and ceiling of each layer in blocks; arguments and errors as of `select_global`."""
    least, most = _by_layer("floors", floors, shapes, 0.0), _by_layer("ceilings", ceilings, shapes, 1.0)
    limits = {}
    for name, (rows, columns) in shapes.items():
        if least[name] > most[name]:
            raise SelectionError(f"floors: {name} has floor {least[name]:g} above its ceiling {most[name]:g}")
        holds, blocks = held_blocks((rows, columns), block_size), rows * columns / block_size
        floor = min(math.ceil(least[name] * blocks - 1e-9), holds)
        limits[name] = floor, max(min(math.floor(most[name] * blocks + 1e-9), holds), floor)
    return limits


def _by_layer(label: str, shares: Shares, names: Mapping[str, Any], default: float) -> dict[str, float]:
    """The share of every layer."""
    given = shares if isinstance(shares, Mapping) else dict.fromkeys(names, default if shares is None else shares)
    for name, share in given.items():
        if name not in names:
            raise SelectionError(f"{label}: there is no layer {name!r}")
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= share <= 1:
            raise SelectionError(f"{label}: need a share of weights that stay, 0 to 1; {name} has {share!r}")
    return {name: float(given.get(name, default)) for name in names}


def check_limits(
    limits: Mapping[str, tuple[int, int]], budget: int, block_size: int, weights: int, sparsity: float
) -> None:
    """Refuses floors above the budget, and ceilings below it."""
    least, most = sum(floor for floor, _ in limits.values()), sum(ceiling for _, ceiling in limits.values())
    if least > budget:
        raise SelectionError(
            f"floors: together they keep {least:,} blocks, but sparsity {sparsity:g} leaves {budget:,}; "
            f"lower the floors, or the sparsity to {_cut(1 - least * block_size / weights)}"
        )
    if most < budget:
        raise SelectionError(
            f"ceilings: together they let {most:,} blocks stay, but sparsity {sparsity:g} keeps {budget:,}; "
            f"raise the ceilings, or the sparsity to {_raised(1 - most * block_size / weights)}"
        )


def _cut(share: float) -> str:
    """Three digits, not above."""
    return f"{max(math.floor(share * 1000), 0) / 1000:g}"


def _raised(share: float) -> str:
    """Three digits, not below."""
    return f"{math.ceil(share * 1000) / 1000:g}"
