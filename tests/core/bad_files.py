"""Hand-made bad files: for every rule of docs/format.md one change to a good file, and the field that must be named.

Both readers are tested with this one list.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bad_integer_files import INTEGER_CASES, good_integers
from file_changes import (
    Change,
    both,
    byte,
    drop_last_two,
    element,
    entry,
    header,
    padding_of,
    record,
    relaid,
    repeat_last_two,
    resized,
    text,
)
from packed_samples import network_bytes, repair_checksums, section_entry
from ubp_core.packed.format import VERSION

# The good file's sections: 0 texts, 1 layers, then four per sparse layer and two for the dense one.
CONV = dict(row_begin=2, block_column=3, weights=4, bias=5)  # layer 0: 9 x 12, N = 4
LINEAR_LAYER = 2  # sections 10 to 13
DENSE_LAYER = 3  # sections 14, 15
EMPTY = dict(row_begin=16, block_column=17, weights=18, bias=19)  # layer 4: no start row at all
HALF = dict(weights=22, bias=23)  # layer 5: 7 x 3, N = 2, fp16
HALF_DENSE = 24  # layer 6: 5 x 3, fp16, sums in fp32; sections 24, 25
LAST = 25


@dataclass(frozen=True)
class BadFile:
    """One broken rule."""

    field: str
    """What the error must start with, up to the colon."""
    change: Change
    """Breaks the rule in a good file."""
    repair: bool = True
    """Whether the checksums are made true again afterwards."""
    good: Callable[[], bytes] = network_bytes
    """Makes the good file."""

    def make(self) -> bytearray:
        """The bad file's bytes."""
        data = bytearray(self.good())
        self.change(data)
        return repair_checksums(data) if self.repair else data


def first_repeat(data: bytearray) -> None:
    """Gives the second block of the first start row with two blocks the column of the first."""
    begins = int(section_entry(data, CONV["row_begin"])["offset"])
    row_begin = np.frombuffer(data, "<u4", 7, begins)
    block = int(row_begin[np.flatnonzero(np.diff(row_begin.astype(np.int64)) > 1)[0]])
    at = int(section_entry(data, CONV["block_column"])["offset"]) + 2 * block
    data[at + 2 : at + 4] = data[at : at + 2]


def overlapping(data: bytearray) -> None:
    """Leaves two blocks of layer 0, in one column, three rows apart where four is the least."""
    assert 1 < BLOCKS_OF_CONV <= 13
    row_begin = np.array([0, 1, 1, 1] + [BLOCKS_OF_CONV] * 3, "<u4")
    columns = np.array([0, *range(BLOCKS_OF_CONV - 1)], "<u2")
    for name, array in (("row_begin", row_begin), ("block_column", columns)):
        at = int(section_entry(data, CONV[name])["offset"])
        data[at : at + array.nbytes] = array.tobytes()


def lengthen_texts(data: bytearray) -> None:
    """Takes one byte of the padding behind the texts into their section."""
    entry(0, "size", int(section_entry(data, 0)["size"]) + 1)(data)


GOOD = network_bytes()
BLOCKS_OF_CONV = int(section_entry(GOOD, CONV["block_column"])["size"]) // 2 - 2
NAN = math.nan

