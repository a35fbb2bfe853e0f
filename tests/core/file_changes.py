"""Changes to a packed file's bytes, of which bad files are made."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from packed_samples import put, section_entry
from ubp_core.packed.format import HEADER, HEADER_SIZE, LAYER, LAYER_SIZE, SECTION, SECTION_SIZE, SectionKind
from ubp_core.packed.writer import Section, laid_out

Change = Callable[[bytearray], None]


def header(label: str, value: int) -> Change:
    kind, offset = HEADER.fields[label][:2]
    return lambda data: put(data, offset, value, kind.itemsize)


def entry(index: int, label: str, value: int) -> Change:
    kind, offset = SECTION.fields[label][:2]
    return lambda data: put(data, HEADER_SIZE + index * SECTION_SIZE + offset, value, kind.itemsize)


def record(layer: int, label: str, value: int | float) -> Change:
    kind, offset = LAYER.fields[label][:2]
    raw = struct.pack("<d", value) if kind.kind == "f" else int(value).to_bytes(kind.itemsize, "little")

    def change(data: bytearray) -> None:
        at = int(section_entry(data, 1)["offset"]) + layer * LAYER_SIZE + offset
        data[at : at + len(raw)] = raw

    return change


def element(section: int, index: int, value: int | float, form: str) -> Change:
    raw = struct.pack(f"<{form}", value)

    def change(data: bytearray) -> None:
        at = int(section_entry(data, section)["offset"]) + index * len(raw)
        data[at : at + len(raw)] = raw

    return change


def text(old: bytes, new: bytes) -> Change:
    """Replaces a text by one of the same size."""
    assert len(old) == len(new)

    def change(data: bytearray) -> None:
        at = data.index(old)
        data[at : at + len(old)] = new

    return change


def byte(offset: int, value: int) -> Change:
    return lambda data: put(data, offset, value, 1)


def padding_of(section: int) -> Change:
    """Writes into the first byte behind a section."""

    def change(data: bytearray) -> None:
        data[int(section_entry(data, section)["offset"]) + int(section_entry(data, section)["size"])] = 1

    return change


def resized(size: int) -> Change:
    """Cuts the file, or lengthens it with zeros, and says so in its header."""

    def change(data: bytearray) -> None:
        length = size if size >= 0 else len(data) + size
        data[length:] = bytes(max(0, length - len(data)))
        if length >= HEADER_SIZE:
            put(data, 16, length, 8)

    return change


def both(*changes: Change) -> Change:
    def change(data: bytearray) -> None:
        for one in changes:
            one(data)

    return change


def section_list(data: bytearray) -> list[Section]:
    """The sections as the writer sees them."""
    sections = []
    for index in range(int(np.frombuffer(data, HEADER, 1)[0]["section_count"])):
        one = section_entry(data, index)
        begin = int(one["offset"])
        body = memoryview(bytes(data[begin : begin + int(one["size"])]))
        sections.append(Section(SectionKind(int(one["kind"])), int(one["layer"]), body))
    return sections


def relaid(edit: Callable[[list[Section]], None]) -> Change:
    """Changes the list of sections and lays the file out again."""

    def change(data: bytearray) -> None:
        sections, head = section_list(data), np.frombuffer(data, HEADER, 1).copy()
        edit(sections)
        data[:] = b"".join(laid_out(head, sections, int(head[0]["layer_count"])))

    return change


def drop_last_two(sections: list[Section]) -> None:
    del sections[-2:]


def repeat_last_two(sections: list[Section]) -> None:
    sections.extend(sections[-2:])
