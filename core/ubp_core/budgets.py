"""How many blocks a layer keeps, and when it stays dense: one rule for selection, plans, training, files and the app.

Pure numbers: knows no weight and no file.
"""

from __future__ import annotations

from collections.abc import Mapping

from ubp_core.vocabulary import MAX_BLOCK_SIZE, PACKED_BLOCK_SIZES

Shape = tuple[int, int]
"""(R, K) of a layer's matrix."""
LARGER_PACKED = "larger if packed"
"""Why a layer stays dense of which a budget takes so few weights that the places of the others cost more bytes."""


def budget(shape: Shape, block_size: int, sparsity: float) -> int:
    """Number of blocks B = round((1-s) R K / N), at most K (R // N): what the rows hold."""
    return min(asked_blocks(shape, block_size, sparsity), held_blocks(shape, block_size))


def asked_blocks(shape: Shape, block_size: int, sparsity: float) -> int:
    """round((1-s) R K / N), which may be more than the rows hold."""
    return round((1.0 - sparsity) * shape[0] * shape[1] / block_size)


def held_blocks(shape: Shape, block_size: int) -> int:
    """K (R // N): blocks of a column don't overlap."""
    return shape[1] * (shape[0] // block_size)


def network_budget(shapes: Mapping[str, Shape], block_size: int, sparsity: float) -> int:
    """Number of blocks B = round((1-s) sum(R K) / N) of a network, at most sum(K (R // N))."""
    weights = sum(rows * columns for rows, columns in shapes.values())
    return min(
        round((1.0 - sparsity) * weights / block_size), sum(held_blocks(shape, block_size) for shape in shapes.values())
    )


def blocks_to_keep(shape: Shape, block_size: int, sparsity: float, method: str) -> tuple[int, int]:
    """Size and number of the blocks that a selection has.

    `unstructured` has single weights, as many as the blocks of the others cover. Sparsity 0 keeps every weight: where
    the rows are no multiple of N, that takes single weights too.
    """
    if sparsity == 0 and shape[0] % block_size:
        return 1, shape[0] * shape[1]
    blocks = budget(shape, block_size, sparsity)
    return (1, blocks * block_size) if method == "unstructured" else (block_size, blocks)


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


def dense_reason(shape: Shape, block_size: int, sparsity: float) -> str | None:
    """Why a layer that was to be pruned stays dense, in words; None: it is pruned."""
    reason = too_few_rows(shape[0], block_size)
    if reason is None and sparsity == 0 and shape[0] % block_size:
        reason = f"sparsity 0 keeps every weight, and {shape[0]} output channels are no multiple of {block_size}"
    return reason


def is_dense_reason(text: str, shape: Shape) -> bool:
    """Whether a text is what `dense_reason` says of a layer of this shape, for any block size."""
    return any(text == dense_reason(shape, size, 0.0) for size in range(1, MAX_BLOCK_SIZE + 1))


def budget_note(shape: Shape, block_size: int, sparsity: float) -> str | None:
    """What to say of a layer that can't have the sparsity asked for; None where rounding to blocks is all there is."""
    if sparsity >= 1 or dense_reason(shape, block_size, sparsity):
        return None
    asked, held = asked_blocks(shape, block_size, sparsity), held_blocks(shape, block_size)
    least = f"sparsity {sparsity:g} was asked for, {1 - min(asked, held) * block_size / (shape[0] * shape[1]):.4g} is"
    if asked == 0:
        return f"{least} achieved: what stays is less than half a block of {block_size}, so that nothing does"
    if asked > held:
        left = shape[0] % block_size
        return f"{least} achieved: {left} of {shape[0]} output channels are no whole block of {block_size}"
    return None


def network_note(shapes: Mapping[str, Shape], block_size: int, sparsity: float) -> str | None:
    """The same of one budget for several layers."""
    weights = sum(rows * columns for rows, columns in shapes.values())
    blocks = network_budget(shapes, block_size, sparsity)
    if not weights or blocks >= round((1.0 - sparsity) * weights / block_size):
        return None
    return (
        f"all layers together: sparsity {sparsity:g} was asked for, {1 - blocks * block_size / weights:.4g} is "
        f"achieved: output channels that are no whole block of {block_size} can't stay"
    )
