"""Single layers of int8 in ubp_bench, here and as an ARM64 program under qemu: every byte, whatever kernel makes it."""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bench_program import Bench
from numpy.typing import NDArray

from integer_samples import grouped_layer, to_integers
from packed_samples import random_layer
from ubp_core.network.types.half import to_half
from ubp_core.packed.file import PackedFile
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import pack_dense
from ubp_core.quantisation.affine import Table, activation_table, affine_of_range
from ubp_core.quantisation.exports.uncalibrated import INPUT
from ubp_core.quantisation.network import QuantisedLayer
from ubp_core.quantisation.operators import finish, layer_sums, scaled_sums
from ubp_core.vocabulary import ACTIVATIONS

QUICK = ("--runs", "3", "--warmup", "1")


@pytest.fixture(scope="module", params=["bench-host", "bench-arm64"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


@pytest.fixture(scope="module")
def host() -> Bench:
    return Bench("bench-host")


def layers(aligned: bool) -> tuple[PackedLayer, ...]:
    """Blocks of one column and of four, of several sizes, with clamps and tables; sizes that divide by nothing."""
    rng = np.random.default_rng(1)

    def zipped(shape: tuple[int, ...], block_size: int, name: str) -> PackedLayer:
        return to_integers(rng, random_layer(rng, shape, block_size, 0.3, aligned, name=name))

    conv = replace(zipped((37, 5, 3, 2), 4, "conv"), stride=(2, 1), padding=(1, 2), dilation=(1, 2), image_hw=(9, 17))
    wide = replace(grouped_layer(rng, (26, 7, 3, 3), 2, 0.3, aligned, "wide"), padding=(1, 1), extra_padding=(1, 0))
    return (
        replace(zipped((45, 19, 1, 1), 8, "pointwise"), image_hw=(13, 7), activation="none"),
        replace(conv, activation="hard_swish"),
        replace(zipped((21, 30), 1, "linear"), image_hw=(1, 1), activation="relu6"),
        replace(wide, image_hw=(8, 11), activation="relu"),
        replace(grouped_layer(rng, (40, 21, 1, 1), 4, 0.4, aligned, "alike"), image_hw=(6, 6), activation="silu"),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files")
    PackedFile(layers(aligned=False)).save(path / "ubp.ubp")
    PackedFile(layers(aligned=True)).save(path / "abp.ubp")
    return path


def test_every_kernel_gives_the_same_bytes(bench: Bench, folder: Path) -> None:
    grid = ["--kernel", "auto,ubp,dense,measured", "--threads", "1,3", "--batch", "2", "--check"]
    rows = bench.rows(folder / "ubp.ubp", *grid, *QUICK)
    aligned = bench.rows(folder / "abp.ubp", "--kernel", "auto,ubp,abp,dense", "--check", *QUICK)
    assert len(rows) == 5 * 4 * 2 and len(aligned) == 5 * 4
    for row in (*rows, *aligned):
        assert (row["check"], row["check_error"]) == ("ok", 0)
        assert (row["scope"], row["dtype"], row["arithmetic"]) == ("layer", "int8", "int8")
        assert row["kernel"] == row["kernel_asked"] or row["kernel_asked"] in ("auto", "measured", "abp")
        assert row["kernel_asked"] != "measured" or row["measured_dense_ns"] > 0
    for found in (rows, aligned):
        assert len({(row["layer"], row["output_crc32"]) for row in found}) == 5
    by_name = {layer.name: layer for layer in layers(False)}
    for row in rows[::4]:
        layer = by_name[row["layer"]]
        assert (row["packed_bytes"], row["blocks"]) == (layer.nbytes, layer.block_count)
        assert row["sparsity"] == pytest.approx(layer.achieved_sparsity)


def test_bytes_are_those_of_the_reference(bench: Bench, folder: Path, tmp_path: Path) -> None:
    """Another implementation of input, meaning and arithmetic, in Python, makes the same checksum."""
    more = (depthwise((12, 1, 3, 3), "depthwise"), dense((19, 5, 3, 3), "dense"))
    PackedFile(more).save(tmp_path / "more.ubp")
    rows = bench.rows(folder / "ubp.ubp", tmp_path / "more.ubp", "--batch", "2", "--seed", "7", *QUICK)
    for row, layer in zip(rows, (*layers(False), *more), strict=True):
        codes = expected_bytes(layer, batch=2, seed=7)
        assert row["output_shape"] == "x".join(map(str, codes.shape))
        assert row["output_crc32"] == f"{zlib.crc32(codes.tobytes()):08x}", row["layer"]
        # relu6 and tables may leave out many
        assert len(np.unique(codes)) > min(codes.size // 8, 100 if layer.activation in ("none", "relu") else 5)


def dense(shape: tuple[int, ...], name: str) -> PackedLayer:
    rng = np.random.default_rng(5)
    return replace(to_integers(rng, random_layer(rng, shape, 0, name=name)), padding=(1, 1), image_hw=(9, 10))


def depthwise(shape: tuple[int, ...], name: str, groups: int = 0) -> PackedLayer:
    layer = dense(shape, name)
    return replace(layer, groups=groups or shape[0], activation="relu6")


def expected_bytes(layer: PackedLayer, batch: int, seed: int) -> NDArray[np.uint8]:
    """What `ubp_bench` should make of a layer."""
    integers = QuantisedLayer(layer, layer.unpack_stored(), layer.scales, np.asarray(layer.bias, np.int32))
    shape = (batch, layer.shape[1] * layer.groups, *(layer.image_hw or (1, 1)))
    steps = np.rint(random_numbers(math.prod(shape), seed) / INPUT.scale) + INPUT.zero_point
    centred = torch.from_numpy(np.clip(steps, 0, 255).reshape(shape)).float() - INPUT.zero_point
    sizes = np.abs(integers.weights.astype(np.int64))
    spread = np.minimum(4 * 128 / math.sqrt(3) * np.sqrt((sizes**2).sum(1)), 128.0 * sizes.sum(1))
    ends = (integers.bias + np.array([[-1.0], [1.0]]) * spread) * (INPUT.scale * layer.scales.astype(np.float64))
    low, high = min(ends.min(), 0.0), max(ends.max(), 0.0)
    table = None
    if layer.activation.startswith("relu"):
        low, high = 0.0, high if layer.activation == "relu" else min(high, 6.0)
    made = affine_of_range(float(low), float(high), layer.name)
    if layer.activation not in ("none", "relu", "relu6"):
        numbers = (np.arange(256) - made.zero_point) * float(made.scale)
        function = {"hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6, "silu": lambda x: x / (1 + np.exp(-x))}
        behind = function[layer.activation](numbers)
        result = affine_of_range(float(behind.min()), float(behind.max()), layer.name)
        table = Table(made, activation_table(layer.activation, made, result))
    sums = layer_sums(integers, centred)
    scaled = scaled_sums(integers, sums, INPUT, made.scale)
    codes: NDArray[np.uint8] = finish(scaled, layer.activation, made, table).numpy()
    return codes


def random_numbers(count: int, seed: int) -> NDArray[np.float64]:
    """From -1 to 1, by splitmix64."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    top = ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.int64)
    return (top - (1 << 23)) / float(1 << 23)


FORMS = [(size, columns) for size in (0, 1, 2, 4, 8, 16) for columns in (1, 4) if size or columns == 1]


@pytest.mark.parametrize(("block_size", "columns"), FORMS)
def test_block_sizes(bench: Bench, tmp_path: Path, block_size: int, columns: int) -> None:
    rng = np.random.default_rng(block_size)
    shape = (50, 33, 1, 1)
    zipped = to_integers(rng, random_layer(rng, shape, block_size))
    layer = zipped if columns == 1 else grouped_layer(rng, shape, block_size)
    layer.save(tmp_path / "layer.ubp")
    (row,) = bench.rows(tmp_path / "layer.ubp", "--input", "11x5", "--check", *QUICK)
    assert row["check"] == "ok" and row["block_size"] == block_size and row["blocks"] == layer.block_count
    assert row["multiply_adds"] == 55 * layer.weights.size and row["dense_multiply_adds"] == 55 * 50 * 33
    assert row["packed_bytes"] == layer.nbytes


@pytest.mark.parametrize("dtype", ["fp32", "int8"])
def test_every_activation(bench: Bench, tmp_path: Path, dtype: str) -> None:
    rng = np.random.default_rng(3)
    layer = random_layer(rng, (20, 15, 1, 1), 4)
    layer = replace(layer, weights=8 * layer.weights)  # some results are above 6
    typed = to_integers(rng, layer) if dtype == "int8" else layer
    all_of_them = (replace(typed, activation=name, name=name, image_hw=(7, 9)) for name in ACTIVATIONS)
    PackedFile(tuple(all_of_them)).save(tmp_path / "layers.ubp")
    rows = bench.rows(tmp_path / "layers.ubp", "--check", *QUICK)
    assert [(row["activation"], row["check"]) for row in rows] == [(name, "ok") for name in ACTIVATIONS]
    assert len({row["output_crc32"] for row in rows}) == len(ACTIVATIONS)


@pytest.mark.parametrize("kernel", [3, 5, 2])
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_layers(bench: Bench, tmp_path: Path, kernel: int, stride: int) -> None:
    layer = replace(depthwise((10, 1, kernel, kernel), "depthwise"), stride=(stride, stride), image_hw=(17, 21))
    layer.save(tmp_path / "layer.ubp")
    rows = bench.rows(tmp_path / "layer.ubp", "--threads", "1,2", "--batch", "2", "--check", *QUICK)
    assert [row["check"] for row in rows] == ["ok"] * 2
    assert rows[0]["operation"] == "depthwise" and rows[0]["input_shape"] == "2x10x17x21"
    assert rows[0]["packed_bytes"] == layer.nbytes


def test_other_groups_are_refused(host: Bench, tmp_path: Path) -> None:
    depthwise((6, 2, 3, 3), "grouped", groups=3).save(tmp_path / "layer.ubp")
    assert "grouped: --kernel auto: this operator runs layers with one group" in host.refusal(tmp_path / "layer.ubp")


def test_types_of_one_layer_take_turns(bench: Bench, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    layer = replace(random_layer(rng, (24, 20, 1, 1), 4, name="one"), image_hw=(9, 9))
    for name, typed in (("fp32", layer), ("fp16", to_half(layer)), ("int8", to_integers(rng, layer))):
        typed.save(tmp_path / f"{name}.ubp")
    files = (tmp_path / f"{name}.ubp" for name in ("fp32", "fp16", "int8"))
    rows = bench.rows(*files, "--check", "--kernel", "auto,dense", *QUICK)
    assert [row["dtype"] for row in rows] == ["fp32"] * 2 + ["fp16"] * 2 + ["int8"] * 2
    assert {row["check"] for row in rows} == {"ok"}
    assert rows[4]["output_crc32"] == rows[5]["output_crc32"]


def test_layers_without_numbers(bench: Bench, tmp_path: Path) -> None:
    """All weights and biases zero: the result has no range, and is its zero point."""
    empty = to_integers(np.random.default_rng(0), random_layer(np.random.default_rng(0), (5, 9), 8, density=0))
    replace(empty, bias=np.zeros(5, np.int32)).save(tmp_path / "layer.ubp")
    (row,) = bench.rows(tmp_path / "layer.ubp", "--input", "3x3", "--check", *QUICK)
    assert row["check"] == "ok" and row["multiply_adds"] == 0
    assert row["output_crc32"] == f"{zlib.crc32(bytes(45)):08x}"


def test_scales_too_far_apart_are_refused(host: Bench, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    layer = to_integers(rng, pack_dense(rng.normal(size=(3, 8)).astype(np.float32), name="far"))
    replace(layer, scales=np.array([1, 1e-38, 1], np.float32), image_hw=(1, 1)).save(tmp_path / "layer.ubp")
    assert host.refusal(tmp_path / "layer.ubp").endswith("far: scale 1 lies too far from the others")
