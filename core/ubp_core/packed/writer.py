"""Lays out the bytes of a packed file. Owns order, offsets and checksums; checks no rule, opens no file."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.packed.dense_blocks import to_blocks
from ubp_core.packed.format import (
    FLAG_ALIGNED,
    FLAG_GRAPH,
    GRAPH_SECTIONS,
    HEADER,
    HEADER_CHECKED,
    HEADER_SIZE,
    LAYER,
    MAGIC,
    NO_LAYER,
    SECTION,
    SECTION_SIZE,
    VERSION,
    SectionKind,
    align,
    array_types,
)
from ubp_core.packed.graph import Graph
from ubp_core.packed.graph_writer import graph_section_bytes
from ubp_core.packed.layer import PackedLayer
from ubp_core.vocabulary import ACTIVATIONS, DTYPES


@dataclass
class TextPool:
    """Collects texts back to back, in the order the format wants them."""

    data: bytearray = field(default_factory=bytearray)

    def add(self, text: str, label: str) -> tuple[int, int]:
        """Appends a text and returns its offset and size in bytes."""
        try:
            encoded = text.encode()
        except UnicodeEncodeError as error:
            raise FileError(f"{label}: {text!r} can't be written as UTF-8") from error
        offset = len(self.data)
        self.data += encoded
        return offset, len(encoded)


@dataclass(frozen=True)
class Section:
    """One section before it has an offset."""

    kind: SectionKind
    layer: int
    data: memoryview


def packed_chunks(
    layers: Sequence[PackedLayer], texts: tuple[str, str, str], graph: Graph | None = None
) -> Iterator[bytes | memoryview]:
    """Bytes of a file, in pieces.

    Args:
        layers: what the file holds.
        texts: tool, model and source.
        graph: how the layers are joined, where the file is a network.
    """
    pool = TextPool()
    header = np.zeros(1, HEADER)
    header["flags"] = 0 if graph is None else FLAG_GRAPH
    for label, text in zip(("tool", "model", "source"), texts, strict=True):
        header[f"{label}_offset"], header[f"{label}_size"] = pool.add(text, label)
    arrays: list[Section] = []
    records = np.zeros(len(layers), LAYER)
    for index, layer in enumerate(layers):
        fill_record(records, index, layer, pool, first_section=2 + len(arrays))
        arrays += layer_sections(index, layer)
    if graph is not None:
        for kind, data in zip(GRAPH_SECTIONS, graph_section_bytes(graph, pool.add), strict=True):
            arrays.append(Section(kind, NO_LAYER, memoryview(data)))
    sections = [
        Section(SectionKind.TEXTS, NO_LAYER, memoryview(bytes(pool.data))),
        Section(SectionKind.LAYERS, NO_LAYER, memoryview(records.tobytes())),
        *arrays,
    ]
    yield from laid_out(header, sections, len(layers))


def fill_record(records: NDArray[np.void], index: int, layer: PackedLayer, pool: TextPool, first_section: int) -> None:
    """Writes one layer's record."""
    record: dict[str, object] = {}
    for label in ("name", "method", "criterion"):
        record[f"{label}_offset"], record[f"{label}_size"] = pool.add(getattr(layer, label), f"layers[{index}].{label}")
    record |= dict(
        dtype=DTYPES.index(layer.dtype),
        flags=FLAG_ALIGNED if layer.aligned else 0,
        rank=len(layer.shape),
        rows=layer.rows,
        columns=layer.columns,
        block_size=layer.block_size,
        block_count=layer.block_count,
        in_channels=layer.shape[1],
        activation=ACTIVATIONS.index(layer.activation),
        first_section=first_section,
        sparsity=layer.sparsity,
        retained=layer.retained,
        groups=layer.groups,
        accumulate=int(layer.wide_sums),
        block_columns=layer.block_columns,
    )
    pairs = {"kernel": layer.kernel, "stride": layer.stride, "pad": layer.padding, "dilation": layer.dilation}
    pairs |= {"image": layer.image_hw or (0, 0), "extra": layer.extra_padding}
    for label, (down, across) in pairs.items():
        record |= {f"{label}_h": down, f"{label}_w": across}
    try:
        for label, value in record.items():
            records[label][index] = value
    except (OverflowError, ValueError) as error:
        raise FileError(f"layers[{index}].{label}: {value!r} can't be stored") from error


def layer_sections(index: int, layer: PackedLayer) -> list[Section]:
    """The array sections of one layer, in file order."""
    sections = []
    for kind, (attribute, element) in array_types(layer.dtype, layer.dense).items():
        values = layer.stored_columns if kind == SectionKind.BLOCK_COLUMN else getattr(layer, attribute)
        array = np.ascontiguousarray(values).astype(element, copy=False)
        if layer.dense and layer.groups == 1 and kind == SectionKind.WEIGHTS:
            array = to_blocks(array)
        sections.append(Section(kind, index, array.reshape(-1).view(np.uint8).data))
    return sections


def laid_out(header: NDArray[np.void], sections: list[Section], layer_count: int) -> Iterator[bytes | memoryview]:
    """Header, section table and sections, each padded with zeros to a multiple of 64 bytes."""
    table = np.zeros(len(sections), SECTION)
    position = align(HEADER_SIZE + len(sections) * SECTION_SIZE)
    for entry, section in zip(table, sections, strict=True):
        entry["kind"], entry["layer"] = section.kind, section.layer
        entry["offset"], entry["size"] = position, section.data.nbytes
        entry["checksum"] = zlib.crc32(section.data)
        position = align(position + section.data.nbytes)
    header["magic"], header["version"] = MAGIC, VERSION
    header["section_count"], header["layer_count"], header["file_size"] = len(sections), layer_count, position
    header["table_checksum"] = zlib.crc32(table.tobytes())
    header["header_checksum"] = zlib.crc32(header.tobytes()[:HEADER_CHECKED])
    head = header.tobytes() + table.tobytes()
    for data in (memoryview(head), *(section.data for section in sections)):
        yield data
        yield bytes(align(data.nbytes) - data.nbytes)
