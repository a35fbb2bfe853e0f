"""Blocks of one column and of four at equal cost: at which sparsity an int8 layer takes as long with either.

Measures nothing: the ratios are those of the modelled kernels. `ubp bench` says what a device makes of a layer.
"""

from __future__ import annotations

from collections.abc import Sequence

from ubp_core.errors import UsageError

FASTER = {4: 1.43, 8: 1.3}
"""Multiply-adds per cycle of N x 4 blocks in int8 over those of N x 1 blocks (neoverse-n1, R = K = 512, s = 0.8)."""


def with_equal_costs(asked: Sequence[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """What is asked, and behind each sparsity of N x 1 blocks that of N x 4 blocks which costs as much.

    Args:
        asked: (block size, columns of a block, sparsity).

    Returns:
        The same with more; no more where the faster form would keep all weights.

    Raises:
        UsageError: a block size whose kernels are not priced.
    """
    if unknown := [block_size for block_size, _, _ in asked if block_size not in FASTER]:
        raise UsageError(f"--equal-cost: known for blocks of {', '.join(map(str, FASTER))} rows, not of {unknown[0]}")
    found = []
    for block_size, columns, sparsity in asked:
        found.append((block_size, columns, sparsity))
        kept = (1 - sparsity) * FASTER[block_size]
        if columns == 1 and kept <= 1:
            found.append((block_size, 4, round(1 - kept, 4)))
    return list(dict.fromkeys(found))
