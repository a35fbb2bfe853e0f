"""fp16 weights: what rounding does, what it must not, and what it takes in a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packed_samples import random_layer
from ubp_core.errors import SelectionError
from ubp_core.network.types.half import LARGEST, LOSS_LIMIT, as_type, loss_note, row_losses, to_half
from ubp_core.packed.format import SectionKind
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import pack_dense


def dense(*rows: list[float]) -> PackedLayer:
    return pack_dense(np.array(rows, np.float32), name="fc")


@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 4, 8]))
def test_every_weight_is_the_nearest_half(seed: int, block_size: int) -> None:
    layer = random_layer(np.random.default_rng(seed), (17, 2, 3, 1), block_size)
    half = to_half(layer)
    assert half.dtype == "fp16" and layer.dtype == "fp32"
    assert np.array_equal(half.unpack(), layer.unpack().astype(np.float16).astype(np.float32))
    assert half.bias is layer.bias and half.bias.dtype == np.float32
    assert (row_losses(layer, half) <= 2.0**-11).all() and loss_note(layer, half) is None


def test_fp32_stays_as_it_is() -> None:
    layer = dense([1e-30, 2.0])
    assert as_type(layer, "fp32") is layer


def test_the_largest_weights() -> None:
    assert to_half(dense([LARGEST, -LARGEST])).weights.tolist() == [[LARGEST, -LARGEST]]
    assert to_half(dense([65_519.0, 1.0])).weights[0, 0] == LARGEST  # rounds down
    with pytest.raises(SelectionError, match=r"fc: its largest weight, 65520, is beyond fp16 \(65504\)"):
        to_half(dense([1.0, -65_520.0]))


def test_a_row_that_becomes_zero_is_refused() -> None:
    line = r"fc: all weights of row 1 \(the largest is 2e-09\) become 0 in fp16; keep this layer in fp32"
    with pytest.raises(SelectionError, match=line):
        to_half(dense([1.0, 2.0], [1e-9, -2e-9]))
    assert not to_half(dense([1.0, 2.0], [0.0, 0.0])).weights[1].any()  # it was zero before


def test_a_dead_channel_is_no_loss() -> None:
    """Its weights are nothing beside its bias, as folding leaves them."""
    layer = replace(dense([1.0, 2.0], [1e-9, -2e-9]), bias=np.array([0.0, -1.0], np.float32))
    half = to_half(layer)
    assert not half.weights[1].any() and loss_note(layer, half) is None


def test_subnormal_losses_are_told() -> None:
    layer = dense([1.0, 2.0], [1e-7, 3e-6])
    half = to_half(layer)
    losses = row_losses(layer, half)
    assert losses[0] == 0 and losses[1] > LOSS_LIMIT
    assert (note := loss_note(layer, half)) and note.startswith(f"fc: fp16 loses {losses[1]:.1%} of row 1 (1 of 2 rows")


@pytest.mark.parametrize("block_size", [0, 4])
def test_half_the_bytes_of_weights_in_a_file(tmp_path: Path, block_size: int) -> None:
    layer = random_layer(np.random.default_rng(0), (64, 64, 1, 1), block_size)
    half = replace(to_half(layer), wide_sums=True)
    sizes, halves = layer.array_bytes, half.array_bytes
    assert halves[SectionKind.WEIGHTS] * 2 == sizes[SectionKind.WEIGHTS]
    assert halves[SectionKind.BIAS] == sizes[SectionKind.BIAS]
    half.save(tmp_path / "half.ubp")
    loaded = PackedLayer.load(tmp_path / "half.ubp")
    assert (loaded.dtype, loaded.wide_sums) == ("fp16", True)
    assert loaded.weights.tobytes() == half.weights.tobytes()
