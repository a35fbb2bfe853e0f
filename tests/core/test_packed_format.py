"""docs/format.md against the code: record tables, section kinds, and the example, byte for byte."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from packed_samples import Blocks
from ubp_core.packed.format import GRAPH, HEADER, LAYER, NODE, SECTION, TENSOR, Op, SectionKind
from ubp_core.packed.graph import Graph, Node, Tensor, Window
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import pack
from ubp_core.packed.reader import read_packed
from ubp_core.packed.writer import packed_chunks
from ubp_core.quantisation.affine import Affine, activation_table
from ubp_core.vocabulary import ACTIVATIONS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "format.md").read_text()
TYPE_NAMES = {"<u2": "u16", "<u4": "u32", "<u8": "u64", "<i4": "i32", "<f4": "f32", "<f8": "f64", "|S8": "8 bytes"}


def chapter(title: str) -> str:
    """The text of one chapter of the specification."""
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", DOCUMENT, re.S | re.M)
    assert match, title
    return match[1]


def test_record_tables_say_what_the_code_has() -> None:
    tables = {"Header": HEADER, "Section table": SECTION, "Layer record": LAYER}
    tables |= {"Graph": GRAPH, "Tensors": TENSOR, "Nodes": NODE}
    for title, record in tables.items():
        rows = re.findall(r"^\| (\d+) \| (\S+|8 bytes) \| (\w+) \|", chapter(title), re.M)
        rows = [row for row in rows if row[1] in TYPE_NAMES.values()]
        in_code = [(str(record.fields[name][1]), TYPE_NAMES[record[name].str], name) for name in record.names]
        assert rows == in_code


def test_section_kinds() -> None:
    rows = re.findall(r"^\| (\d+) \| ([a-z_]+) \| ", chapter("Section table"), re.M)
    kinds = {code: name for code, name in rows if name not in TYPE_NAMES.values()}
    assert {int(code): name.upper() for code, name in kinds.items()} == {int(k): k.name for k in SectionKind}


def test_codes() -> None:
    for title, names in (("Nodes", [op.name.lower() for op in Op]), ("Activations", list(ACTIVATIONS))):
        rows = re.findall(r"^\| (\d+) \| ([a-z_0-9]+) \| [^|]* \|", chapter(title), re.M)
        rows = [row for row in rows if row[1] not in TYPE_NAMES.values()]
        first = 1 if title == "Nodes" else 0
        assert rows == [(str(code), name) for code, name in enumerate(names, first)]


def test_checksum_of_the_check_string() -> None:
    assert zlib.crc32(b"123456789") == 0xCBF43926
    assert "0xCBF43926" in DOCUMENT


def shown_bytes(title: str) -> bytes:
    """The bytes that the document shows in a chapter."""
    size = re.search(r"The file has (\d+) bytes", chapter(title))
    assert size
    data = bytearray(int(size[1]))
    for offset, line in re.findall(r"^([0-9a-f]{4})  ((?:[0-9a-f]{2} {0,2}){16})$", chapter(title), re.M):
        data[int(offset, 16) : int(offset, 16) + 16] = bytes.fromhex(line)
    return bytes(data)


@pytest.fixture
def example() -> bytes:
    return shown_bytes("Example")


def example_layer() -> PackedLayer:
    weight = np.array([[0.25, 0.5], [-0.5, 1.5], [2, 0]], np.float32)
    blocks = Blocks(np.array([1]), np.array([0]), 2, (3, 2), method="bed", retained=0.75, sparsity=0.5)
    bias = np.array([0, 1, 0], np.float32)
    return pack(weight, blocks, bias, activation="relu", name="fc", criterion="l1")


def test_the_example_is_what_the_writer_makes(example: bytes) -> None:
    assert b"".join(packed_chunks((example_layer(),), ("ubp-tui 0.1.0", "tiny", ""))) == example


def test_the_network_of_the_example() -> None:
    tensors = (
        Tensor(rank=4, batch=1, channels=1, height=3, width=1, offset=64),
        Tensor(rank=4, batch=1, channels=1, height=2, width=1, offset=0),
        Tensor(rank=2, batch=1, channels=2, offset=0),
        Tensor(rank=2, batch=1, channels=3, offset=64),
        Tensor(rank=2, batch=1, channels=3, offset=64),
    )
    nodes = (
        Node("pool", Op.MAX_POOL, (0,), window=Window((2, 1), (2, 1), (0, 0), (1, 0))),
        Node("flatten", Op.FLATTEN, (1,)),
        Node("fc", Op.LAYER, (2,), layer=0),
        Node("scores", Op.SOFTMAX, (3,)),
    )
    graph = Graph(tensors, nodes, outputs=(4,))
    assert graph.arena_size == 128
    data = b"".join(packed_chunks((example_layer(),), ("ubp-tui 0.1.0", "tiny", ""), graph))
    assert data == shown_bytes("Example of a network")
    assert read_packed(memoryview(data)).graph == graph


def example_integers() -> tuple[PackedLayer, Graph]:
    """A linear layer of int8 with a block of four columns, between two conversions."""
    layer = PackedLayer(
        shape=(3, 5),
        block_size=2,
        row_begin=np.array([0, 0, 1], np.uint32),
        block_column=np.array([1], np.uint16),
        weights=np.array([[[127, 0, 0, 0], [-64, 0, 0, 0]]], np.int8),
        bias=np.array([0, 20, -5], np.int32),
        activation="sigmoid",
        name="fc",
        method="bed",
        criterion="l1",
        sparsity=0.5,
        retained=0.75,
        scales=np.array([0.5, 0.25, 0.125], np.float32),
        block_columns=4,
        column_order=np.array([4, 3, 1, 0, 2], np.uint16),
    )
    before, made = Affine(0.0625, 128), Affine(2.0**-8, 0)
    tensors = (
        Tensor(rank=2, batch=1, channels=5, offset=64),
        Tensor(rank=2, batch=1, channels=5, offset=0, dtype="int8", scale=0.03125, zero_point=100),
        Tensor(rank=2, batch=1, channels=3, offset=64, dtype="int8", scale=made.scale, zero_point=made.zero_point),
        Tensor(rank=2, batch=1, channels=3, offset=0),
    )
    table = activation_table("sigmoid", before, made).tobytes()
    nodes = (
        Node("x.int8", Op.CONVERT, (0,)),
        Node("fc", Op.LAYER, (1,), layer=0, table=table, before_scale=before.scale, before_zero_point=128),
        Node("fc.fp32", Op.CONVERT, (2,)),
    )
    return layer, Graph(tensors, nodes, outputs=(3,))


def test_the_example_of_integers() -> None:
    layer, graph = example_integers()
    data = b"".join(packed_chunks((layer,), ("ubp-tui 0.1.0", "tiny", ""), graph))
    assert data == shown_bytes("Example of integers")
    contents = read_packed(memoryview(data))
    assert contents.graph == graph
    assert contents.layers[0].unpack_stored().tolist() == [[0] * 5, [0, 0, -64, 0, 0], [0, 0, 127, 0, 0]]
    assert contents.layers[0].unpack().tolist() == [[0] * 5, [0, 0, -16, 0, 0], [0, 0, 15.875, 0, 0]]


def test_the_example_reads_as_the_document_says(example: bytes) -> None:
    contents = read_packed(memoryview(example))
    layer = contents.layers[0]
    assert (contents.tool, contents.model, contents.source) == ("ubp-tui 0.1.0", "tiny", "")
    assert (layer.name, layer.method, layer.criterion, layer.activation) == ("fc", "bed", "l1", "relu")
    assert layer.unpack().tolist() == [[0, 0], [-0.5, 0], [2, 0]]
    assert layer.weights.tolist() == [[2, -0.5]]
