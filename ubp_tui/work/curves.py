"""Which points the curves of a layer are drawn through, and in which order they are found."""

from __future__ import annotations

from collections.abc import Container

from ubp_tui.choices.choice import BLOCK_SIZES, CURVE_METHODS, Choice

CURVE_POINTS = tuple(
    round(0.05 * step, 2) for step in (10, 16, 4, 19, 1, 13, 7, 18, 15, 17, 14, 12, 11, 9, 8, 6, 5, 3, 2)
)
"""Sparsities of the curves, coarse to fine: the shape is there after five points, the rest fills in."""


def plan_curves(choice: Choice, known: Container[Choice]) -> list[Choice]:
    """The curve points still to find: the present sparsity for every method first, then coarse to fine, then over N."""
    sparsities = dict.fromkeys((choice.sparsity, *CURVE_POINTS))
    points = [Choice(m, choice.block_size, s, choice.block_columns) for s in sparsities for m in CURVE_METHODS]
    sizes = [Choice(m, n, choice.sparsity, choice.block_columns) for n in BLOCK_SIZES for m in CURVE_METHODS]
    first = len(CURVE_METHODS) * 6
    return [point for point in dict.fromkeys((*points[:first], *sizes, *points[first:])) if point not in known]
