"""Weights to whole numbers: each to its nearest, or so that the layer's output changes least.

The second way is that of optimal brain surgeon, column by column (GPTQ; Frantar et al., 2023): a column is rounded, and
what that costs is made good by the columns not yet rounded, as the inputs' second moments say. A pruned weight is a
column that is "rounded" to zero, so that nothing is ever put where no block is.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGEST = 127
"""Of an int8 weight, without its sign."""
DAMPING = 0.01
"""Added to the diagonal of the moments, as a share of its mean: few pictures don't say everything."""
BLOCK = 128
"""Columns after which what they cost is carried into all later ones."""
SWEEPS = 2
"""How often each weight is looked at again, all others held."""


def round_to_nearest(weights: Tensor) -> Tensor:
    """Whole numbers, half to even, -127 to 127."""
    return weights.round().clamp(-LARGEST, LARGEST)


def round_by_moments(weights: Tensor, kept: Tensor, moments: Tensor) -> Tensor:
    """Whole numbers whose products with the inputs differ least from those of the weights.

    Args:
        weights: fp64 [groups, rows, columns] in steps of each row's scale; zero where not kept.
        kept: bool, of the same shape; the others stay zero.
        moments: fp64 [groups, columns, columns] mean products of the inputs' columns, raw or centred.

    Returns:
        fp64 [groups, rows, columns], whole numbers from -127 to 127.
    """
    damped = damp(moments)
    order = damped.diagonal(dim1=1, dim2=2).argsort(dim=1, descending=True)
    along = order[:, None, :]
    sorted_moments = damped.gather(1, order[:, :, None].expand_as(damped)).gather(2, along.expand_as(damped))
    rounded = carry_errors(
        weights.gather(2, along.expand_as(weights)), kept.gather(2, along.expand_as(kept)), sorted_moments
    )
    result = torch.empty_like(rounded).scatter_(2, along.expand_as(rounded), rounded)
    return settle(result, weights, kept, damped)


def damp(moments: Tensor) -> Tensor:
    """The moments with more on their diagonal; the identity for a group without input."""
    mean = moments.diagonal(dim1=1, dim2=2).mean(1)
    added = torch.where(mean > 0, DAMPING * mean, 1.0)
    return moments + added[:, None, None] * torch.eye(moments.shape[1], dtype=moments.dtype)


def carry_errors(weights: Tensor, kept: Tensor, moments: Tensor) -> Tensor:
    """Rounds column after column, from the first to the last; arguments as of `round_by_moments`, moments damped."""
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(moments))
    upper = torch.linalg.cholesky(inverse, upper=True)
    rest, rounded = weights.clone(), torch.zeros_like(weights)
    for begin in range(0, weights.shape[2], BLOCK):
        block = slice(begin, begin + BLOCK)
        costs = torch.zeros_like(rest[:, :, block])
        for column in range(begin, min(begin + BLOCK, weights.shape[2])):
            rounded[:, :, column] = round_to_nearest(rest[:, :, column]) * kept[:, :, column]
            cost = (rest[:, :, column] - rounded[:, :, column]) / upper[:, column, column, None]
            rest[:, :, column + 1 : block.stop] -= cost[:, :, None] * upper[:, None, column, column + 1 : block.stop]
            costs[:, :, column - begin] = cost
        rest[:, :, block.stop :] -= costs @ upper[:, block, block.stop :]
    return rounded


def settle(rounded: Tensor, weights: Tensor, kept: Tensor, moments: Tensor) -> Tensor:
    """Moves single weights to where the others as they are want them; every move lowers the cost."""
    result = rounded.clone()
    slope = (result - weights) @ moments
    for _ in range(SWEEPS):
        for column in range(weights.shape[2]):
            now = result[:, :, column]
            wanted = now - slope[:, :, column] / moments[:, column, column, None]
            better = round_to_nearest(wanted) * kept[:, :, column]
            group, row = (better != now).nonzero(as_tuple=True)  # few move
            slope[group, row] += (better - now)[group, row, None] * moments[group, column]
            result[:, :, column] = better
    return result


def output_cost(rounded: Tensor, weights: Tensor, moments: Tensor) -> Tensor:
    """[groups, rows] mean square of what rounding changes in each row's output, in squared steps."""
    difference = rounded - weights
    return ((difference @ moments) * difference).sum(2)
