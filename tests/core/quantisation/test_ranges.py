"""Ranges of activations: what observers choose, and what can't be a range."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graph_samples import every_operation, half_network
from ubp_core.errors import ModelError
from ubp_core.network.reference import run_reference
from ubp_core.packed.file import PackedFile
from ubp_core.quantisation.affine import affine_of_range
from ubp_core.quantisation.calibration import Inputs, calibrate, walk
from ubp_core.quantisation.observers import OBSERVERS, Extremes, Histogram, rounding_cost
from ubp_core.quantisation.quantising import Recipe, quantise

REALS = st.floats(-1e6, 1e6, width=32)


def histogram(numbers: np.ndarray) -> Histogram:
    seen = Histogram(float(numbers.min()), float(numbers.max()))
    seen.add(torch.from_numpy(numbers))
    return seen


def normal_numbers(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(200_000).astype(np.float32)


@given(REALS, REALS)
def test_a_range_has_zero_and_its_ends(low: float, high: float) -> None:
    if max(abs(low), abs(high)) < 1e-20:
        return
    affine = affine_of_range(min(low, high), max(low, high), "x")
    ends = torch.tensor([min(low, high, 0.0), max(low, high, 0.0), 0.0])
    back = affine.to_numbers(affine.to_bytes(ends))
    assert back[2] == 0 and (back - ends).abs().max() <= 0.5001 * affine.scale + 1e-6 * ends.abs().max()


@pytest.mark.parametrize(
    ("low", "high", "line"),
    [
        (0.0, 0.0, "conv1: zero on all calibration pictures"),
        (-1e-40, 1e-40, "conv1: zero on all calibration pictures"),
        (0.0, np.inf, "conv1: infinite or not a number"),
        (np.nan, 1.0, "conv1: infinite or not a number"),
        (-3e38, 3e38 * 300, "conv1: its range, .* is beyond fp32"),
    ],
)
def test_ranges_that_are_refused(low: float, high: float, line: str) -> None:
    with pytest.raises(ModelError, match=line):
        affine_of_range(low, high, "conv1")


def test_observers_of_an_outlier() -> None:
    numbers = normal_numbers()
    numbers[0] = 60.0
    chosen = {name: observer(histogram(numbers)) for name, observer in OBSERVERS.items()}
    assert chosen["minmax"] == (numbers.min(), 60.0)
    assert -5 < chosen["percentile"][0] < -3 and 3 < chosen["percentile"][1] < 5
    assert 20 < chosen["least_squares"][1] < 55


def test_least_squares_costs_least() -> None:
    seen = histogram(normal_numbers(1) ** 3)
    centres = (seen.edges[1:] + seen.edges[:-1]) / 2
    costs = {name: rounding_cost(centres, seen.counts, *observer(seen)) for name, observer in OBSERVERS.items()}
    assert costs["least_squares"] == min(costs.values()) < 0.9 * costs["minmax"]


def test_observers_of_one_side() -> None:
    """Behind ReLU there is nothing below zero."""
    seen = histogram(np.maximum(normal_numbers(2), 0))
    for observer in OBSERVERS.values():
        assert observer(seen)[0] == 0.0


def test_histograms_of_parts_are_those_of_the_whole() -> None:
    numbers = normal_numbers(3)
    whole, parts = histogram(numbers), Histogram(float(numbers.min()), float(numbers.max()))
    ends = Extremes()
    for part in np.split(numbers, 8):
        parts.add(torch.from_numpy(part))
        ends.add(torch.from_numpy(part))
    assert np.array_equal(whole.counts, parts.counts) and whole.counts.sum() == numbers.size
    assert (ends.low, ends.high) == (whole.low, whole.high)


def test_nan_is_not_forgotten() -> None:
    ends = Extremes()
    for value in (1.0, np.nan, 2.0):
        ends.add(torch.tensor([value]))
    assert np.isnan(ends.low) and np.isnan(ends.high)


def pictures(packed: PackedFile, count: int = 2, size: float = 1.0) -> list[Inputs]:
    rng, graph = np.random.default_rng(1), packed.graph
    assert graph is not None
    shapes = [tensor.shape for tensor in graph.tensors[: graph.input_count]]
    return [[(size * rng.standard_normal(shape)).astype(np.float32) for shape in shapes] for _ in range(count)]


def test_a_walk_is_the_reference() -> None:
    packed = every_operation()
    (inputs,) = pictures(packed, 1)
    graph = packed.graph
    assert graph is not None
    made = {index: after for index, _, after in walk(packed, inputs)}
    for tensor, expected in zip(graph.outputs, run_reference(packed, inputs), strict=True):
        assert torch.equal(made[tensor - graph.input_count].flatten(), torch.from_numpy(expected.flatten()))


@pytest.mark.parametrize("observer", OBSERVERS)
def test_what_keeps_its_scale(observer: str) -> None:
    packed = every_operation()
    found = calibrate(packed, pictures(packed), observer)
    assert packed.graph is not None and len(found.tensors) == len(packed.graph.tensors)
    assert found.tensors[4] == found.tensors[2]  # max pooling
    assert found.tensors[11] == found.tensors[10]  # flattening
    assert sorted(found.before_tables) == [4, 8]  # silu of a product, hard_swish of a layer
    assert sorted(found.means) == [0, 1, 8, 10]


def test_tensors_that_are_refused_are_named() -> None:
    packed = every_operation()
    with pytest.raises(ModelError, match="input 0: zero on all calibration pictures"):
        quantise(packed, pictures(packed, size=0.0))
    with pytest.raises(ModelError, match="input 0: infinite or not a number"):
        quantise(packed, pictures(packed, size=np.inf))
    with pytest.raises(ModelError, match=r"conv: infinite or not a number"):
        quantise(packed, pictures(packed, size=5e37))


def test_requests_that_are_refused() -> None:
    packed = every_operation()
    with pytest.raises(ModelError, match="no pictures to calibrate on"):
        quantise(packed, [])
    with pytest.raises(ModelError, match="no observer 'median'; there are minmax, percentile, least_squares"):
        quantise(packed, pictures(packed), Recipe(observer="median"))
    with pytest.raises(ModelError, match="conv9: the network does not apply this layer"):
        quantise(packed, pictures(packed), Recipe(keep=frozenset({"conv9"})))
    with pytest.raises(ModelError, match="the network has other types already"):
        quantise(half_network(), pictures(half_network()))
