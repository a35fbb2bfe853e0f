"""A hypothesis strategy: good files with some bytes, numbers, lengths or sections changed, most with true checksums."""

from __future__ import annotations

from hypothesis import strategies as st

from bad_files import GOOD
from packed_samples import put, repair_checksums, section_entry
from ubp_core.packed.format import HEADER, HEADER_SIZE, LAYER, LAYER_SIZE, SECTION, SECTION_SIZE

NUMBERS = st.one_of(
    st.integers(0, 20),
    st.sampled_from([255, 65535, 65536, 65537, 2**24 + 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, 0x7F800000, 0x7FC00000]),
    st.integers(0, 2**64 - 1),
)
RECORDS = int(section_entry(GOOD, 1)["offset"])
FIELDS = [
    *((offset, kind.itemsize) for kind, offset in (HEADER.fields[name][:2] for name in HEADER.names)),
    *(
        (HEADER_SIZE + index * SECTION_SIZE + SECTION.fields[name][1], SECTION.fields[name][0].itemsize)
        for index in range(20)
        for name in SECTION.names
    ),
    *(
        (
            int(section_entry(GOOD, 1)["offset"]) + layer * LAYER_SIZE + LAYER.fields[name][1],
            LAYER.fields[name][0].itemsize,
        )
        for layer in range(5)
        for name in LAYER.names
    ),
]
"""Offset and size of every number in the good file's records."""


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """A changed file; checksums are true again in three of four."""
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["field", "field", "array", "bit", "copy", "cut"]))
        if kind == "field":
            offset, size = draw(st.sampled_from(FIELDS))
            if offset + size <= len(data):
                put(data, offset, draw(NUMBERS) % 256**size, size)
        elif kind == "array" and len(data) == len(GOOD):
            entry = section_entry(GOOD, draw(st.integers(2, 19)))
            if entry["size"]:
                put(
                    data,
                    int(entry["offset"]) + 2 * draw(st.integers(0, int(entry["size"]) // 2 - 1)),
                    draw(NUMBERS) % 65536,
                    2,
                )
        elif kind == "bit" and data:
            data[draw(st.integers(0, len(data) - 1))] ^= 1 << draw(st.integers(0, 7))
        elif kind == "copy" and len(data) > 64:
            source, target = (64 * draw(st.integers(0, len(data) // 64 - 1)) for _ in range(2))
            data[target : target + 64] = data[source : source + 64]
        elif kind == "cut":
            del data[draw(st.integers(0, len(data))) :]
    return bytes(repair_checksums(data) if draw(st.integers(0, 3)) else data)
