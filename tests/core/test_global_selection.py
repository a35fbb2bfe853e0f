"""One budget over several layers: against trying every split, against the sorted gains, and against its certificate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reference_selection import brute_force_totals, contract_column, counted_totals, greedy_column, merge_totals
from test_selection import random_matrix
from ubp_core import METHODS, Selection, select_blocks, select_global
from ubp_core.errors import CandidatesExhausted, SelectionError
from ubp_core.global_selection import NetworkSelection, block_limits, network_budget

Layers = dict[str, NDArray[np.float32]]


def random_layers(
    generator: np.random.Generator, largest: int, count: int, block_size: int, decades: float = 37
) -> Layers:
    """Layers of at least `block_size` rows."""
    sides = generator.integers(1, largest, (count, 2))
    sides[:, 0] = np.maximum(sides[:, 0], block_size)
    return {f"layer{i}": random_matrix(generator, *sides[i], decades=decades) for i in range(count)}


def shapes_of(layers: Layers) -> dict[str, tuple[int, int]]:
    return {name: (matrix.shape[0], matrix.shape[1]) for name, matrix in layers.items()}


def random_limits(generator: np.random.Generator, layers: Layers) -> tuple[dict[str, float], dict[str, float]]:
    floors = {name: float(generator.random() * 0.3) for name in layers if generator.random() < 0.5}
    ceilings = {name: float(0.3 + 0.7 * generator.random()) for name in layers if generator.random() < 0.5}
    return floors, ceilings


def layer_curve(matrix: NDArray[np.float32], block_size: int, brute: bool) -> list[float]:
    """Best total of a layer for every number of blocks, by trying every split over its columns."""
    totals_of = brute_force_totals if brute else counted_totals
    return merge_totals([totals_of(matrix[:, k], block_size) for k in range(matrix.shape[1])])


def kept_total(layers: Layers, result: NetworkSelection) -> float:
    return math.fsum(float(v) for name, matrix in layers.items() for v in matrix[result.layers[name].mask()])


def assert_exact(generator: np.random.Generator, layers: Layers, block_size: int, sparsity: float, brute: bool) -> bool:
    """Compares `optimal` with the best split; False where floors and ceilings can't be met."""
    floors, ceilings = random_limits(generator, layers)
    shapes = shapes_of(layers)
    limits = list(block_limits(shapes, block_size, floors, ceilings).values())
    budget = network_budget(shapes, block_size, sparsity)
    arguments = (layers, block_size, sparsity, "optimal")
    if not sum(floor for floor, _ in limits) <= budget <= sum(ceiling for _, ceiling in limits):
        with pytest.raises(SelectionError, match=r"^(floors|ceilings): "):
            select_global(*arguments, floors=floors, ceilings=ceilings)
        return False
    result = select_global(*arguments, floors=floors, ceilings=ceilings)
    assert sum(len(s.rows) for s in result.layers.values()) == budget
    for selection, (floor, ceiling) in zip(result.layers.values(), limits, strict=True):
        assert floor <= len(selection.rows) <= ceiling
        assert selection.mask().sum() == len(selection.rows) * block_size
    curves = [layer_curve(matrix, block_size, brute) for matrix in layers.values()]
    expected = merge_totals(curves, limits)[budget]
    assert kept_total(layers, result) == pytest.approx(expected, rel=1e-12)
    total = math.fsum(float(v) for matrix in layers.values() for v in matrix.ravel())
    assert result.retained == pytest.approx(expected / total if total else 1.0, rel=1e-12)
    assert result.upper_bound is not None
    assert result.retained <= result.upper_bound <= result.retained + 1e-9
    return True


@pytest.mark.parametrize("seed", range(6))
def test_optimal_equals_brute_force_over_layers(seed: int) -> None:
    generator = np.random.default_rng(seed)
    met = 0
    for _ in range(120):
        block_size = int(generator.integers(1, 5))
        layers = random_layers(generator, 9, int(generator.integers(1, 5)), block_size)
        sparsity = float(generator.choice([0.03, 0.5, 0.75, 0.9, generator.random()]))
        met += assert_exact(generator, layers, block_size, sparsity, brute=True)
    assert met > 40


