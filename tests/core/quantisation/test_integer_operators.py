"""The reference in integers against plain loops, byte for byte, over random networks and at the limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from plain_integers import convert, plain_node, to_byte

from graph_samples import every_operation, random_network
from packed_samples import random_layer
from ubp_core.errors import ModelError, UbpError
from ubp_core.network.reference import run_reference
from ubp_core.packed.file import PackedFile
from ubp_core.quantisation.affine import Affine, round_to_bytes
from ubp_core.quantisation.interpreter import IntegerRun, run_integers
from ubp_core.quantisation.network import QuantisedLayer, QuantisedNetwork
from ubp_core.quantisation.operators import exact_type, layer_sums
from ubp_core.quantisation.quantising import Recipe, quantise
from ubp_core.quantisation.weights import LARGEST_SUM, bias_limit

SEEDS = st.integers(0, 2**32 - 1)
BYTES_ALONE = Recipe(least_squares=False, correct_bias=False, exact_outputs=False)


def random_inputs(network: PackedFile, rng: np.random.Generator) -> list[np.ndarray]:
    graph = network.graph
    assert graph is not None
    return [rng.standard_normal(t.shape).astype(np.float32) for t in graph.tensors[: graph.input_count]]


def compare_with_loops(network: QuantisedNetwork, inputs: list[np.ndarray]) -> int:
    """How many nodes were compared; raises where a byte differs."""
    run, compared, graph = IntegerRun(network, inputs), 0, network.graph
    run._last = [len(graph.nodes)] * len(graph.tensors)  # everything is looked at
    for index, node in enumerate(graph.nodes):
        run.step(index)
        made = run._values[graph.output_of(index)]
        if made.dtype == torch.uint8:
            codes = [run.codes(tensor).numpy() for tensor in node.operands]
            assert np.array_equal(made.numpy(), plain_node(network, index, codes, tuple(made.shape))), node
            compared += 1
    return compared


@settings(max_examples=25)
@given(SEEDS, st.integers(1, 8))
@example(77955183, 1)  # a tensor whose numbers differ by few steps of fp32
def test_random_networks_are_what_plain_loops_make(seed: int, node_count: int) -> None:
    rng = np.random.default_rng(seed)
    packed = random_network(rng, node_count, all_fp32=True)
    inputs = random_inputs(packed, rng)
    try:
        network = quantise(packed, [inputs], BYTES_ALONE)
    except ModelError:  # some tensor is zero
        assume(False)
    assert compare_with_loops(network, [3 * x for x in inputs]) > 0  # beyond what it was calibrated on


def test_every_operation() -> None:
    packed, rng = every_operation(), np.random.default_rng(1)
    inputs = random_inputs(packed, rng)
    network = quantise(packed, [inputs], BYTES_ALONE)
    assert compare_with_loops(network, inputs) == len(network.graph.nodes) - 1  # all but softmax
    for mine, exact in zip(run_integers(network, inputs), run_reference(packed, inputs), strict=True):
        assert mine.shape == exact.shape and np.abs(mine - exact).max() < 0.05 * np.abs(exact).max()


def wide_layer(columns: int, weight: int, bias: int) -> QuantisedLayer:
    source = random_layer(np.random.default_rng(0), (1, columns), 0)
    weights = np.full((1, columns), weight, np.int8)
    return QuantisedLayer(source, weights, np.ones(1, np.float32), np.array([bias], np.int32))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("columns", [1, 517, 65_536])
def test_no_sum_leaves_an_i32(columns: int, sign: int) -> None:
    """The largest weights, inputs and bias that there can be."""
    layer = wide_layer(columns, 127, sign * bias_limit(columns))
    assert layer.largest_sums[0] == LARGEST_SUM
    sums = layer_sums(layer, torch.full((1, columns, 1, 1), 255.0 * sign))
    assert sums.dtype == torch.int32 and int(sums) == sign * LARGEST_SUM


def test_sums_are_exact_in_any_type() -> None:
    """Whole numbers that fp32 does not have."""
    layer = wide_layer(65_536, 127, 1)
    layer.weights[0, ::2] = 126
    x = torch.full((1, 65_536, 1, 1), 255.0)
    x[0, 0] = 254.0
    assert int(layer_sums(layer, x)) == 255 * 32_768 * (126 + 127) - 126 + 1
    assert exact_type(2**24 - 1) == torch.float32 and exact_type(2**24) == torch.float64


def test_half_a_step_goes_to_the_even_side() -> None:
    halves = torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    assert round_to_bytes(halves, 10).tolist() == [8, 8, 10, 10, 12, 12]
    assert [to_byte(np.float32(x), 10) for x in halves] == [8, 8, 10, 10, 12, 12]


@given(st.floats(width=32), st.floats(2.0**-100, 2.0**100, width=32), st.integers(0, 255))
def test_conversion_of_any_number(x: float, scale: float, zero_point: int) -> None:
    affine = Affine(scale, zero_point)
    byte = int(affine.to_bytes(torch.tensor(x)))
    assert byte == convert(x, affine)


@given(st.floats(2.0**-100, 2.0**100, width=32), st.integers(0, 255))
def test_bytes_stay_bytes(scale: float, zero_point: int) -> None:
    affine, every = Affine(scale, zero_point), torch.arange(256).to(torch.uint8)
    assert torch.equal(affine.to_bytes(affine.to_numbers(every)), every)


def test_outputs_in_fp32_are_finer_than_bytes() -> None:
    packed, rng = every_operation(), np.random.default_rng(1)
    inputs = random_inputs(packed, rng)
    exact = run_reference(packed, inputs)[0]
    rough, fine = (
        run_integers(quantise(packed, [inputs], replace(BYTES_ALONE, exact_outputs=wide)), inputs)[0]
        for wide in (False, True)
    )
    assert not np.array_equal(rough, fine) and np.abs(fine - exact).max() < 0.05


def test_inputs_that_do_not_fit() -> None:
    packed, rng = every_operation(), np.random.default_rng(1)
    inputs = random_inputs(packed, rng)
    network = quantise(packed, [inputs], BYTES_ALONE)
    with pytest.raises(UbpError, match="need 2 inputs, got 1"):
        run_integers(network, inputs[:1])
    with pytest.raises(UbpError, match=r"input 0: need shape \(1, 4, 6, 6\), got \(1, 4, 6, 5\)"):
        run_integers(network, [inputs[0][..., :5], inputs[1]])
