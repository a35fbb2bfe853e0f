"""Blocks of four columns: groups are permutations; selections on them against brute force and their certificate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reference_selection import brute_force_totals, merge_totals
from test_selection import random_matrix
from ubp_core import METHODS, Selection, select_blocks, select_global
from ubp_core.budgets import block_limits, blocks_to_keep, grouped, network_budget
from ubp_core.errors import CandidatesExhausted, SelectionError
from ubp_core.grouping.columns import ColumnGroups, group_neighbours
from ubp_core.grouping.likeness import group_alike
from ubp_core.report import offset_histogram

SHAPES = st.tuples(st.integers(1, 24), st.integers(1, 19))
SEEDS = st.integers(0, 2**32 - 1)
SPARSITIES = st.sampled_from((0.0, 0.25, 0.5, 0.75, 0.9, 0.97))


def make_groups(generator: np.random.Generator, matrix: NDArray[np.float32]) -> ColumnGroups:
    """One of the orders that there are: neighbours, alike, or any at all."""
    kind = generator.integers(3)
    if kind == 0:
        return group_neighbours(matrix.shape[1])
    return group_alike(matrix) if kind == 1 else ColumnGroups(generator.permutation(matrix.shape[1]))


def sum_columns(matrix: NDArray[np.float32], groups: ColumnGroups) -> list[NDArray[np.float64]]:
    """The groups' columns added up, from the definition: order[4 g .. 4 g + 3]."""
    order = groups.order.tolist()
    parts = [order[first : first + 4] for first in range(0, len(order), 4)]
    return [np.array([math.fsum(float(row[k]) for k in part) for row in matrix]) for part in parts]


def assert_whole_blocks(selection: Selection) -> None:
    """What stays is whole blocks of N x 4, none over another."""
    assert selection.groups is not None
    starts, numbers = selection.blocks()
    assert list(zip(starts, numbers, strict=True)) == sorted(set(zip(starts.tolist(), numbers.tolist(), strict=True)))
    expected = np.zeros(selection.shape, int)
    order = selection.groups.order
    for start, number in zip(starts, numbers, strict=True):
        expected[start : start + selection.block_size, order[4 * number : 4 * number + 4]] += 1
    assert expected.max(initial=0) <= 1, "blocks overlap"
    assert np.array_equal(expected.astype(bool), selection.mask())


