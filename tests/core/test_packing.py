"""Packing: what a packed layer holds, that unpacking gives every bit back, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packed_samples import Blocks, random_blocks, random_layer
from ubp_core.errors import SelectionError
from ubp_core.packed.packing import pack, pack_dense
from ubp_core.packed.rotation import block_starts

SHAPES = ((16, 8, 1, 1), (9, 5, 3, 2), (33, 7), (4, 1, 1, 1), (3, 11))


def masked(weight: np.ndarray[Any, Any], blocks: Blocks) -> np.ndarray[Any, Any]:
    mask = np.zeros(blocks.shape, bool)
    for row, column in zip(blocks.rows, blocks.columns, strict=True):
        mask[row : row + blocks.block_size, column] = True
    return np.where(mask.reshape(weight.shape), weight, np.float32(0))


@pytest.mark.parametrize("block_size", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("aligned", [False, True])
def test_unpack_gives_the_masked_weight_bit_for_bit(shape: tuple[int, ...], block_size: int, aligned: bool) -> None:
    rng = np.random.default_rng(block_size)
    weight = rng.normal(size=shape).astype(np.float32)
    weight.reshape(-1)[::3] = -0.0
    blocks = random_blocks(rng, (shape[0], int(np.prod(shape[1:]))), block_size, aligned=aligned)
    unpacked = pack(weight, blocks).unpack()
    assert unpacked.shape == shape
    assert unpacked.tobytes() == masked(weight, blocks).tobytes()


def test_weight_of_every_row_stands_at_its_own_position() -> None:
    weight = np.arange(24, dtype=np.float32).reshape(6, 4)
    layer = pack(weight, Blocks(np.array([1, 2]), np.array([3, 0]), 4, (6, 4)))
    assert layer.row_begin.tolist() == [0, 0, 1, 2]
    assert layer.block_column.tolist() == [3, 0]
    # rows 1, 2, 3, 4 of column 3 at positions 1, 2, 3, 0; rows 2, 3, 4, 5 of column 0 at positions 2, 3, 0, 1
    assert layer.weights.tolist() == [[19, 7, 11, 15], [16, 20, 8, 12]]


def test_blocks_are_in_stream_order_whatever_order_they_come_in() -> None:
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(20, 9)).astype(np.float32)
    blocks = random_blocks(rng, (20, 9), 4)
    shuffled = rng.permutation(len(blocks.rows))
    layer = pack(weight, replace(blocks, rows=blocks.rows[shuffled], columns=blocks.columns[shuffled]))
    starts = block_starts(layer.row_begin)
    assert np.array_equal(np.lexsort((layer.block_column, starts)), np.arange(layer.block_count))
    assert layer.unpack().tobytes() == masked(weight, blocks).tobytes()


def test_aligned_is_seen_from_the_blocks() -> None:
    rng = np.random.default_rng(1)
    assert random_layer(rng, (32, 8), 4, aligned=True).aligned
    assert not random_layer(rng, (32, 8), 4).aligned
    assert random_layer(rng, (32, 8), 1).aligned
    assert not random_layer(rng, (32, 8), 0).aligned


def test_a_layer_without_blocks_unpacks_to_zeros() -> None:
    nothing = np.zeros(0, np.int32)
    layer = pack(np.ones((6, 5), np.float32), Blocks(nothing, nothing, 4, (6, 5)))
    assert layer.block_count == 0 and not layer.unpack().any()
    assert layer.achieved_sparsity == 1.0


def test_no_bias_is_a_bias_of_zeros() -> None:
    assert pack_dense(np.ones((3, 2), np.float32)).bias.tolist() == [0, 0, 0]


def test_numbers_and_pairs_mean_the_same() -> None:
    weight = np.ones((4, 2, 3, 3), np.float32)
    one = pack_dense(weight, stride=2, padding=1, dilation=3)
    two = pack_dense(weight, stride=(2, 2), padding=(1, 1), dilation=[3, 3])
    assert (
        (one.stride, one.padding, one.dilation) == (two.stride, two.padding, two.dilation) == ((2, 2), (1, 1), (3, 3))
    )


def test_torch_tensors_pack_as_arrays_do() -> None:
    import torch

    weight = torch.randn(8, 4, dtype=torch.float16)
    layer = pack_dense(weight.requires_grad_())
    assert np.array_equal(layer.unpack(), weight.detach().numpy().astype(np.float32))


def test_achieved_sparsity_and_bytes() -> None:
    layer = random_layer(np.random.default_rng(0), (64, 64, 1, 1), 4, density=0.3)
    stored = layer.block_count * 4
    assert layer.achieved_sparsity == 1 - stored / 4096
    assert layer.nbytes == 62 * 4 + (layer.block_count + 2) * 2 + stored * 4 + 64 * 4
    assert layer.dense_nbytes == 4 * (4096 + 64)


@given(st.data())
def test_any_selection_survives(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 12))
    block_size = data.draw(st.sampled_from([1, 2, 4, 8, 16]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    weight = rng.integers(0, 0x7F7FFFFF, (rows, columns), np.uint32).view(np.float32)  # any finite bits
    blocks = random_blocks(rng, (rows, columns), block_size, data.draw(st.floats(0, 1)))
    assert pack(weight, blocks).unpack().tobytes() == masked(weight, blocks).tobytes()


GOOD = Blocks(np.array([0, 4]), np.array([1, 1]), 4, (8, 3))
WEIGHT = np.ones((8, 3), np.float32)
REFUSED = {
    "block_size": (WEIGHT, replace(GOOD, block_size=3), {}),
    "selection: is of a": (WEIGHT, replace(GOOD, shape=(3, 8)), {}),
    "selection: rows and columns": (WEIGHT, replace(GOOD, rows=np.array([0])), {}),
    "selection: a block starts": (WEIGHT, replace(GOOD, rows=np.array([0, 5])), {}),
    "selection: a block lies": (WEIGHT, replace(GOOD, columns=np.array([0, 3])), {}),
    "selection: two blocks": (WEIGHT, replace(GOOD, rows=np.array([0, 3])), {}),
    "weight: holds a value": (np.full((8, 3), np.nan, np.float32), GOOD, {}),
    "weight: is float64": (WEIGHT.astype(np.float64), GOOD, {}),
    "weight: is int32": (WEIGHT.astype(np.int32), GOOD, {}),
    "weight: has 3 dimensions": (WEIGHT.reshape(8, 3, 1), GOOD, {}),
    "weight: 0 x 3": (WEIGHT[:0], GOOD, {}),
    "bias: has shape": (WEIGHT, GOOD, {"bias": np.ones(7, np.float32)}),
    "bias: holds a value": (WEIGHT, GOOD, {"bias": np.full(8, np.inf, np.float32)}),
    "activation": (WEIGHT, GOOD, {"activation": "gelu"}),
    "stride: 0": (WEIGHT.reshape(8, 3, 1, 1), GOOD, {"stride": 0}),
    "padding: -1": (WEIGHT.reshape(8, 3, 1, 1), GOOD, {"padding": -1}),
    r"dilation: \(1, 2, 3\)": (WEIGHT.reshape(8, 3, 1, 1), GOOD, {"dilation": (1, 2, 3)}),
    "a linear layer has none": (WEIGHT, GOOD, {"stride": 2}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_bad_argument_is_named(message: str) -> None:
    weight, blocks, options = REFUSED[message]
    with pytest.raises(SelectionError, match=message):
        pack(weight, blocks, **options)