@pytest.mark.parametrize("seed", range(10))
def test_optimal_equals_the_best_split_on_medium_layers(seed: int) -> None:
    """Large enough for the sampled price search; decades apart in size, so that floors and ceilings bind."""
    generator = np.random.default_rng(100 + seed)
    shapes = [(40, 300), (33, 500), (64, 20), (9, 90)]
    layers = {f"layer{i}": random_matrix(generator, *shape, decades=6) for i, shape in enumerate(shapes)}
    if seed % 2:
        layers = {name: np.float32(10.0 ** generator.uniform(-3, 3)) * matrix for name, matrix in layers.items()}
    met = sum(assert_exact(generator, layers, n, s, brute=False) for n, s in ((4, 0.75), (8, 0.5), (3, 0.9)))
    assert met > 0


def test_optimal_is_exact_on_ties() -> None:
    generator = np.random.default_rng(0)
    layers: Layers = {
        name: generator.integers(0, 3, shape).astype(np.float32)
        for name, shape in {"a": (64, 120), "b": (37, 200), "c": (8, 16)}.items()
    }
    curves = [layer_curve(matrix, 4, brute=False) for matrix in layers.values()]
    limits = list(block_limits(shapes_of(layers), 4, None, None).values())
    for sparsity in np.linspace(0.03, 0.97, 12):
        result = select_global(layers, 4, float(sparsity), "optimal")
        budget = network_budget(shapes_of(layers), 4, float(sparsity))
        assert kept_total(layers, result) == merge_totals(curves, limits)[budget]


def layer_gains(matrix: NDArray[np.float32], block_size: int, method: str) -> list[float]:
    """All gains of a layer, largest first, by the method's definition."""
    rows, columns = matrix.shape
    if method in ("greedy", "bed"):
        steps = {"greedy": greedy_column, "bed": contract_column}[method]
        gains = [gain for k in range(columns) for gain, _ in steps(matrix[:, k], block_size)]
    else:
        n = 1 if method == "unstructured" else block_size
        gains = [
            math.fsum(float(v) for v in matrix[r : r + n, k]) for k in range(columns) for r in range(0, rows - n + 1, n)
        ]
    return sorted(gains, reverse=True)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("method", ["abp", "greedy", "bed", "unstructured"])
def test_other_methods_take_the_largest_gains_of_all_layers(method: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    for _ in range(15):
        block_size, sparsity = int(generator.integers(1, 7)), float(generator.choice([0.3, 0.6, 0.9]))
        layers = random_layers(generator, 40, 3, block_size, decades=3)
        floors, ceilings = random_limits(generator, layers)
        size = 1 if method == "unstructured" else block_size
        limits = block_limits(shapes_of(layers), size, floors, ceilings)
        budget = network_budget(shapes_of(layers), block_size, sparsity) * (block_size // size)
        forced, open_gains = [], []
        for name, (floor, ceiling) in limits.items():
            gains = layer_gains(layers[name], block_size, method)
            forced += gains[:floor]
            open_gains += gains[floor:ceiling]
        left = budget - sum(floor for floor, _ in limits.values())
        try:
            result = select_global(layers, block_size, sparsity, method, floors=floors, ceilings=ceilings)
        except CandidatesExhausted:
            short = any(floor > len(layer_gains(layers[n], block_size, method)) for n, (floor, _) in limits.items())
            assert method == "greedy" and (short or len(open_gains) < left)
            continue
        except SelectionError:
            assert left < 0 or budget > sum(ceiling for _, ceiling in limits.values())
            continue
        expected = math.fsum(forced) + math.fsum(sorted(open_gains, reverse=True)[:left])
        assert sum(len(s.rows) for s in result.layers.values()) == budget
        assert kept_total(layers, result) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), block_size=st.integers(1, 32), sparsity=st.floats(1e-6, 1, exclude_max=True))
