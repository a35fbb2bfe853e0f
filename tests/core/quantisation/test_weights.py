"""Weights in integers: moments of what layers are given, rounding by them, scales, biases, masks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packed_samples import random_layer
from ubp_core.network.reference import run_layer
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import pack_dense
from ubp_core.quantisation.affine import Affine
from ubp_core.quantisation.moments import Moments, patches, result_size
from ubp_core.quantisation.network import QuantisedLayer, kept_weights
from ubp_core.quantisation.rounding import damp, output_cost, round_by_moments, round_to_nearest
from ubp_core.quantisation.weights import LARGEST_SUM, LayerInputs, bias_limit, quantise_layer

SEEDS = st.integers(0, 2**32 - 1)
UNIT = Affine(1 / 64, 128)


def drawn_layer(rng: np.random.Generator) -> PackedLayer:
    """Pruned, dense or depthwise, of any geometry."""
    kind, kernel = int(rng.integers(3)), tuple(int(n) for n in rng.integers(1, 4, 2))
    shape = (6, 1, *kernel) if kind == 2 else (6, 4, *kernel)
    layer = random_layer(rng, shape, 4 if kind == 1 else 0)
    pairs = {key: tuple(int(n) for n in rng.integers(least, 3, 2)) for key, least in GEOMETRY.items()}
    return replace(layer, **pairs, groups=6 if kind == 2 else 1, activation="none")  # type: ignore[arg-type]


GEOMETRY = {"stride": 1, "padding": 0, "extra_padding": 0, "dilation": 1}


def drawn_input(layer: PackedLayer, rng: np.random.Generator, batch: int = 3) -> torch.Tensor:
    """With columns that have much to do with each other, and a mean."""
    channels = layer.groups * layer.shape[1]
    mixed = np.einsum("ij,bjhw->bihw", rng.standard_normal((channels, channels)), rng.random((batch, channels, 8, 7)))
    return torch.from_numpy(mixed.astype(np.float32))


@settings(max_examples=30)
@given(SEEDS)
def test_patches_are_what_rows_are_multiplied_with(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = drawn_layer(rng)
    x = drawn_input(layer, rng)
    weight = torch.from_numpy(layer.unpack()).reshape(layer.groups, -1, layer.columns)
    size = result_size(layer, *x.shape[2:])
    mine = (weight @ patches(layer, x)).reshape(len(x), layer.rows, *size)
    bias = torch.from_numpy(layer.bias).reshape(-1, 1, 1)
    expected = run_layer(layer, [x])
    assert mine.shape == expected.shape and torch.allclose(mine + bias, expected, atol=1e-4)


@settings(max_examples=30)
@given(SEEDS)
def test_moments_of_parts_are_those_of_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = drawn_layer(rng)
    x = drawn_input(layer, rng)
    found = patches(layer, x)
    moments = Moments.of_layer(layer)
    for picture in found:
        moments.add(picture[None])
    columns = found.permute(1, 2, 0, 3).flatten(2).double()
    assert moments.count == columns.shape[2]
    assert torch.allclose(moments.mean, columns.mean(2), atol=1e-5)
    assert torch.allclose(moments.raw, columns @ columns.mT / moments.count, atol=1e-4)
    around = columns - columns.mean(2, keepdim=True)
    assert torch.allclose(moments.centred, around @ around.mT / moments.count, atol=1e-4)


@pytest.mark.parametrize("spread", [0.0, 1e-6, 1e-3])
def test_inputs_that_hardly_change_can_be_rounded_by(spread: float) -> None:
    rng = np.random.default_rng(0)
    layer = pack_dense(rng.standard_normal((8, 240, 1, 1), np.float32))
    moments = Moments.of_layer(layer)
    level = 100 * rng.random((1, 1, 240, 1), np.float32)
    for _ in range(6):
        moments.add(torch.from_numpy(level + np.float32(spread) * rng.standard_normal((1, 1, 240, 49), np.float32)))
    weights = torch.from_numpy(rng.uniform(-127, 127, (1, 8, 240)))
    rounded = round_by_moments(weights, torch.ones_like(weights, dtype=torch.bool), moments.centred)
    assert ((rounded - weights).abs() < 127).all() and (rounded == rounded.round()).all()


def drawn_problem(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weights in steps, which are kept, and moments, for two groups."""
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(1, 150))
    x = torch.from_numpy(rng.standard_normal((2, columns, 3)) @ rng.standard_normal((3, 400)))
    x = x + 0.3 * torch.from_numpy(rng.standard_normal(x.shape))
    kept = torch.from_numpy(rng.random((2, 5, columns)) < 0.6)
    weights = torch.from_numpy(rng.uniform(-127, 127, (2, 5, columns))) * kept
    return weights, kept, x @ x.mT / 400