@given(shape=SHAPES, seed=SEEDS)
def test_groups_are_permutations_and_lead_back(shape: tuple[int, int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    matrix = random_matrix(generator, *shape)
    groups = make_groups(generator, matrix)
    assert sorted(groups.order.tolist()) == list(range(shape[1])) and groups.order.dtype == np.uint16
    assert groups.count == -(-shape[1] // 4) == len(groups.places)
    assert groups.places[groups.places >= 0].tolist() == groups.order.tolist()
    assert all(column in groups.places[groups.group_of[column]] for column in range(shape[1]))
    starts = generator.integers(0, shape[0], 12).astype(np.int32)
    numbers = generator.integers(0, groups.count, 12).astype(np.int32)
    pairs = sorted(set(zip(starts.tolist(), numbers.tolist(), strict=True)))
    starts, numbers = (np.array(part, np.int32) for part in zip(*pairs, strict=True))
    back = groups.refold(*groups.unfold(starts, numbers))
    assert np.array_equal(back[0], starts) and np.array_equal(back[1], numbers)


@given(shape=SHAPES, seed=SEEDS)
def test_sums_of_groups_are_never_too_small(shape: tuple[int, int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    matrix = random_matrix(generator, *shape)
    groups = make_groups(generator, matrix)
    exact, folded = np.stack(sum_columns(matrix, groups), axis=1), groups.fold(matrix)
    assert folded.dtype == np.float32 and folded.shape == exact.shape
    assert (folded >= exact).all() and (folded <= exact * (1 + 2**-22) + 2**-148).all()


def test_sums_that_float32_can_not_hold() -> None:
    matrix = np.full((3, 6), 3e38, np.float32)
    assert group_neighbours(6).fold(matrix).dtype == np.float64
    selection = select_blocks(matrix, 1, 0.5, block_columns=4)
    assert selection.block_count == 3 and selection.upper_bound is not None
    assert selection.retained == pytest.approx(selection.mask().mean()) and selection.upper_bound >= selection.retained


def test_columns_that_matter_in_the_same_rows_come_together() -> None:
    generator = np.random.default_rng(3)
    kinds = generator.permutation(np.repeat(np.arange(6), 4))
    matrix = generator.random((48, 24)).astype(np.float32) * 0.01
    for column, kind in enumerate(kinds):
        matrix[kind * 8 : kind * 8 + 8, column] += 1 + generator.random()
    groups = group_alike(matrix)
    assert all(len(set(kinds[columns])) == 1 for columns in groups.places)
    neighbours = select_blocks(matrix, 4, 0.8, block_columns=4, groups=group_neighbours(24))
    assert select_blocks(matrix, 4, 0.8, block_columns=4).retained > neighbours.retained


def test_groups_depend_on_no_factor_and_no_order_of_rows_in_many_columns() -> None:
    matrix = np.abs(np.random.default_rng(5).standard_normal((300, 1030))).astype(np.float32)
    groups = group_alike(matrix)
    assert sorted(groups.order.tolist()) == list(range(1030))
    assert np.array_equal(groups.order, group_alike(matrix * np.float32(2**-20)).order)
    assert np.array_equal(groups.order, group_alike(np.asfortranarray(matrix)).order)


@pytest.mark.parametrize("order", [[0, 0, 1], [1, 2, 3], [], [[0, 1]], [0.0, 1.0], list(range(65_537))])
def test_an_order_that_is_none_is_refused(order: list[object]) -> None:
    with pytest.raises(SelectionError, match=r"^column order: need "):
        ColumnGroups(np.array(order))


@settings(max_examples=150)
@given(rows=st.integers(1, 12), columns=st.integers(1, 11), seed=SEEDS, sparsity=SPARSITIES)
def test_optimal_equals_brute_force_for_given_groups(rows: int, columns: int, seed: int, sparsity: float) -> None:
    generator = np.random.default_rng(seed)
    block_size = int(min(generator.integers(1, 6), rows))
    matrix = random_matrix(generator, rows, columns, decades=3)
    groups = make_groups(generator, matrix)
    selection = select_blocks(matrix, block_size, sparsity, "optimal", block_columns=4, groups=groups)
    size, blocks, width = blocks_to_keep((rows, columns), block_size, sparsity, "optimal", 4)
    total, kept = float(matrix.sum(dtype=np.float64)), float(matrix[selection.mask()].sum(dtype=np.float64))
    assert selection.retained == pytest.approx(kept / total if total else 1.0, rel=1e-12)
    if width == 1:
        assert selection.mask().all() and selection.groups is None
        return
    assert selection.groups is groups and selection.block_count == blocks and size == block_size
    assert_whole_blocks(selection)
    parts = [brute_force_totals(column, block_size) for column in sum_columns(matrix, groups)]  # type: ignore[arg-type]
    best = merge_totals(parts)[blocks]
    assert kept <= best * (1 + 1e-12)
    assert kept >= best * (1 - 2**-22), "sums are rounded to float32: no more is lost than that"
    assert selection.upper_bound is not None and selection.upper_bound * total >= best * (1 - 1e-12)
    assert selection.upper_bound * total <= best * (1 + 2**-21) + 1e-300


@settings(max_examples=60)
@given(shape=SHAPES, seed=SEEDS, sparsity=SPARSITIES, method=st.sampled_from(METHODS))
def test_every_method_has_the_blocks_of_its_budget(
    shape: tuple[int, int], seed: int, sparsity: float, method: str
) -> None:
    generator = np.random.default_rng(seed)
    block_size = int(min(generator.integers(1, 9), shape[0]))
    matrix = random_matrix(generator, *shape)
    try:
        selection = select_blocks(matrix, block_size, sparsity, method, block_columns=4)
    except CandidatesExhausted:
        assert method == "greedy"
        return
    _, blocks, width = blocks_to_keep(shape, block_size, sparsity, method, 4)
    assert selection.block_columns == width and selection.block_count == blocks
    assert selection.achieved_sparsity == pytest.approx(1 - selection.mask().mean())
    if width == 4:
        assert_whole_blocks(selection)
        assert method != "abp" or not (selection.rows % block_size).any()
        assert offset_histogram(selection).sum() == blocks
    if sparsity == 0:
        assert selection.mask().all() and selection.retained == 1


def test_whole_numbers_are_summed_exactly() -> None:
    generator = np.random.default_rng(11)
    matrix = generator.integers(0, 1000, (32, 24)).astype(np.float32)
    selection = select_blocks(matrix, 4, 0.75, block_columns=4)
    assert selection.upper_bound == pytest.approx(selection.retained, rel=1e-13)


@settings(max_examples=80)
@given(seed=SEEDS, sparsity=st.sampled_from((0.0, 0.3, 0.6, 0.8)), scale=st.sampled_from(("raw", "mean")))
def test_one_budget_is_exact_for_given_groups(seed: int, sparsity: float, scale: str) -> None:
    generator = np.random.default_rng(seed)
    size = int(generator.integers(1, 4))
    layers = {
        f"l{i}": random_matrix(generator, int(generator.integers(size, 9)), int(generator.integers(1, 10)), decades=3)
        for i in range(3)
    }
    groups = {name: make_groups(generator, matrix) for name, matrix in layers.items()}
    shapes = {name: (matrix.shape[0], matrix.shape[1]) for name, matrix in layers.items()}
    result = select_global(layers, size, sparsity, scale=scale, block_columns=4, groups=groups, floors={"l0": 0.1})
    assert result.block_columns == 4 and result.upper_bound is not None and result.upper_bound >= result.retained
    if sparsity == 0:
        assert all(selection.mask().all() for selection in result.layers.values())
        return
    budget = network_budget(shapes, size, sparsity, 4)
    assert sum(selection.block_count for selection in result.layers.values()) == budget
    for selection in result.layers.values():
        assert_whole_blocks(selection)
    if scale == "mean":
        return
    places = {name: grouped(shape, 4) for name, shape in shapes.items()}
    limits = list(block_limits(places, size, {"l0": 0.1}, None).values())
    curves = [
        merge_totals([brute_force_totals(c, size) for c in sum_columns(layers[name], groups[name])])  # type: ignore[arg-type]
        for name in layers
    ]
    best = merge_totals(curves, limits)[budget]
    kept = math.fsum(float(v) for name, matrix in layers.items() for v in matrix[result.layers[name].mask()])
    assert best * (1 - 2**-21) <= kept <= best * (1 + 1e-12)


def test_a_layers_part_of_a_budget_leads_to_its_blocks_again() -> None:
    generator = np.random.default_rng(2)
    layers = {"a": generator.random((24, 27)).astype(np.float32), "b": generator.random((40, 16)).astype(np.float32)}
    result = select_global(layers, 4, 0.6, block_columns=4)
    for name, selection in result.layers.items():
        again = select_blocks(layers[name], 4, selection.sparsity, block_columns=4, groups=selection.groups)
        assert np.array_equal(again.mask(), selection.mask())


def test_bad_arguments_are_named() -> None:
    matrix = np.ones((8, 8), np.float32)
    with pytest.raises(SelectionError, match=r"^block_columns: need 1 or 4; got 2"):
        select_blocks(matrix, 4, 0.5, block_columns=2)
    with pytest.raises(SelectionError, match=r"^block_columns: need 1 or 4; got True"):
        select_blocks(matrix, 4, 0.5, block_columns=True)
    with pytest.raises(SelectionError, match=r"^groups: are of 9 columns, the importance has 8"):
        select_blocks(matrix, 4, 0.5, block_columns=4, groups=group_neighbours(9))
    matrix[3, 2] = -1  # the sum with its neighbours is above 0
    with pytest.raises(SelectionError, match=r"finite and >= 0"):
        select_blocks(matrix, 4, 0.5, block_columns=4)
    with pytest.raises(SelectionError, match=r"^one: importance: every value must be finite"):
        select_global({"one": matrix}, 4, 0.5, block_columns=4)


def test_zeros_have_groups_too() -> None:
    selection = select_blocks(np.zeros((8, 6), np.float32), 4, 0.5, block_columns=4)
    assert selection.retained == selection.upper_bound == 1.0 and selection.block_count == 2
    assert_whole_blocks(selection)