def test_methods_are_ordered_and_spend_the_budget(seed: int, block_size: int, sparsity: float) -> None:
    generator = np.random.default_rng(seed)
    layers = random_layers(generator, 50, int(generator.integers(1, 5)), block_size)
    budget = network_budget(shapes_of(layers), block_size, sparsity)
    kept = {}
    for method in METHODS:
        try:
            result = select_global(layers, block_size, sparsity, method)
        except CandidatesExhausted:
            assert method == "greedy"
            continue
        assert sum(len(s.rows) * s.block_size for s in result.layers.values()) == budget * block_size
        kept[method] = result.retained
        uniform = {name: select_blocks_or_none(matrix, block_size, sparsity, method) for name, matrix in layers.items()}
        if method != "greedy" and sum(len(s.rows) * s.block_size for s in uniform.values() if s) == budget * block_size:
            masks = sum(float(layers[n][s.mask()].sum(dtype=np.float64)) for n, s in uniform.items() if s)
            total = sum(float(m.sum(dtype=np.float64)) for m in layers.values())
            assert result.retained >= masks / max(total, 1e-300) * (1 - 1e-6) - 1e-9, "uniform keeps more than global"
    for method in ("abp", "greedy", "bed"):
        assert kept.get(method, 0) <= kept["optimal"] + 1e-9
    assert kept["optimal"] <= kept["unstructured"] + 1e-9


def select_blocks_or_none(
    matrix: NDArray[np.float32], block_size: int, sparsity: float, method: str
) -> Selection | None:
    try:
        return select_blocks(matrix, block_size, sparsity, method)
    except CandidatesExhausted:
        return None


