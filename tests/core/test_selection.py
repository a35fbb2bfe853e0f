"""Selection against brute force, a counted dynamic programme, reference procedures and its own certificate."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from reference_selection import (
    best_steps_mask,
    best_total,
    brute_force_totals,
    contract_column,
    counted_totals,
    greedy_column,
)
from ubp_core import METHODS, Selection, importance, select_blocks
from ubp_core.budgets import blocks_to_keep
from ubp_core.errors import CandidatesExhausted, SelectionError
from ubp_core.report import offset_histogram
from ubp_core.selection import budget


def random_matrix(generator: np.random.Generator, rows: int, columns: int, decades: float = 37) -> NDArray[np.float32]:
    """One of the kinds of importance that break selections: ties, zeros, constants, huge spreads.

    Up to 3 decades either way every sum is exact in double precision, so that even choices among equals are the same.
    """
    kind = generator.integers(6)
    if kind == 0:
        matrix = np.abs(generator.standard_normal((rows, columns)))
    elif kind == 1:
        matrix = generator.integers(0, 2, (rows, columns))
    elif kind == 2:
        matrix = generator.integers(0, 5, (rows, columns))
    elif kind == 3:
        matrix = np.full((rows, columns), generator.integers(0, 2) * 0.1)
    elif kind == 4:
        matrix = 10.0 ** generator.uniform(-decades, decades, (rows, columns))
    else:
        matrix = np.abs(generator.standard_normal((rows, columns))) * (generator.random((rows, columns)) < 0.3)
    return matrix.astype(np.float32)


def total_kept(matrix: NDArray[np.float32], selection: Selection) -> float:
    return math.fsum(float(v) for v in matrix[selection.mask()])


def assert_valid(matrix: NDArray[np.float32], selection: Selection, blocks: int) -> None:
    assert len(selection.rows) == len(selection.columns) == blocks
    assert selection.rows.dtype == selection.columns.dtype == np.int32
    order = list(zip(selection.rows.tolist(), selection.columns.tolist(), strict=True))
    assert order == sorted(set(order))
    if blocks:
        assert selection.rows.min() >= 0 and selection.rows.max() <= matrix.shape[0] - selection.block_size
        assert selection.columns.min() >= 0 and selection.columns.max() < matrix.shape[1]
    assert selection.mask().sum() == blocks * selection.block_size, "blocks overlap"
    total = math.fsum(float(v) for v in matrix.ravel())
    kept = total_kept(matrix, selection)
    assert selection.retained == pytest.approx(kept / total if total else 1.0, rel=1e-12)
    assert selection.achieved_sparsity == pytest.approx(1 - blocks * selection.block_size / matrix.size)


@pytest.mark.parametrize("seed", range(8))
def test_optimal_equals_brute_force(seed: int) -> None:
    generator = np.random.default_rng(seed)
    for _ in range(400):
        rows, columns = generator.integers(1, 13), generator.integers(1, 5)
        block_size = int(min(generator.integers(1, 6), rows))
        matrix = random_matrix(generator, rows, columns)
        sparsity = float(generator.choice([0.0, 0.25, 0.5, 0.75, 0.9, generator.random()]))
        block_size, blocks, _ = blocks_to_keep(matrix.shape, block_size, sparsity, "optimal")
        totals = [brute_force_totals(matrix[:, k], block_size) for k in range(columns)]
        selection = select_blocks(matrix, block_size, sparsity, "optimal")
        assert_valid(matrix, selection, blocks)
        assert total_kept(matrix, selection) == pytest.approx(best_total(totals, blocks), rel=1e-12)
        assert selection.upper_bound is not None
        assert selection.retained <= selection.upper_bound <= selection.retained + 1e-9


@pytest.mark.parametrize("seed", range(24))
def test_optimal_equals_counted_programme_on_medium_layers(seed: int) -> None:
    generator = np.random.default_rng(1000 + seed)
    rows, columns = int(generator.integers(30, 140)), int(generator.integers(1, 60))
    block_size = min(int(generator.choice([1, 2, 3, 4, 5, 8, 16, 31, 32])), rows)
    matrix = random_matrix(generator, rows, columns)
    totals = [counted_totals(matrix[:, k], block_size) for k in range(columns)]
    for sparsity in (0.05, 0.3, 0.5, 0.75, 0.95):
        blocks = budget(matrix.shape, block_size, sparsity)
        selection = select_blocks(matrix, block_size, sparsity, "optimal")
        assert_valid(matrix, selection, blocks)
        assert total_kept(matrix, selection) == pytest.approx(best_total(totals, blocks), rel=1e-12)


@pytest.mark.parametrize("levels", [2, 3, 17])
def test_optimal_is_exact_on_integers(levels: int) -> None:
    """Integer sums are exact in floating point: so must the answer be, however many ties there are."""
    generator = np.random.default_rng(levels)
    matrix = generator.integers(0, levels, (96, 70)).astype(np.float32)
    totals = [counted_totals(matrix[:, k], 4) for k in range(70)]
    for blocks_share in np.linspace(0.02, 0.98, 25):
        selection = select_blocks(matrix, 4, float(blocks_share), "optimal")
        assert total_kept(matrix, selection) == best_total(totals, len(selection.rows))


@pytest.mark.parametrize("distribution", ["gaussian", "ternary", "spread", "zeros", "sorted"])
def test_certificate_on_large_layers(distribution: str) -> None:
    generator = np.random.default_rng(7)
    matrix = {
        "gaussian": lambda: np.abs(generator.standard_normal((1024, 1537))),
        "ternary": lambda: generator.integers(0, 3, (1024, 1537)),
        "spread": lambda: 10.0 ** generator.uniform(-30, 30, (1024, 1537)),
        "zeros": lambda: np.zeros((1024, 1537)),
        "sorted": lambda: np.sort(np.abs(generator.standard_normal((1024, 1537))), axis=1),
    }[distribution]().astype(np.float32)
    for block_size, sparsity in ((2, 0.9), (4, 0.75), (7, 0.0), (16, 0.5)):
        selection = select_blocks(matrix, block_size, sparsity, "optimal")
        size, blocks, _ = blocks_to_keep(matrix.shape, block_size, sparsity, "optimal")
        assert len(selection.rows) == blocks
        assert selection.mask().sum() == blocks * size
        assert selection.upper_bound is not None
        assert 0 <= selection.upper_bound - selection.retained <= 1e-12


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("method", ["greedy", "bed"])
def test_sequential_methods_follow_their_procedure(method: str, seed: int) -> None:
    """The same rows, not only the same total: ties included."""
    generator = np.random.default_rng(seed)
    steps_of = {"greedy": greedy_column, "bed": contract_column}[method]
    for _ in range(60):
        rows, columns = generator.integers(1, 60), generator.integers(1, 40)
        block_size = int(min(generator.integers(1, 9), rows))
        matrix = random_matrix(generator, rows, columns, decades=3)
        steps = [steps_of(matrix[:, k], block_size) for k in range(columns)]
        sparsity = float(generator.choice([0.02, 0.4, 0.75, 0.9]))
        blocks = budget(matrix.shape, block_size, sparsity)
        expected = best_steps_mask(steps, matrix.shape, blocks)
        if expected is None:
            assert method == "greedy"
            with pytest.raises(CandidatesExhausted) as caught:
                select_blocks(matrix, block_size, sparsity, method)
            assert caught.value.found == sum(len(s) for s in steps) and caught.value.budget == blocks
            continue
        selection = select_blocks(matrix, block_size, sparsity, method)
        assert_valid(matrix, selection, blocks)
        np.testing.assert_array_equal(selection.mask(), expected)


def test_bed_follows_its_procedure_on_a_long_column() -> None:
    matrix = np.abs(np.random.default_rng(3).standard_normal((700, 40)).astype(np.float32))
    for block_size in (4, 32):
        steps = [contract_column(matrix[:, k], block_size) for k in range(40)]
        expected = best_steps_mask(steps, matrix.shape, budget(matrix.shape, block_size, 0.6))
        np.testing.assert_array_equal(select_blocks(matrix, block_size, 0.6, "bed").mask(), expected)


def test_bed_is_optimal_up_to_blocks_of_two() -> None:
    generator = np.random.default_rng(5)
    for block_size in (1, 2):
        matrix = np.abs(generator.standard_normal((120, 90)).astype(np.float32))
        for sparsity in (0.3, 0.7, 0.9):
            bed = select_blocks(matrix, block_size, sparsity, "bed")
            assert bed.retained == pytest.approx(
                select_blocks(matrix, block_size, sparsity, "optimal").retained, rel=1e-12
            )


@pytest.mark.parametrize(("block_size", "sparsity", "expected"), [
    (2, 0.7, (49.66, 53.02, 53.17, 53.17, 58.42)),
    (4, 0.5, (65.02, 70.17, 70.63, 70.73, 79.63)),
    (4, 0.8, (31.28, 34.43, 34.46, 34.47, 43.97)),
    (8, 0.7, (39.58, 43.43, 43.49, 43.53, 58.42)),
    (16, 0.5, (57.56, 61.83, 62.03, 62.18, 79.63)),
])  # fmt: skip
def test_shares_kept_of_a_gaussian_layer(block_size: int, sparsity: float, expected: tuple[float, ...]) -> None:
    """Known figures of an independent prototype (another random matrix: hence the tolerance)."""
    matrix = np.abs(np.random.default_rng(0).standard_normal((512, 1024)).astype(np.float32))
    for method, percent in zip(METHODS, expected, strict=True):
        assert 100 * select_blocks(matrix, block_size, sparsity, method).retained == pytest.approx(percent, abs=0.06)


@settings(max_examples=150)
@given(
    matrix=hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40),
                      elements=st.floats(0, 3.0000000054977558e38, width=32)),
    block_size=st.integers(1, 32),
    sparsity=st.floats(0, 1, exclude_max=True),
)  # fmt: skip
def test_every_method_is_valid_and_ordered(matrix: NDArray[np.float32], block_size: int, sparsity: float) -> None:
    block_size = min(block_size, len(matrix))
    blocks = budget(matrix.shape, block_size, sparsity)
    kept = {}
    for method in METHODS:
        try:
            selection = select_blocks(matrix, block_size, sparsity, method)
        except CandidatesExhausted as error:
            assert method == "greedy" and error.found < error.budget == blocks
            continue
        assert_valid(matrix, selection, blocks_to_keep(matrix.shape, block_size, sparsity, method)[1])
        kept[method] = selection.retained
    slack = 1e-9
    assert kept["abp"] <= kept["optimal"] + slack
    assert kept.get("greedy", 0) <= kept["optimal"] + slack
    assert kept["bed"] <= kept["optimal"] + slack
    assert kept["optimal"] <= kept["unstructured"] + slack


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["gaussian", "ternary"])
def test_threads_do_not_change_the_result(method: str, kind: str) -> None:
    generator = np.random.default_rng(11)
    matrix = generator.standard_normal((333, 777)) if kind == "gaussian" else generator.integers(0, 3, (333, 777))
    matrix = np.abs(matrix).astype(np.float32)
    one = select_blocks(matrix, 4, 0.6, method, threads=1)
    for threads in (2, 3, 16):
        other = select_blocks(matrix, 4, 0.6, method, threads=threads)
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_array_equal(one.columns, other.columns)
        assert (one.retained, one.upper_bound) == (other.retained, other.upper_bound)


def test_aligned_blocks_start_on_the_grid_and_unaligned_ones_do_not() -> None:
    matrix = np.abs(np.random.default_rng(2).standard_normal((66, 50)).astype(np.float32))
    aligned = offset_histogram(select_blocks(matrix, 4, 0.5, "abp"))
    assert aligned[0] == aligned.sum() > 0
    assert (offset_histogram(select_blocks(matrix, 4, 0.5, "optimal")) > 0).all()


def test_unstructured_keeps_the_largest_weights() -> None:
    matrix = np.abs(np.random.default_rng(4).standard_normal((64, 80)).astype(np.float32))
    selection = select_blocks(matrix, 4, 0.9, "unstructured")
    kept = budget(matrix.shape, 4, 0.9) * 4
    assert selection.block_size == 1 and len(selection.rows) == kept
    np.testing.assert_array_equal(np.sort(matrix[selection.mask()]), np.sort(matrix.ravel())[-kept:])


def test_a_layer_smaller_than_a_block_is_refused() -> None:
    for method in METHODS:
        with pytest.raises(SelectionError, match="importance: has 3 output channels, fewer than a block of 4"):
            select_blocks(np.ones((3, 5), np.float32), 4, 0.5, method)


@pytest.mark.parametrize(("change", "named"), [
    ({"importance": np.full((4, 4), np.nan, np.float32)}, "importance"),
    ({"importance": np.full((4, 4), np.inf, np.float32)}, "importance"),
    ({"importance": np.full((4, 4), 1e300)}, "importance"),
    ({"importance": -np.ones((4, 4), np.float32)}, "importance"),
    ({"importance": np.ones(4, np.float32)}, "importance"),
    ({"importance": np.ones((2, 2, 2), np.float32)}, "importance"),
    ({"importance": np.ones((0, 4), np.float32)}, "importance"),
    ({"importance": np.array([["a"]])}, "importance"),
    ({"block_size": 0}, "block_size"),
    ({"block_size": 33}, "block_size"),
    ({"block_size": 2.0}, "block_size"),
    ({"block_size": True}, "block_size"),
    ({"sparsity": 1.0}, "sparsity"),
    ({"sparsity": -0.1}, "sparsity"),
    ({"sparsity": math.nan}, "sparsity"),
    ({"sparsity": "0.5"}, "sparsity"),
    ({"method": "magic"}, "method"),
    ({"threads": 0}, "threads"),
])  # fmt: skip
def test_bad_arguments_are_named(change: dict[str, object], named: str) -> None:
    arguments: dict[str, object] = {"importance": np.ones((8, 8), np.float32), "block_size": 4, "sparsity": 0.5}
    with pytest.raises(ValueError, match=rf"^{named}: ") as caught:
        select_blocks(**{**arguments, **change})  # type: ignore[arg-type]
    assert isinstance(caught.value, SelectionError) and "\n" not in str(caught.value)


def test_importance_takes_tensors_and_arrays() -> None:
    weight = torch.randn(6, 3, 2, 2, requires_grad=True)
    expected = weight.detach().numpy().reshape(6, 12)
    np.testing.assert_array_equal(importance(weight), np.abs(expected))
    np.testing.assert_array_equal(importance(weight.detach().numpy(), "l2"), expected**2)
    np.testing.assert_array_equal(importance(torch.ones(2, 3, dtype=torch.bfloat16)), np.ones((2, 3)))
    assert importance(weight).dtype == np.float32
    for shape in ((3,), (2, 2, 2), (0, 4)):
        with pytest.raises(SelectionError, match="weight"):
            importance(np.zeros(shape, np.float32))
    with pytest.raises(SelectionError, match="criterion"):
        importance(weight, "l3")


def test_input_is_not_changed_and_python_holds_no_copies() -> None:
    matrix = np.abs(np.random.default_rng(0).standard_normal((256, 512)).astype(np.float32))
    before = matrix.copy()
    tracemalloc.start()
    selection = select_blocks(matrix, 4, 0.75, "optimal")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(matrix, before)
    assert peak < 4 * (selection.rows.nbytes + selection.columns.nbytes)
