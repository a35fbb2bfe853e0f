"""The packed file from Python: round trips, memory maps, the size, and writing that never leaves half a file."""

from __future__ import annotations

import math
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packed_samples import Blocks, array_sections, file_bytes, network_bytes, random_layer
from ubp_core.errors import FileError
from ubp_core.models import Layer
from ubp_core.network.types.half import as_type
from ubp_core.packed import file as packed_file
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import SectionKind
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import pack, pack_dense
from ubp_core.packed.reader import read_packed
from ubp_core.report import layer_cost
from ubp_core.selection import select_blocks
from ubp_core.vocabulary import DTYPES

ARRAYS = ("row_begin", "block_column", "weights", "bias")
TEXTS = ("activation", "name", "method", "criterion")
NUMBERS = (
    "dtype",
    "wide_sums",
    "shape",
    "stride",
    "padding",
    "dilation",
    "sparsity",
    "retained",
    "image_hw",
    "block_size",
    "aligned",
)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1)


def assert_same(one: PackedLayer, other: PackedLayer) -> None:
    for label in TEXTS + NUMBERS:
        assert getattr(one, label) == getattr(other, label), label
    for label in ARRAYS:
        assert getattr(one, label).tobytes() == getattr(other, label).tobytes(), label


@pytest.mark.parametrize("block_size", [0, 1, 2, 4, 8, 16])
def test_a_saved_layer_loads_as_it_was(tmp_path: Path, block_size: int) -> None:
    layer = random_layer(np.random.default_rng(block_size), (33, 3, 3, 2), block_size, name="features.0 größer")
    layer = replace(layer, stride=(2, 1), padding=(1, 0), dilation=(1, 3), image_hw=(57, 31), sparsity=0.6)
    layer.save(tmp_path / "layer.ubp")
    loaded = PackedLayer.load(tmp_path / "layer.ubp")
    assert_same(layer, loaded)
    assert loaded.unpack().tobytes() == layer.unpack().tobytes()


def test_a_network_keeps_its_layers_and_texts(tmp_path: Path) -> None:
    layers = read_packed(memoryview(network_bytes())).layers
    PackedFile(layers, "a model", "a line", "a tool").save(tmp_path / "network.ubp")
    loaded = PackedFile.load(tmp_path / "network.ubp")
    assert (loaded.model, loaded.source, loaded.tool) == ("a model", "a line", "a tool")
    for one, other in zip(layers, loaded.layers, strict=True):
        assert_same(one, other)
    assert_same(loaded.layer("head"), PackedLayer.load(tmp_path / "network.ubp", "head"))


def test_which_layer_must_be_said_where_there_are_several(tmp_path: Path) -> None:
    (tmp_path / "network.ubp").write_bytes(network_bytes())
    with pytest.raises(FileError, match="holds 7 layers; name one"):
        PackedLayer.load(tmp_path / "network.ubp")
    with pytest.raises(FileError, match=r"no layer 'x'.*it holds stem\.0, blocks\.0"):
        PackedLayer.load(tmp_path / "network.ubp", "x")


def test_arrays_point_into_the_bytes_of_the_file_and_cannot_be_written(tmp_path: Path) -> None:
    random_layer(np.random.default_rng(0), (32, 8), 4).save(tmp_path / "layer.ubp")
    layer = PackedLayer.load(tmp_path / "layer.ubp")
    for label in ARRAYS:
        array = getattr(layer, label)
        assert not array.flags.owndata and not array.flags.writeable
        assert array.ctypes.data % 64 == 0  # as in a map
    with pytest.raises(ValueError, match="read-only"):
        layer.weights[0] = 1


def test_the_same_contents_make_the_same_bytes(tmp_path: Path) -> None:
    random_layer(np.random.default_rng(0), (32, 8), 4).save(tmp_path / "one.ubp")
    PackedLayer.load(tmp_path / "one.ubp").save(tmp_path / "two.ubp")
    assert (tmp_path / "one.ubp").read_bytes() == (tmp_path / "two.ubp").read_bytes()