@settings(max_examples=25)
@given(SEEDS)
def test_rounding_by_moments_costs_less_and_keeps_the_mask(seed: int) -> None:
    weights, kept, moments = drawn_problem(seed)
    rounded, nearest = round_by_moments(weights, kept, moments), round_to_nearest(weights)
    assert not rounded[~kept].any() and torch.equal(rounded, rounded.round()) and rounded.abs().max() <= 127
    damped = damp(moments)
    assert output_cost(rounded, weights, damped).sum() <= output_cost(nearest, weights, damped).sum() * 1.0001


def test_rounding_by_moments_pays() -> None:
    """Columns that say nearly the same: their errors cancel."""
    weights, kept, moments = drawn_problem(7)
    rounded, nearest = round_by_moments(weights, kept, moments), round_to_nearest(weights)
    assert output_cost(rounded, weights, moments).sum() < 0.2 * output_cost(nearest, weights, moments).sum()


def test_columns_that_have_nothing_to_do_with_each_other_go_to_the_nearest() -> None:
    weights, kept, _ = drawn_problem(1)
    alone = torch.eye(weights.shape[2], dtype=torch.float64).expand(2, -1, -1)
    assert torch.equal(round_by_moments(weights, kept, alone), round_to_nearest(weights))
    assert torch.equal(round_by_moments(weights, kept, 0 * alone), round_to_nearest(weights))  # no input at all


def real_weights(layer: QuantisedLayer) -> np.ndarray:
    return layer.weights * layer.scales[:, None].astype(np.float64)


@settings(max_examples=30)
@given(SEEDS, st.booleans())
def test_integers_of_a_layer(seed: int, least_squares: bool) -> None:
    rng = np.random.default_rng(seed)
    source = drawn_layer(rng)
    x = drawn_input(source, rng)
    moments = Moments.of_layer(source, means_alone=not least_squares)
    moments.add(patches(source, x))
    wanted = run_layer(source, [x]).double().mean((0, 2, 3))
    layer = quantise_layer(source, UNIT, UNIT, LayerInputs(moments, wanted), correct_bias=True)
    assert not layer.weights[~kept_weights(source)].any()
    assert np.abs(layer.weights).max() <= 127 and (layer.scales > 0).all()
    step = layer.scales.astype(np.float64) * UNIT.scale
    means = (moments.mean.numpy()[:, None] * real_weights(layer).reshape(source.groups, -1, source.columns)).sum(2)
    assert np.abs(means.reshape(-1) + layer.bias * step - wanted.numpy()).max() <= 0.51 * step.max()
    assert (layer.largest_sums <= LARGEST_SUM).all()


def test_a_dead_channel_keeps_its_bias() -> None:
    """Folding leaves rows whose weights are nothing beside their bias: in steps of such weights it fits no i32."""
    source = pack_dense(
        np.array([[1e-12, -1e-12], [0.0, 0.0], [1.0, 0.5]], np.float32), np.array([3, -2, 0], np.float32)
    )
    layer = quantise_layer(source, UNIT, UNIT)
    assert (layer.largest_sums <= LARGEST_SUM).all()
    assert np.allclose(layer.bias * layer.scales.astype(np.float64) * UNIT.scale, [3, -2, 0], rtol=1e-6)


def test_a_row_of_nothing() -> None:
    layer = quantise_layer(pack_dense(np.zeros((2, 3), np.float32)), UNIT, UNIT)
    assert not layer.weights.any() and not layer.bias.any() and (layer.scales > 0).all()


def test_a_bias_beyond_all_sums_is_cut() -> None:
    """Only correcting can do that: scales leave room for twice the bias of the model."""
    source = pack_dense(np.full((1, 2), 1e-9, np.float32), np.ones(1, np.float32))
    moments = Moments.of_layer(source, means_alone=True)
    moments.add(torch.zeros(1, 1, 2, 1))
    inputs = LayerInputs(moments, torch.tensor([5.0], dtype=torch.float64))
    layer = quantise_layer(source, UNIT, UNIT, inputs, correct_bias=True)
    assert layer.bias[0] == bias_limit(2) and layer.largest_sums[0] <= LARGEST_SUM


@pytest.mark.parametrize("columns", [1, 65_536])
def test_there_is_room_for_a_bias(columns: int) -> None:
    assert bias_limit(columns) > 25_000_000 and 255 * 127 * columns + bias_limit(columns) == LARGEST_SUM
