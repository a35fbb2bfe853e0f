"""Judges the bytes of a packed file and gives out views of them. Trusts nothing in them.

The rules stand in docs/format.md in the same order; the C++ reader (native/src/file) applies the same ones and names
the same field. Every FileError starts with that field. No array is made from a number in the file before the file's own
size has vouched for it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.format import (
    ALIGNMENT,
    ARRAY_OF_SECTION,
    FLAG_GRAPH,
    GRAPH_SECTIONS,
    HEADER,
    HEADER_CHECKED,
    HEADER_SIZE,
    LAYER,
    LAYER_SIZE,
    MAGIC,
    MAX_TEXT,
    NO_LAYER,
    SECTION,
    SECTION_SIZE,
    VERSION,
    SectionKind,
    align,
)
from ubp_core.packed.graph import Graph
from ubp_core.packed.graph_reader import read_graph
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.layer_reader import read_layer
from ubp_core.packed.rules.require import require

Record = NDArray[np.void]


@dataclass(frozen=True)
class PackedContents:
    """What a file holds."""

    layers: tuple[PackedLayer, ...]
    tool: str
    model: str
    source: str
    graph: Graph | None = None
    """How the layers are joined; None where the file holds layers alone."""


def read_packed(data: memoryview) -> PackedContents:
    """Checks every byte of a file and returns its contents as views.

    Args:
        data: the whole file, flat bytes.

    Raises:
        FileError: a rule is broken; the line starts with the field.
    """
    header = read_header(data)
    table = read_table(data, header)
    layer_count = int(header["layer_count"])
    require(
        int(table[1]["size"]) == layer_count * LAYER_SIZE, "sections[1].size", f"not {LAYER_SIZE} bytes for each layer"
    )
    texts = TextReader(bytes(section_bytes(data, table, 0)))
    tool, model, source = (texts.take(header, label, label) for label in ("tool", "model", "source"))
    records = np.frombuffer(section_bytes(data, table, 1), LAYER)
    layers: list[PackedLayer] = []
    section = 2
    for index in range(layer_count):
        record, where = records[index], f"layers[{index}]"
        labels = [texts.take(record, label, f"{where}.{label}") for label in ("name", "method", "criterion")]
        require(labels[0] != "", f"{where}.name_size", "the name is empty")
        require(int(record["first_section"]) == section, f"{where}.first_section", f"is not {section}")
        layer, section = read_layer(data, table, record, index, section, (labels[0], labels[1], labels[2]))
        layers.append(layer)
    graph_begin = len(table) - graph_section_count(header)
    require(section == graph_begin, "section_count", f"leaves {graph_begin} to the layers, they have {section}")
    graph = None
    if graph_begin < len(table):
        parts = [section_bytes(data, table, number) for number in range(graph_begin, len(table))]
        graph = read_graph(parts, graph_begin, layers, lambda node, i: texts.take(node, "name", f"nodes[{i}].name"))
    texts.finish()
    check_names([layer.name for layer in layers])
    return PackedContents(tuple(layers), tool, model, source, graph)


def read_header(data: memoryview) -> Record:
    """The header, once it is sound and fits the number of bytes there are."""
    size = data.nbytes
    require(size >= HEADER_SIZE, "file_size", f"{size} bytes are too few for a header")
    raw = bytes(data[:HEADER_SIZE])
    require(raw[: len(MAGIC)] == MAGIC, "magic", "this is not a packed file (.ubp)")
    header: Record = np.frombuffer(raw, HEADER)[0]
    version = int(header["version"])
    require(version == VERSION, "version", describe_version(version))
    require(zlib.crc32(raw[:HEADER_CHECKED]) == int(header["header_checksum"]), "header_checksum", "does not match")
    require(int(header["flags"]) & ~FLAG_GRAPH == 0, "flags", "has an unknown bit")
    stated = int(header["file_size"])
    require(stated == size, "file_size", f"says {stated}, there are {size} bytes")
    require(size % ALIGNMENT == 0, "file_size", f"is no multiple of {ALIGNMENT}")
    layers, sections = int(header["layer_count"]), int(header["section_count"])
    require(layers >= 1, "layer_count", "is 0")
    others = 2 + graph_section_count(header)
    fitting = others + 2 * layers <= sections <= others + 6 * layers
    require(fitting, "section_count", f"{sections} can't belong to {layers} layers")
    require(HEADER_SIZE + sections * SECTION_SIZE <= size, "section_count", "the table is longer than the file")
    return header


def describe_version(version: int) -> str:
    """Why a file of another version is refused, and what to do."""
    if version > VERSION:
        return f"is {version}, this reader knows {VERSION}: a newer ubp-tui wrote it"
    return f"is {version}, this reader knows {VERSION}: an older ubp-tui wrote it, export or pack it again"


def read_table(data: memoryview, header: Record) -> Record:
    """The section table, once the sections cover the file without gaps, in order, and their checksums match."""
    count, graph = int(header["section_count"]), graph_section_count(header)
    end = HEADER_SIZE + count * SECTION_SIZE
    raw = bytes(data[HEADER_SIZE:end])
    require(zlib.crc32(raw) == int(header["table_checksum"]), "table_checksum", "does not match")
    table = np.frombuffer(raw, SECTION)
    require_zeros(data, end, align(end), "table_padding")
    position = align(end)
    for index in range(count):
        position = check_section(data, table[index], index, position, count - graph)
    require(position == data.nbytes, "file_size", f"{data.nbytes - position} bytes belong to no section")
    return table


def graph_section_count(header: Record) -> int:
    """How many sections the graph has: none where there is no graph."""
    return len(GRAPH_SECTIONS) if int(header["flags"]) & FLAG_GRAPH else 0


def fits_place(kind: int, index: int, graph_begin: int) -> bool:
    """Whether a section of this kind may be entry `index` of the table; the graph's begin at `graph_begin`."""
    if index < 2:
        return kind == index + 1
    if index >= graph_begin:
        return kind == GRAPH_SECTIONS[index - graph_begin]
    return kind in ARRAY_OF_SECTION


