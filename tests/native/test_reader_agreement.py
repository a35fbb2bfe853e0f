"""The Python and the C++ reader: the same files accepted, the same values seen, the same line for what is refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_reader import NativeLayer, read_native

from bad_files import BAD_FILES, GOOD
from bad_graphs import BAD_GRAPHS
from graph_mutations import changed_networks
from integer_samples import integer_files, integer_layer_bytes, integer_network, network_file_bytes
from packed_mutations import mutated_files
from packed_samples import file_bytes, put, random_layer, repair_checksums, section_entry
from ubp_core.errors import FileError
from ubp_core.packed.dense_blocks import to_blocks
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import SectionKind
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.reader import read_packed
from ubp_core.vocabulary import ACTIVATIONS, DTYPES, INT8


def read_python(data: bytes) -> str | tuple[PackedLayer, ...]:
    try:
        return read_packed(memoryview(data)).layers
    except FileError as error:
        return str(error)


def assert_agreement(data: bytes) -> None:
    """Both readers refuse with one line, or both accept and see the same."""
    python, native = read_python(data), read_native(data)
    if isinstance(python, str) or isinstance(native, str):
        assert python == native
        return
    for one, other in zip(python, native, strict=True):
        assert_same(data, one, other)


def assert_same(data: bytes, layer: PackedLayer, native: NativeLayer) -> None:
    assert layer.name == native.name
    assert native.numbers == {
        "rows": layer.rows,
        "columns": layer.columns,
        "block_size": layer.block_size,
        "in_channels": layer.shape[1],
        "groups": layer.groups,
        "activation": ACTIVATIONS.index(layer.activation),
        "dtype": DTYPES.index(layer.dtype),
        "wide_sums": int(layer.wide_sums),
        "block_count": layer.block_count,
        "block_columns": layer.block_columns,
        **{f"kernel_{axis}": value for axis, value in zip("hw", layer.kernel, strict=True)},
        **{f"stride_{axis}": value for axis, value in zip("hw", layer.stride, strict=True)},
        **{f"pad_{axis}": value for axis, value in zip("hw", layer.padding, strict=True)},
        **{f"extra_{axis}": value for axis, value in zip("hw", layer.extra_padding, strict=True)},
        **{f"dilation_{axis}": value for axis, value in zip("hw", layer.dilation, strict=True)},
    }
    absent = {"row_begin", "block_column"} if layer.dense else set()
    absent |= {"bias"} if layer.dtype == INT8 else {"integer_bias", "scales"}
    absent |= {"column_order"} if layer.block_columns == 1 else set()
    assert {label for label, offset in native.offsets.items() if offset is None} == absent
    attributes = {"block_column": "stored_columns", "integer_bias": "bias"}
    for label, offset in native.offsets.items():
        array: np.ndarray[tuple[int, ...], np.dtype[np.generic]] = getattr(layer, attributes.get(label, label))
        if label == "weights" and layer.dense and layer.groups == 1:
            array = to_blocks(layer.weights)
        if offset is not None:
            assert data[offset : offset + array.nbytes] == array.tobytes(), label
    weights_end = (native.offsets["weights"] or 0) + layer.array_bytes[SectionKind.WEIGHTS]
    assert native.readable_after_weights == (len(data) - weights_end) // layer.weights.itemsize


@pytest.mark.parametrize("case", BAD_FILES)
def test_each_broken_rule_gives_the_same_line(case: str) -> None:
    data = bytes(BAD_FILES[case].make())
    line = read_native(data)
    assert isinstance(line, str)
    assert line.startswith(BAD_FILES[case].field)
    assert line == read_python(data)


@pytest.mark.parametrize("case", BAD_GRAPHS)
def test_each_broken_rule_of_a_graph_gives_the_same_line(case: str) -> None:
    data = bytes(BAD_GRAPHS[case].make())
    line = read_native(data)
    assert isinstance(line, str)
    assert line.startswith(BAD_GRAPHS[case].field)
    assert line == read_python(data)


@settings(max_examples=500)
@given(changed_networks())
def test_changed_networks(data: bytes) -> None:
    assert_agreement(data)


@pytest.mark.parametrize("data", [GOOD, integer_layer_bytes(), network_file_bytes(integer_network())])
def test_the_good_files_read_the_same(data: bytes) -> None:
    assert_agreement(data)
    assert not isinstance(read_native(data), str)


@settings(max_examples=150)
@given(integer_files())
def test_files_of_int8_are_read_alike(file: tuple[PackedFile, bytes]) -> None:
    packed, data = file
    assert read_packed(memoryview(data)).graph == packed.graph
    assert not isinstance(read_native(data), str)
    assert_agreement(data)


@settings(max_examples=1500)
@given(mutated_files())
def test_mutations(data: bytes) -> None:
    assert_agreement(data)


@settings(max_examples=500)
@given(st.data())
def test_random_blocks_are_judged_alike(data: st.DataObject) -> None:
    """Arrays drawn at random: falling pointers, columns out of order, overlaps; many of them are valid."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    block_size = data.draw(st.sampled_from([1, 2, 4, 8, 16]))
    layer = random_layer(rng, (data.draw(st.integers(block_size, block_size + 6)), 6), block_size, density=0.7)
    contents = bytearray(file_bytes(layer))
    for _ in range(data.draw(st.integers(0, 2))):
        section, size = data.draw(st.sampled_from([(2, 4), (3, 2)]))
        entry = section_entry(contents, section)
        if count := int(entry["size"]) // size:
            at = int(entry["offset"]) + size * data.draw(st.integers(0, count - 1))
            put(contents, at, data.draw(st.integers(0, 7)), size)
    assert_agreement(bytes(repair_checksums(contents)))


@settings(max_examples=300)
@given(st.binary(min_size=0, max_size=24))
def test_texts_are_judged_alike(name: bytes) -> None:
    """Any bytes as a layer's name."""
    layer = random_layer(np.random.default_rng(0), (4, 3), 0, name="x" * max(len(name), 1))
    contents = bytearray(file_bytes(layer))
    at = contents.index(b"x" * max(len(name), 1))
    contents[at : at + len(name)] = name
    assert_agreement(bytes(repair_checksums(contents)))


def test_checksums_of_every_length_agree() -> None:
    """Lengths around the eight-byte step of the C++ code, seen through a text of that size."""
    rng = np.random.default_rng(5)
    for length in range(1, 40):
        name = "".join(chr(c) for c in rng.integers(97, 123, length))
        contents = file_bytes(random_layer(rng, (4, 3), 0, name=name))
        assert section_entry(contents, 0)["checksum"] == zlib.crc32(
            contents[256 - 64 : 256 - 64 + int(section_entry(contents, 0)["size"])]
        )
        assert_agreement(contents)


def test_addresses_that_no_map_has_are_refused() -> None:
    import ctypes

    from native_reader import library

    memory = np.zeros(4096, np.uint8)
    error, handle = ctypes.create_string_buffer(20), ctypes.c_void_p()
    address = memory.ctypes.data // 4 * 4 + 5
    code = library().ubp_file_open(ctypes.c_void_p(address), ctypes.c_size_t(2048), ctypes.byref(handle), error, 20)
    assert code == 1 and error.value == b"data: must begin at"[:19]
