"""Packed layers on this machine against PyTorch on the masked weights."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional

from integer_samples import to_integers
from packed_samples import random_layer
from ubp_core import importance, select_blocks
from ubp_core.errors import UbpError
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import pack

ACTIVATIONS = {
    None: lambda y: y,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "hard_swish": functional.hardswish,
}


def packed_and_masked(
    shape: tuple[int, ...], block_size: int, sparsity: float, method: str, seed: int, **geometry: object
) -> tuple[PackedLayer, NDArray[np.float32], NDArray[np.float32]]:
    """A random packed layer, its masked weight and its bias."""
    generator = np.random.default_rng(seed)
    weight = generator.standard_normal(shape).astype(np.float32)
    bias = generator.standard_normal(shape[0]).astype(np.float32)
    selection = select_blocks(importance(weight), block_size, sparsity, method)
    layer = pack(weight, selection, bias=bias, **geometry)  # type: ignore[arg-type]
    return layer, weight * selection.mask().reshape(shape), bias


def assert_same_as_torch(
    layer: PackedLayer, masked: NDArray[np.float32], bias: NDArray[np.float32], x: NDArray[np.float32], **run: object
) -> None:
    """Relative to what the sum is made of, as any order of summation deserves: the judge works in double precision.

    Winograd mixes neighbouring sums, so it deserves the largest of them.
    """
    geometry = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
    wide = [torch.from_numpy(a).double() for a in (x, masked, bias)]
    exact = ACTIVATIONS[None if layer.activation == "none" else layer.activation](
        functional.conv2d(wide[0], wide[1], wide[2], **geometry)
    )
    scale = functional.conv2d(wide[0].abs(), wide[1].abs(), wide[2].abs(), **geometry)
    for winograd, judge in ((False, scale), (True, scale.max())):
        got = layer.run(x, **run, winograd=winograd)  # type: ignore[arg-type]
        assert got.dtype == np.float32 and got.shape == tuple(exact.shape)
        assert float(((torch.from_numpy(got).double() - exact).abs() / (judge + 1e-30)).max()) < 1e-5


GRID = list(itertools.product((1, 2, 4, 8, 16), ((1, 1), (3, 3), (5, 5), (3, 1)), (1, 2), (0, 1)))


@pytest.mark.parametrize(("block_size", "kernel", "stride", "padding"), GRID)
def test_grid_against_torch(block_size: int, kernel: tuple[int, int], stride: int, padding: int) -> None:
    seed = hash((block_size, kernel, stride, padding)) % 2**32
    for dilation, (height, width), sparsity, method in (
        (1, (57, 31), 0.75, "bed"), (2, (13, 11), 0.0, "optimal"), (1, (7, 7), 0.99, "abp"), (1, (5, 17), 0.5, "bed"),
    ):  # fmt: skip
        layer, masked, bias = packed_and_masked(
            (37, 11, *kernel), block_size, sparsity, method, seed, stride=stride, padding=padding, dilation=dilation
        )
        x = np.random.default_rng(seed).standard_normal((2, 11, height, width)).astype(np.float32)
        assert_same_as_torch(layer, masked, bias, x)


@settings(max_examples=150)
@given(
    rows=st.integers(1, 70), channels=st.integers(1, 40), kernel=st.sampled_from([(1, 1), (3, 3), (2, 5)]),
    block_size=st.sampled_from([1, 2, 4, 8, 16]), sparsity=st.sampled_from([0.0, 0.3, 0.75, 0.9, 0.99]),
    method=st.sampled_from(["abp", "bed", "optimal"]), stride=st.integers(1, 3), padding=st.integers(0, 2),
    dilation=st.integers(1, 2), activation=st.sampled_from([None, "relu", "relu6", "hard_swish"]),
    size=st.tuples(st.integers(9, 30), st.integers(9, 30)), batch=st.integers(1, 3), threads=st.integers(1, 3),
    how=st.sampled_from(["sparse", "dense", "measured", "ubp"]), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_layer_against_torch(
    rows: int, channels: int, kernel: tuple[int, int], block_size: int, sparsity: float, method: str, stride: int,
    padding: int, dilation: int, activation: str | None, size: tuple[int, int], batch: int, threads: int, how: str,
    seed: int,
) -> None:  # fmt: skip
    assume(rows >= block_size)
    layer, masked, bias = packed_and_masked(
        (rows, channels, *kernel), block_size, sparsity, method, seed,
        stride=stride, padding=padding, dilation=dilation, activation=activation,
    )  # fmt: skip
    x = np.random.default_rng(seed).standard_normal((batch, channels, *size)).astype(np.float32)
    assert_same_as_torch(layer, masked, bias, x, threads=threads, kernel=how)


def test_one_pixel_and_missing_batch() -> None:
    layer, masked, bias = packed_and_masked((19, 23, 1, 1), 4, 0.5, "bed", 0)
    x = np.random.default_rng(1).standard_normal((1, 23, 1, 1)).astype(np.float32)
    assert_same_as_torch(layer, masked, bias, x)
    np.testing.assert_array_equal(layer.run(x[0]), layer.run(x)[0])


def test_a_layer_of_int8_takes_no_numbers() -> None:
    layer = to_integers(np.random.default_rng(0), random_layer(np.random.default_rng(0), (4, 3), 2, name="fc"))
    with pytest.raises(UbpError, match="fc: is int8; it takes bytes, not numbers: ubp_bench runs it alone"):
        layer.run(np.zeros(3, np.float32))


def test_linear_layer() -> None:
    layer, masked, bias = packed_and_masked((50, 33), 4, 0.6, "optimal", 2, activation="relu")
    x = np.random.default_rng(3).standard_normal((9, 33)).astype(np.float32)
    expected = functional.relu(functional.linear(*(torch.from_numpy(a) for a in (x, masked, bias)))).numpy()
    np.testing.assert_allclose(layer.run(x), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer.run(x[0]), layer.run(x)[0])


def test_a_loaded_file_runs_from_its_mapping(tmp_path: Path) -> None:
    layer, masked, bias = packed_and_masked((40, 8, 3, 3), 8, 0.5, "bed", 4, padding=1)
    layer.save(tmp_path / "layer.ubp")
    x = np.random.default_rng(5).standard_normal((1, 8, 14, 14)).astype(np.float32)
    loaded = PackedLayer.load(tmp_path / "layer.ubp")
    np.testing.assert_array_equal(loaded.run(x), layer.run(x))
    assert_same_as_torch(loaded, masked, bias, x)


def test_threads_give_the_same_bits() -> None:
    layer, _, _ = packed_and_masked((64, 32, 3, 3), 4, 0.75, "bed", 6, padding=1)
    x = np.random.default_rng(7).standard_normal((2, 32, 29, 31)).astype(np.float32)
    for threads in (2, 3, 4):
        np.testing.assert_array_equal(layer.run(x, threads=threads), layer.run(x))


@pytest.mark.parametrize(("x", "options", "named"), [
    (np.zeros((1, 4, 5, 5)), {}, "x"),
    (np.zeros((3, 5)), {}, "x"),
    (np.zeros((0, 3, 5, 5)), {}, "x"),
    (np.zeros((1, 3, 2, 2)), {}, "image"),
    (np.zeros((1, 3, 5, 5)), {"threads": 0}, "thread"),
    (np.zeros((1, 3, 5, 5)), {"kernel": "abp"}, "abp|aligned"),
    (np.zeros((1, 3, 5, 5)), {"kernel": "magic"}, "kernel"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line(
    x: NDArray[np.float64], options: dict[str, object], named: str
) -> None:
    layer, _, _ = packed_and_masked((30, 3, 3, 3), 4, 0.5, "bed", 8)
    with pytest.raises(UbpError, match=named) as caught:
        layer.run(x, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