@pytest.mark.parametrize("method", METHODS)
def test_one_layer_gets_what_it_gets_alone(method: str) -> None:
    matrix = np.abs(np.random.default_rng(1).standard_normal((120, 700)).astype(np.float32))
    alone, shared = select_blocks(matrix, 4, 0.8, method), select_global({"x": matrix}, 4, 0.8, method)
    np.testing.assert_array_equal(alone.mask(), shared.layers["x"].mask())
    assert shared.retained == pytest.approx(alone.retained, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_threads_and_repetition_do_not_change_the_result(method: str) -> None:
    generator = np.random.default_rng(3)
    layers: Layers = {
        "gauss": np.abs(generator.standard_normal((96, 900))).astype(np.float32),
        "ties": generator.integers(0, 3, (70, 800)).astype(np.float32),
        "small": np.abs(generator.standard_normal((6, 11))).astype(np.float32),
    }
    one = select_global(layers, 4, 0.7, method, scale="mean", threads=1)
    for threads in (2, 5):
        other = select_global(layers, 4, 0.7, method, scale="mean", threads=threads)
        assert (one.retained, one.upper_bound) == (other.retained, other.upper_bound)
        for name in layers:
            np.testing.assert_array_equal(one.layers[name].rows, other.layers[name].rows)
            np.testing.assert_array_equal(one.layers[name].columns, other.layers[name].columns)


@pytest.mark.parametrize("method", METHODS)
def test_a_layers_part_leads_to_it_again(method: str) -> None:
    """`Selection.sparsity` of a layer is all that a plan has to hold."""
    layers = random_layers(np.random.default_rng(8), 70, 4, 4, decades=2)
    block_size = 4
    for name, selection in select_global(layers, block_size, 0.6, method).layers.items():
        if len(selection.rows) == 0 or (method == "unstructured" and len(selection.rows) % block_size):
            continue
        again = select_blocks(layers[name], block_size, selection.sparsity, method)
        np.testing.assert_array_equal(again.mask(), selection.mask())


@pytest.mark.parametrize("method", ["greedy", "bed", "optimal"])
def test_columns_that_the_sample_overrates(method: str) -> None:
    """The search looks at one tile of columns in 32 first. Here those have the largest gains, and the smallest."""
    matrix = np.ones((64, 520), np.float32)
    sampled = np.r_[0:16, 512:520]
    matrix[:32, sampled], matrix[32:, sampled] = 100.0, 1e-3
    alone = select_blocks(matrix, 4, 1 - 300 * 4 / matrix.size, method)
    shared = select_global({"x": matrix}, 4, 1 - 300 * 4 / matrix.size, method).layers["x"]
    for selection in (alone, shared):
        assert len(selection.rows) == 300
        assert matrix[selection.mask()].sum() == 24 * 32 * 100 + (300 - 24 * 8) * 4


def test_floor_and_scale_keep_a_layer_of_small_weights_from_being_emptied() -> None:
    generator = np.random.default_rng(5)
    big = np.abs(generator.standard_normal((64, 200)).astype(np.float32))
    layers = {"big": big, "small": np.float32(1e-3) * big[:, ::-1].copy()}
    assert len(select_global(layers, 4, 0.75, "optimal").layers["small"].rows) == 0
    floored = select_global(layers, 4, 0.75, "optimal", floors=0.1)
    assert len(floored.layers["small"].rows) == math.ceil(0.1 * 64 * 200 / 4)
    scaled = select_global(layers, 4, 0.75, "optimal", scale="mean")
    assert abs(len(scaled.layers["small"].rows) - len(scaled.layers["big"].rows)) <= 2
    capped = select_global(layers, 4, 0.75, "optimal", ceilings={"big": 0.4})
    assert len(capped.layers["big"].rows) == math.floor(0.4 * 64 * 200 / 4)


@pytest.mark.parametrize(("change", "message"), [
    ({"importances": {}}, "importances: need at least one layer"),
    ({"importances": {"a": np.ones(3, np.float32)}}, "a: importance: need a matrix"),
    ({"importances": {"a": np.full((4, 4), np.nan, np.float32)}}, "importance: every value must be finite"),
    ({"importances": {"a": np.full((4, 4), np.nan, np.float32)}, "scale": "mean"}, "importance: every value"),
    ({"block_size": 0}, "block_size: "),
    ({"sparsity": 1.0}, "sparsity: "),
    ({"method": "magic"}, "method: "),
    ({"scale": "max"}, "scale: "),
    ({"floors": 1.5}, "floors: need a share"),
    ({"floors": {"z": 0.5}}, "floors: there is no layer 'z'"),
    ({"floors": {"a": 0.5}, "ceilings": {"a": 0.4}}, "floors: a has floor 0.5 above its ceiling 0.4"),
    ({"floors": 0.6}, r"floors: together they keep 22 blocks, but sparsity 0.5 leaves 18; .* to 0.388"),
    ({"ceilings": 0.3}, r"ceilings: together they let 10 blocks stay, but sparsity 0.5 keeps 18; .* to 0.723"),
])  # fmt: skip
def test_bad_arguments_are_named_in_one_line(change: dict[str, object], message: str) -> None:
    layers = {"a": np.ones((8, 8), np.float32), "b": np.ones((8, 10), np.float32)}
    arguments: dict[str, object] = {"importances": layers, "block_size": 4, "sparsity": 0.5, "method": "optimal"}
    with pytest.raises(SelectionError, match=message) as caught:
        select_global(**{**arguments, **change})  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_the_sparsity_that_an_error_offers_works() -> None:
    layers = {"a": np.ones((8, 8), np.float32), "b": np.ones((8, 10), np.float32)}
    select_global(layers, 4, 0.388, "bed", floors=0.6)
    select_global(layers, 4, 0.723, "bed", ceilings=0.3)


def test_the_first_price_is_above_every_gain_of_a_layer_of_odd_scale() -> None:
    """A layer's mean makes a scale by which its own largest gain can't be multiplied and divided without rounding."""
    first = np.array([[1.8842753, 0], [0, 0.73645407], [0.78190845, 0.29691437], [4.817498, 0], [0, 2.7645419]])
    layers = {"first": first.astype(np.float32), "even": np.full((7, 1), 0.4, np.float32)}
    for sparsity in (0.3, 0.4, 0.5, 0.6):
        result = select_global(layers, 2, sparsity, scale="mean", floors={"first": 0.1})
        assert sum(len(s.rows) for s in result.layers.values()) == network_budget(shapes_of(layers), 2, sparsity)