BAD_FILES: dict[str, BadFile] = {
    "empty file": BadFile("file_size", resized(0), repair=False),
    "shorter than a header": BadFile("file_size", resized(63), repair=False),
    "not a packed file": BadFile("magic", byte(0, 0x88)),
    "line ends translated": BadFile("magic", byte(4, 0x0A)),
    "version 0": BadFile("version", header("version", 0)),
    "version 1": BadFile("version", header("version", 1)),
    "version before this": BadFile("version", header("version", VERSION - 1)),
    "header changed": BadFile("header_checksum", byte(40, 77), repair=False),
    "header flag": BadFile("flags", header("flags", 2)),
    "no sections left for a graph": BadFile("sections[21].kind", header("flags", 1)),
    "size too small": BadFile("file_size", header("file_size", 64)),
    "size huge": BadFile("file_size", header("file_size", 2**64 - 1)),
    "size no multiple of 64": BadFile("file_size", resized(-1)),
    "more bytes than sections": BadFile("file_size", resized(len(GOOD) + 64)),
    "no layers": BadFile("layer_count", header("layer_count", 0)),
    "too few sections": BadFile("section_count", header("section_count", 15)),
    "too many sections": BadFile("section_count", header("section_count", 45)),
    "table longer than the file": BadFile(
        "section_count", both(header("layer_count", 2**30 - 1), header("section_count", 2**32 - 2))
    ),
    "fewer sections than the layers have": BadFile("section_count", relaid(drop_last_two)),
    "more sections than the layers have": BadFile("section_count", relaid(repeat_last_two)),
    "table changed": BadFile("table_checksum", entry(1, "size", 65), repair=False),
    "unknown section": BadFile("sections[5].kind", entry(5, "kind", 9)),
    "scales of an fp32 layer": BadFile("sections[5].kind", entry(5, "kind", 7)),
    "graph section": BadFile("sections[5].kind", entry(5, "kind", 16)),
    "section kind 0": BadFile("sections[2].kind", entry(2, "kind", 0)),
    "texts not first": BadFile("sections[0].kind", entry(0, "kind", 2)),
    "texts twice": BadFile("sections[2].kind", entry(2, "kind", 1)),
    "array where texts belong": BadFile("sections[0].kind", entry(0, "kind", 3)),
    "texts with a layer": BadFile("sections[0].layer", entry(0, "layer", 0)),
    "reserved of a section": BadFile("sections[3].reserved", entry(3, "reserved", 1)),
    "offset beyond": BadFile("sections[4].offset", entry(4, "offset", 2**64 - 64)),
    "section overlaps the one before": BadFile(
        "sections[4].offset", lambda data: entry(4, "offset", int(section_entry(data, 3)["offset"]))(data)
    ),
    "gap before a section": BadFile(
        "sections[4].offset", lambda data: entry(4, "offset", int(section_entry(data, 4)["offset"]) + 64)(data)
    ),
    "size beyond": BadFile("sections[4].size", entry(4, "size", 2**63)),
    "size that overflows": BadFile("sections[4].size", entry(4, "size", 2**64 - 1)),
    "padding of a section": BadFile("sections[2].padding", padding_of(2)),
    "padding of the last section": BadFile(f"sections[{LAST}].padding", padding_of(LAST)),
    "texts changed": BadFile("sections[0].checksum", text(b"a tool", b"A tool"), repair=False),
    "weights changed": BadFile("sections[4].checksum", element(4, 0, 3.0, "f"), repair=False),
    "layer table too small": BadFile("sections[1].size", header("layer_count", 8)),
    "text elsewhere": BadFile("tool_offset", header("tool_offset", 1)),
    "text overlaps": BadFile("model_offset", header("model_offset", 9)),
    "text too long": BadFile("source_size", header("source_size", 4097)),
    "text beyond": BadFile("source_size", header("source_size", 4000)),
    "name elsewhere": BadFile("layers[1].name_offset", record(1, "name_offset", 0)),
    "empty name": BadFile(  # the method takes its bytes
        "layers[0].name_size",
        both(record(0, "name_size", 0), record(0, "method_offset", 32), record(0, "method_size", 9)),
    ),
    "not UTF-8": BadFile("model", text(b"a model", b"a mod\xff\xff")),
    "overlong UTF-8": BadFile("model", text(b"a model", b"a mod\xc0\x80")),
    "surrogate": BadFile("model", text(b"a model", b"a mo\xed\xa0\x80")),
    "beyond Unicode": BadFile("model", text(b"a model", b"a m\xf4\x90\x80\x80")),
    "cut UTF-8": BadFile("model", text(b"a model", b"a mode\xc3")),
    "escape in a name": BadFile("layers[1].name", text(b"blocks.0", b"\x1b[31m\x1b[0")),
    "C1 control in a name": BadFile("layers[2].name", text(b"head", b"he\xc2\x9b")),
    "name twice": BadFile("layers[4].name", text(b"too narrow", b"classifier")),
    "bytes of no text": BadFile("sections[0].size", lengthen_texts),
    "first section": BadFile("layers[1].first_section", record(1, "first_section", 7)),
    "dtype 3": BadFile("layers[5].dtype", record(5, "dtype", 3)),
    "fp16 against the size of weights": BadFile("sections[4].size", record(0, "dtype", 1)),
    "fp32 against the size of weights": BadFile(f"sections[{HALF['weights']}].size", record(5, "dtype", 0)),
    "layer flag": BadFile("layers[0].flags", record(0, "flags", 2)),
    "says aligned": BadFile("layers[0].flags", record(0, "flags", 1)),
    "says unaligned": BadFile("layers[1].flags", record(1, "flags", 0)),
    "dense says aligned": BadFile("layers[3].flags", record(3, "flags", 1)),
    "rank": BadFile("layers[0].rank", record(0, "rank", 3)),
    "no rows": BadFile("layers[0].rows", record(0, "rows", 0)),
    "too many rows": BadFile("layers[0].rows", record(0, "rows", 2**24 + 1)),
    "no columns": BadFile("layers[0].columns", record(0, "columns", 0)),
    "too many columns": BadFile("layers[0].columns", record(0, "columns", 65537)),
    "block size 3": BadFile("layers[0].block_size", record(0, "block_size", 3)),
    "block size 32": BadFile("layers[0].block_size", record(0, "block_size", 32)),
    "dense with blocks": BadFile("layers[3].block_count", record(3, "block_count", 1)),
    "no channels": BadFile("layers[0].in_channels", record(0, "in_channels", 0)),
    "kernel height": BadFile("layers[0].kernel_h", record(0, "kernel_h", 65537)),
    "kernel width": BadFile("layers[0].kernel_w", record(0, "kernel_w", 0)),
    "channels times kernel": BadFile("layers[0].in_channels", record(0, "in_channels", 3)),
    "channels times kernel wraps": BadFile("layers[0].in_channels", both(
        record(0, "in_channels", 65536), record(0, "kernel_h", 65536), record(0, "kernel_w", 1))),
    "stride down": BadFile("layers[0].stride_h", record(0, "stride_h", 0)),
    "stride across": BadFile("layers[0].stride_w", record(0, "stride_w", 65536)),
    "padding down": BadFile("layers[0].pad_h", record(0, "pad_h", 65536)),
    "padding across": BadFile("layers[0].pad_w", record(0, "pad_w", 2**32 - 1)),
    "dilation down": BadFile("layers[0].dilation_h", record(0, "dilation_h", 0)),
    "dilation across": BadFile("layers[0].dilation_w", record(0, "dilation_w", 0)),
    "activation": BadFile("layers[0].activation", record(0, "activation", 7)),
    "linear with a kernel": BadFile("layers[0].kernel_h", record(0, "rank", 2)),
    "linear with a stride": BadFile("layers[2].stride_h", record(2, "stride_h", 2)),
    "linear with a stride across": BadFile("layers[2].stride_w", record(2, "stride_w", 2)),
    "linear with padding": BadFile("layers[2].pad_h", record(2, "pad_h", 1)),
    "linear with padding across": BadFile("layers[2].pad_w", record(2, "pad_w", 1)),
    "linear with dilation": BadFile("layers[2].dilation_h", record(2, "dilation_h", 2)),
    "linear with dilation across": BadFile("layers[2].dilation_w", record(2, "dilation_w", 2)),
    "sparsity above 1": BadFile("layers[0].sparsity", record(0, "sparsity", 1.5)),
    "sparsity NaN": BadFile("layers[0].sparsity", record(0, "sparsity", NAN)),
    "retained below 0": BadFile("layers[0].retained", record(0, "retained", -0.1)),
    "retained infinite": BadFile("layers[0].retained", record(0, "retained", math.inf)),
    "no groups": BadFile("layers[0].groups", record(0, "groups", 0)),
    "too many groups": BadFile("layers[0].groups", record(0, "groups", 65537)),
    "groups of a sparse layer": BadFile("layers[0].groups", record(0, "groups", 3)),
    "groups of a linear layer": BadFile("layers[3].groups", record(3, "groups", 3)),
    "groups that do not share out the rows": BadFile("layers[3].groups", both(
        record(3, "rank", 4), record(3, "groups", 2))),
    "groups times channels": BadFile("layers[3].groups", both(
        record(3, "rank", 4), record(3, "groups", 32768), record(3, "rows", 32768))),
    "image height": BadFile("layers[0].image_h", record(0, "image_h", 65536)),
    "image width": BadFile("layers[0].image_w", record(0, "image_w", 65536)),
    "wide sums of an fp32 layer": BadFile("layers[0].accumulate", record(0, "accumulate", 1)),
    "wider sums": BadFile("layers[5].accumulate", record(5, "accumulate", 2)),
    "no columns of a block": BadFile("layers[0].block_columns", record(0, "block_columns", 0)),
    "four columns of a block": BadFile("layers[0].block_columns", record(0, "block_columns", 4)),
    "zipped blocks": BadFile("layers[0].block_form", record(0, "block_form", 1)),
    **{f"reserved{n} of a layer": BadFile(f"layers[1].reserved{n}", record(1, f"reserved{n}", 1)) for n in range(5)},
    "half an image": BadFile("layers[0].image_w", record(0, "image_h", 7)),
    "linear with more padding": BadFile("layers[2].extra_h", record(2, "extra_h", 1)),
    "linear with more padding across": BadFile("layers[2].extra_w", record(2, "extra_w", 1)),
    "wrong section of a layer": BadFile("sections[2].kind", entry(2, "kind", 5)),
    "section of another layer": BadFile("sections[3].layer", entry(3, "layer", 1)),
    "fewer blocks than columns": BadFile("sections[3].size", record(0, "block_count", BLOCKS_OF_CONV - 1)),
    "block count that overflows": BadFile("sections[3].size", record(0, "block_count", 2**31 + BLOCKS_OF_CONV)),
    "rows against row pointers": BadFile("sections[2].size", record(0, "rows", 10)),
    "block size against row pointers": BadFile("sections[2].size", record(0, "block_size", 2)),
    "a dense layer's matrix": BadFile("sections[14].size", record(3, "rows", 9)),
    "first row pointer": BadFile("layers[0].row_begin[0]", element(2, 0, 1, "I")),
    "row pointer falls": BadFile("layers[0].row_begin[4]", element(2, 3, 2**31, "I")),
    "last row pointer": BadFile("layers[0].row_begin[6]", element(2, 6, BLOCKS_OF_CONV + 1, "I")),
    "only row pointer": BadFile("layers[4].row_begin[0]", element(16, 0, 1, "I")),
    "nothing behind the columns": BadFile("sections[3].size", record(0, "block_count", BLOCKS_OF_CONV + 2)),
    "column behind the last": BadFile(f"layers[0].block_column[{BLOCKS_OF_CONV}]", element(3, BLOCKS_OF_CONV, 1, "H")),
    "second column behind": BadFile(
        f"layers[0].block_column[{BLOCKS_OF_CONV + 1}]", element(3, BLOCKS_OF_CONV + 1, 65535, "H")
    ),
    "column behind no block": BadFile("layers[4].block_column[0]", element(17, 0, 3, "H")),
    "column beyond": BadFile("layers[0].block_column[2]", element(3, 2, 12, "H")),
    "column far beyond": BadFile("layers[0].block_column[0]", element(3, 0, 65535, "H")),
    "column repeated": BadFile("layers[0].block_column", first_repeat),
    "blocks overlap": BadFile("layers[0].block_column[1]", overlapping),
    "infinite weight": BadFile("layers[0].weights[5]", element(4, 5, math.inf, "f")),
    "negative infinite weight": BadFile("layers[0].weights[0]", element(4, 0, -math.inf, "f")),
    "weight NaN": BadFile("layers[3].weights[11]", element(14, 11, NAN, "f")),
    "a weight of a row that is none": BadFile("layers[3].weights[3]", element(14, 3, 1.0, "f")),
    "minus zero in a row that is none": BadFile("layers[3].weights[31]", element(14, 31, -0.0, "f")),
    "signalling NaN": BadFile("layers[3].weights[0]", element(14, 0, 0x7F800001, "I")),
    "infinite fp16 weight": BadFile("layers[5].weights[3]", element(HALF["weights"], 3, 0x7C00, "H")),
    "fp16 weight NaN": BadFile("layers[6].weights[0]", element(HALF_DENSE, 0, 0xFE01, "H")),
    "fp16 weight of a row that is none": BadFile("layers[6].weights[7]", element(HALF_DENSE, 7, 1, "H")),
    "bias of an fp16 layer NaN": BadFile("layers[5].bias[0]", element(HALF["bias"], 0, NAN, "f")),
    "bias NaN": BadFile("layers[0].bias[8]", element(5, 8, NAN, "f")),
    "bias infinite": BadFile("layers[3].bias[0]", element(15, 0, math.inf, "f")),
    **{name: BadFile(where, change, good=good_integers) for name, (where, change) in INTEGER_CASES.items()},
}  # fmt: skip