@pytest.mark.parametrize("side", [64, 256, 512])
def test_three_quarters_pruned_takes_a_third_of_the_bytes(tmp_path: Path, side: int) -> None:
    weight = np.random.default_rng(0).normal(size=(side, side, 1, 1)).astype(np.float32)
    budget = round(0.25 * side * side / 4)
    order = np.random.default_rng(1).permutation(side * side // 4)[:budget]
    blocks = Blocks(order // side * 4, order % side, 4, (side, side))
    pack(weight, blocks).save(tmp_path / "sparse.ubp")
    pack_dense(weight).save(tmp_path / "dense.ubp")
    ratio = os.path.getsize(tmp_path / "sparse.ubp") / os.path.getsize(tmp_path / "dense.ubp")
    assert ratio <= 1 / 3


@settings(max_examples=60)
@given(st.data())
def test_round_trip_of_anything(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    names = data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    layers = []
    for name in names:
        shape = (data.draw(st.integers(1, 40)), *data.draw(st.sampled_from([(7,), (3, 1, 1), (2, 3, 2)])))
        block_size = data.draw(st.sampled_from([0, 1, 2, 4, 8, 16]))
        layer = random_layer(rng, shape, block_size, data.draw(st.floats(0, 1)), name=name)
        layers.append(as_type(layer, data.draw(st.sampled_from(DTYPES)), data.draw(st.booleans())))
    read = read_packed(memoryview(file_bytes(*layers))).layers
    for one, other in zip(layers, read, strict=True):
        assert_same(one, other)


@given(
    st.integers(1, 40),
    st.sampled_from([(7,), (3, 1, 1), (2, 3, 2)]),
    st.sampled_from([1, 2, 4, 8, 16]),
    st.floats(0, 1, exclude_max=True),
)
def test_the_report_tells_the_bytes_that_are_written(
    rows: int, shape: tuple[int, ...], block_size: int, sparsity: float
) -> None:
    weight = np.random.default_rng(rows).normal(size=(max(rows, block_size), *shape)).astype(np.float32)
    selection = select_blocks(np.abs(weight).reshape(len(weight), -1), block_size, sparsity, "optimal")
    written = array_sections(file_bytes(pack(weight, selection)))
    bias = written.pop(SectionKind.BIAS)
    assert layer_cost(Layer("layer", "conv", weight), selection).bytes_after == sum(written.values())
    assert pack(weight, selection).nbytes == sum(written.values()) + bias


@pytest.mark.parametrize("groups", [1, 3])
def test_a_dense_layer_tells_the_bytes_that_are_written(groups: int) -> None:
    layer = replace(pack_dense(np.ones((9, 2, 3, 3), np.float32)), groups=groups)
    assert layer.array_bytes == array_sections(file_bytes(layer))


def test_writing_replaces_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "layer.ubp"
    layer = random_layer(np.random.default_rng(0), (16, 8), 4)
    layer.save(path)
    before = path.read_bytes()
    steps: list[str] = []
    real_sync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(packed_file.os, "fsync", lambda handle: (steps.append("sync"), real_sync(handle))[1])

    def replace_and_look(source: Path, target: Path) -> None:
        assert path.read_bytes() == before and source.parent == tmp_path
        assert PackedLayer.load(source).name == "new"
        steps.append("rename")
        real_replace(source, target)

    monkeypatch.setattr(packed_file.os, "replace", replace_and_look)
    replace(layer, name="new").save(path)
    assert steps[:2] == ["sync", "rename"]
    assert PackedLayer.load(path).name == "new"
    assert os.listdir(tmp_path) == ["layer.ubp"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "layer.ubp"
    layer = random_layer(np.random.default_rng(0), (16, 8), 4)
    layer.save(path)
    before = path.read_bytes()

    def full_disk(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packed_file.os, "fsync", full_disk)
    with pytest.raises(FileError, match=r"layer\.ubp: No space left on device"):
        replace(layer, name="new").save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["layer.ubp"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, r"layers\[0\]\.name_size"),
        ({"name": "a\x1b[2J"}, r"layers\[0\]\.name"),
        ({"name": "\ud800"}, r"layers\[0\]\.name"),
        ({"name": "x" * 4097}, r"layers\[0\]\.name_size"),
        ({"bias": np.full(16, math.nan, np.float32)}, r"layers\[0\]\.bias\[0\]"),
        ({"bias": np.zeros(15, np.float32)}, r"sections\[5\]\.size"),
        ({"sparsity": 2.0}, r"layers\[0\]\.sparsity"),
        ({"stride": (0, 1)}, r"layers\[0\]\.stride_h"),
        ({"padding": (-1, 0)}, r"layers\[0\]\.pad_h"),
        ({"image_hw": (1 << 40, 1)}, r"layers\[0\]\.image_h"),
    ],
)
def test_what_the_reader_would_refuse_is_not_written(tmp_path: Path, change: dict[str, object], field: str) -> None:
    layer = random_layer(np.random.default_rng(0), (16, 8, 1, 1), 4)
    with pytest.raises(FileError, match=field):
        replace(layer, **change).save(tmp_path / "layer.ubp")  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []


def test_a_file_without_a_layer_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"x\.ubp: there is no layer to write, and a packed file holds at least one$"):
        PackedFile((), "net").save(tmp_path / "x.ubp")
    assert not list(tmp_path.iterdir())


def test_saved_files_have_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    random_layer(np.random.default_rng(0), (16, 8), 4).save(tmp_path / "layer.ubp")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("other", "layer.ubp")}
    assert len(modes) == 1


@pytest.mark.parametrize("name", ["missing.ubp", ".", "empty.ubp", "short.ubp"])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.ubp").touch()
    (tmp_path / "short.ubp").write_bytes(b"x")
    with pytest.raises(FileError, match=r"can't be read|file_size"):
        PackedFile.load(tmp_path / name)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        random_layer(np.random.default_rng(0), (16, 8), 4).save(tmp_path / "no" / "layer.ubp")
