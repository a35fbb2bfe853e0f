"""Small packed layers and files that tests of the format share, and the repair of checksums after a change."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ubp_core.network.types.half import to_half
from ubp_core.packed.format import HEADER, HEADER_CHECKED, HEADER_SIZE, SECTION, SECTION_SIZE, SectionKind
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import pack, pack_dense
from ubp_core.packed.writer import packed_chunks

TEXTS = ("a tool 1.0", "a model", "drawn by a test")


@dataclass(frozen=True)
class Blocks:
    """As much of a Selection as packing needs."""

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    block_size: int
    shape: tuple[int, int]
    method: str = "bed"
    retained: float = 0.5
    sparsity: float = 0.75


def random_blocks(
    rng: np.random.Generator, shape: tuple[int, int], block_size: int, density: float = 0.4, aligned: bool = False
) -> Blocks:
    """Blocks that do not overlap, about `density` of what fits; unaligned unless asked."""
    rows, columns = [], []
    for column in range(shape[1]):
        row = 0 if aligned else int(rng.integers(0, 3))
        while row + block_size <= shape[0]:
            if rng.random() < density:
                rows.append(row)
                columns.append(column)
                row += block_size
            else:
                row += block_size if aligned else 1
    order = np.lexsort((columns, rows))
    return Blocks(np.array(rows, np.int32)[order], np.array(columns, np.int32)[order], block_size, shape)


def random_layer(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    block_size: int,
    density: float = 0.4,
    aligned: bool = False,
    name: str = "layer",
) -> PackedLayer:
    """A packed layer of random weights; `block_size` 0 makes a dense one."""
    weight = rng.normal(size=shape).astype(np.float32)
    bias = rng.normal(size=shape[0]).astype(np.float32)
    if block_size == 0:
        return pack_dense(weight, bias, name=name)
    matrix = (shape[0], int(np.prod(shape[1:])))
    return pack(
        weight,
        random_blocks(rng, matrix, block_size, density, aligned),
        bias,
        name=name,
        criterion="l1",
        activation="relu",
    )


def file_bytes(*layers: PackedLayer) -> bytes:
    """A file of these layers, in memory."""
    return b"".join(packed_chunks(layers, TEXTS))


def network_bytes() -> bytes:
    """A small file with every kind of layer: two block sizes, aligned, dense, linear, one without blocks, and fp16."""
    rng = np.random.default_rng(7)
    return file_bytes(
        random_layer(rng, (9, 2, 3, 2), 4, name="stem.0"),
        random_layer(rng, (8, 5, 1, 1), 2, aligned=True, name="blocks.0"),
        random_layer(rng, (5, 7), 1, name="head"),
        random_layer(rng, (3, 4), 0, name="classifier"),
        random_layer(rng, (3, 4), 16, name="too narrow"),
        to_half(random_layer(rng, (7, 3), 2, name="half")),
        to_half(random_layer(rng, (5, 3), 0, name="half, dense"), wide_sums=True),
    )


def section_entry(data: bytes | bytearray, index: int) -> np.void:
    """One entry of the section table."""
    entry: np.void = np.frombuffer(data, SECTION, 1, HEADER_SIZE + index * SECTION_SIZE)[0]
    return entry


def array_sections(data: bytes) -> dict[SectionKind, int]:
    """Bytes of each section of a file of one layer, by the section table; without texts and records."""
    count = int(np.frombuffer(data, HEADER, 1)[0]["section_count"])
    entries = [section_entry(data, index) for index in range(2, count)]
    return {SectionKind(int(entry["kind"])): int(entry["size"]) for entry in entries}


def repair_checksums(data: bytearray) -> bytearray:
    """Makes all checksums true again, as far as the table still points into the file."""
    if len(data) < HEADER_SIZE:
        return data
    header = np.frombuffer(data, HEADER, 1)[0]
    count = min(int(header["section_count"]), (len(data) - HEADER_SIZE) // SECTION_SIZE)
    for index in range(count):
        entry = section_entry(data, index)
        begin, end = int(entry["offset"]), int(entry["offset"]) + int(entry["size"])
        if end <= len(data):
            put(data, HEADER_SIZE + index * SECTION_SIZE + 24, zlib.crc32(data[begin:end]))
    put(data, HEADER_CHECKED - 4, zlib.crc32(data[HEADER_SIZE : HEADER_SIZE + count * SECTION_SIZE]))
    put(data, HEADER_CHECKED, zlib.crc32(data[:HEADER_CHECKED]))
    return data


def put(data: bytearray, offset: int, value: int, size: int = 4) -> None:
    """Overwrites a little-endian number."""
    data[offset : offset + size] = value.to_bytes(size, "little")
