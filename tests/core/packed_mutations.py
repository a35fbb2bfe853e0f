"""A hypothesis strategy: good files with some bytes, numbers, lengths or sections changed, most with true checksums."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from bad_files import GOOD
from integer_samples import integer_layer_bytes
from packed_samples import put, repair_checksums, section_entry
from ubp_core.packed.format import HEADER, HEADER_SIZE, LAYER, SECTION

NUMBERS = st.one_of(
    st.integers(0, 20),
    st.sampled_from([255, 65535, 65536, 65537, 2**24 + 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, 0x7F800000, 0x7FC00000]),
    st.integers(0, 2**64 - 1),
)
GOODS = (GOOD, integer_layer_bytes())


def fields_of(data: bytes) -> list[tuple[int, int]]:
    """Offset and size of every number in a good file's records."""
    head = np.frombuffer(data, HEADER, 1)[0]
    records = int(section_entry(data, 1)["offset"])
    places = [
        (HEADER, 0, 1),
        (SECTION, HEADER_SIZE, int(head["section_count"])),
        (LAYER, records, int(head["layer_count"])),
    ]
    return [
        (begin + index * kind.itemsize + kind.fields[name][1], kind.fields[name][0].itemsize)  # type: ignore[index]
        for kind, begin, count in places
        for index in range(count)
        for name in kind.names or ()
    ]


FIELDS = {data: fields_of(data) for data in GOODS}


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """A changed file; checksums are true again in three of four."""
    good = draw(st.sampled_from(GOODS))
    data, sections = bytearray(good), int(np.frombuffer(good, HEADER, 1)[0]["section_count"])
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["field", "field", "array", "bit", "copy", "cut"]))
        if kind == "field":
            offset, size = draw(st.sampled_from(FIELDS[good]))
            if offset + size <= len(data):
                put(data, offset, draw(NUMBERS) % 256**size, size)
        elif kind == "array" and len(data) == len(good):
            entry = section_entry(good, draw(st.integers(2, sections - 1)))
            if entry["size"] > 1:
                place = 2 * draw(st.integers(0, int(entry["size"]) // 2 - 1))
                put(data, int(entry["offset"]) + place, draw(NUMBERS) % 65536, 2)
        elif kind == "bit" and data:
            data[draw(st.integers(0, len(data) - 1))] ^= 1 << draw(st.integers(0, 7))
        elif kind == "copy" and len(data) > 64:
            source, target = (64 * draw(st.integers(0, len(data) // 64 - 1)) for _ in range(2))
            data[target : target + 64] = data[source : source + 64]
        elif kind == "cut":
            del data[draw(st.integers(0, len(data))) :]
    return bytes(repair_checksums(data) if draw(st.integers(0, 3)) else data)