def check_section(data: memoryview, entry: Record, index: int, position: int, graph_begin: int) -> int:
    """Checks one entry against the position where its section must stand; returns where the next one must."""
    where = f"sections[{index}]"
    kind, offset, size = int(entry["kind"]), int(entry["offset"]), int(entry["size"])
    require(kind in {int(known) for known in SectionKind}, f"{where}.kind", f"{kind} is unknown")
    require(fits_place(kind, index, graph_begin), f"{where}.kind", f"{kind} can't stand here")
    owned = kind in ARRAY_OF_SECTION
    require(owned or int(entry["layer"]) == NO_LAYER, f"{where}.layer", "this section belongs to no layer")
    require(int(entry["reserved"]) == 0, f"{where}.reserved", "is not 0")
    require(offset == position, f"{where}.offset", f"is {offset}, the section must stand at {position}")
    require(size <= data.nbytes - offset, f"{where}.size", f"{size} bytes reach beyond the file")
    end = offset + size
    require_zeros(data, end, align(end), f"{where}.padding")
    require(zlib.crc32(data[offset:end]) == int(entry["checksum"]), f"{where}.checksum", "does not match")
    return align(end)


def require_zeros(data: memoryview, begin: int, end: int, field: str) -> None:
    """Refuses padding that carries anything."""
    require(not any(data[begin:end]), field, "is not zero")


def section_bytes(data: memoryview, table: Record, index: int) -> memoryview:
    """The bytes of a checked section."""
    offset = int(table[index]["offset"])
    return data[offset : offset + int(table[index]["size"])]


class TextReader:
    """Takes the texts from their section, which they must fill back to back in the order they are asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, record: Record, label: str, where: str) -> str:
        """The next text, which `record` says is at `<label>_offset` and `<label>_size` bytes long."""
        offset, size = int(record[f"{label}_offset"]), int(record[f"{label}_size"])
        require(offset == self._position, f"{where}_offset", f"is {offset}, the text must stand at {self._position}")
        require(size <= MAX_TEXT, f"{where}_size", f"{size} bytes are more than {MAX_TEXT}")
        require(size <= len(self._data) - offset, f"{where}_size", f"{size} bytes reach beyond the texts")
        self._position = offset + size
        try:
            text = self._data[offset : self._position].decode()
        except UnicodeDecodeError:
            raise FileError(f"{where}: is not UTF-8") from None
        control = any(char < " " or "\x7f" <= char <= "\x9f" for char in text)
        require(not control, where, "holds a control character")
        return text

    def finish(self) -> None:
        """Refuses bytes that are no text's."""
        rest = len(self._data) - self._position
        require(rest == 0, "sections[0].size", f"{rest} bytes belong to no text")


def check_names(names: list[str]) -> None:
    """Refuses a name that an earlier layer has."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        require(name not in seen, f"layers[{index}].name", "an earlier layer has it")
        seen.add(name)
