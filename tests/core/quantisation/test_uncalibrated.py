"""Layers of int8 without a network: their integers are the nearest ones, in any blocks, and come back from a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packed_samples import file_bytes, random_blocks, random_layer
from ubp_core import importance, select_blocks
from ubp_core.benchmark import make_variants, pack_variants
from ubp_core.cli.main import main
from ubp_core.errors import SelectionError
from ubp_core.export.packed_layers import pack_selected
from ubp_core.models import Layer, load_model
from ubp_core.packed.file import PackedFile
from ubp_core.packed.packing import pack, pack_dense
from ubp_core.packed.reader import read_packed
from ubp_core.plan import make_plan, select_plan
from ubp_core.quantisation.exports.uncalibrated import INPUT, to_integers

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=60)
@given(SEEDS, st.sampled_from([0, 1, 2, 4, 8, 16]), st.sampled_from([(9,), (3, 1, 1), (2, 3, 2)]), st.booleans())
def test_the_nearest_integers_come_back(seed: int, block_size: int, rest: tuple[int, ...], wide: bool) -> None:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 40)), *rest)
    weight, bias = (rng.normal(size=size).astype(np.float32) for size in (shape, shape[:1]))
    groups = None
    if block_size and wide and shape[0] >= block_size:
        chosen = select_blocks(importance(weight), block_size, float(rng.uniform(0.1, 0.9)), block_columns=4)
        layer, groups = pack(weight, chosen, bias), chosen.groups
    elif block_size:
        layer = pack(weight, random_blocks(rng, (shape[0], int(np.prod(rest))), block_size, 0.4), bias)
    else:
        layer = pack_dense(weight, bias)
    made = to_integers(layer, groups)
    (read,) = read_packed(memoryview(file_bytes(made))).layers
    matrix, scales = layer.unpack().reshape(layer.rows, -1).astype(np.float64), read.scales.astype(np.float64)
    assert np.array_equal(read.unpack_stored(), np.rint(matrix / scales[:, None]).clip(-127, 127))
    assert np.array_equal(read.bias, np.rint(layer.bias / (scales * INPUT.scale)))
    largest = np.abs(matrix).max(1)
    assert (read.scales >= (largest / 127).astype(np.float32)).all() and (read.scales > 0).all()
    full = largest > np.abs(layer.bias) * 1e-3  # no bias asks for more room there
    assert np.array_equal(np.abs(read.unpack_stored()).max(1)[full], np.full(full.sum(), 127))
    if groups is not None:
        assert (read.block_columns, read.block_count) == (4, chosen.block_count)


def test_weights_below_every_scale_are_refused() -> None:
    layer = pack_dense(np.full((3, 4), 1e-40, np.float32), name="faint")
    with pytest.raises(SelectionError, match="faint: its largest weight, 1e-40, is too small for int8; keep it in fp3"):
        to_integers(layer)


def test_layers_of_nothing_have_scales() -> None:
    made = to_integers(random_layer(np.random.default_rng(0), (5, 9), 8, density=0))
    empty = to_integers(pack_dense(np.zeros((2, 3), np.float32)))
    assert (made.scales > 0).all() and (empty.scales > 0).all() and not empty.weights.any()


def test_variants_in_all_types(tmp_path: Path) -> None:
    weight = np.random.default_rng(1).normal(size=(16, 12, 1, 1)).astype(np.float32)
    layer = Layer("conv", "conv", weight, output_hw=(5, 5))
    asked = make_variants(("optimal",), (4,), (0.5,), ("fp32", "fp16", "int8"), (1, 4))
    packed = pack_variants(layer, asked, tmp_path)
    labels = [variant.label for variant in asked]
    assert labels[6:] == ["dense int8", "optimal N=4 s=0.5 int8", "optimal N=4x4 s=0.5 int8"]
    files = dict(zip(labels, (PackedFile.load(path).layers[0] for path in packed.files), strict=True))
    assert [one.dtype for one in files.values()] == [dtype for dtype in ("fp32", "fp16", "int8") for _ in range(3)]
    narrow, wide = (files[f"optimal N={form} s=0.5 int8"] for form in ("4", "4x4"))
    assert (narrow.block_columns, wide.block_columns) == (1, 4) and narrow.kept == wide.kept
    split = files["optimal N=4x4 s=0.5"]
    assert split.block_columns == 1 and split.block_count == 4 * wide.block_count
    assert not (wide.unpack()[split.unpack() == 0]).any()
    assert packed.retained[5] == packed.retained[8] < packed.retained[7]


def test_layers_of_a_plan() -> None:
    model = load_model("mobilenet_v1", weights="random", width=0.25)
    plan = replace(make_plan(model, block_columns=4), dtype="int8")
    selections = select_plan(plan, model)
    file = pack_selected(plan, model, selections, lambda: None).file
    assert file.source.endswith("(q - 128) / 128")
    for layer, selection in zip(file.layers, selections.values(), strict=True):
        assert (layer.dtype, layer.block_columns, layer.block_count) == ("int8", 4, selection.block_count)


def test_a_benchmark_of_all_types(capsys: pytest.CaptureFixture[str]) -> None:
    """Host and ARM64 agree in every byte, whatever kernels they have."""
    model = ("mobilenet_v1", "--weights", "random", "--width", "0.25", "--input-size", "32")
    words = ("--layers", "blocks.3.pointwise", "--dtype", "fp32,int8", "--block-columns", "1,4", "--methods", "optimal")
    few = ("--runs", "3", "--warmup", "1", "--no-history", "--device", "host,emulator", "--json")
    assert main(["bench", *model, *words, *few]) == 0
    runs = [run["layers"][0]["variants"] for run in json.loads(capsys.readouterr().out)["runs"]]
    for variants in runs:
        asked = [(v["dtype"], v["block_size"], v["block_columns"], v["check"]) for v in variants]
        forms = [(0, 1), (4, 1), (4, 4)]
        assert asked == [(dtype, *form, "ok") for dtype in ("fp32", "int8") for form in forms]
    assert [v["checksum"] for v in runs[0][3:]] == [v["checksum"] for v in runs[1][3:]]
