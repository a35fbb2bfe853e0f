"""The fixed parts of the packed file: record layouts, codes and limits (docs/format.md has them in words).

Owns no behaviour: the reader, the writer and the tests of the specification all take their numbers from here.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from ubp_core.vocabulary import DTYPES, INT8

MAGIC = b"\x89UBP\r\n\x1a\n"
VERSION = 4
ALIGNMENT = 64
NO_LAYER = 0xFFFFFFFF

NO_TABLE = 0xFFFFFFFF

ELEMENT_TYPES = dict(zip(DTYPES, ("<f4", "<f2", "|i1"), strict=True))
"""Type of a layer's weights for each dtype, in the order of their codes. A tensor's bytes have no sign."""

MAX_ROWS = 1 << 24
MAX_COLUMNS = 1 << 16
MAX_STEP = 65_535
"""Largest stride, padding, dilation and image side."""
MAX_TEXT = 4_096
"""Largest size of one text, in bytes of UTF-8."""

MAX_CHANNELS = 1 << 24
"""Largest number of channels of a tensor."""
MAX_ELEMENTS = 1 << 30
"""Of one tensor."""
MAX_ARENA = 1 << 32
"""Bytes."""
MAX_PORTS = 64
"""Inputs of a network, and outputs."""
MAX_NODES = 4_096
"""Nodes of a graph, and operands of one node."""
MAX_OPERANDS = 1 << 16

GROUPED_COLUMNS = 4
"""Columns of a block, where it has more than one."""
SMALLEST_SCALE = 2.0**-100
"""Of an int8 tensor; below it a reciprocal or a product of scales could leave the normal fp32 numbers."""
SMALLEST_FACTOR = 2.0**-126
"""The smallest normal fp32 number."""
LARGEST_BYTE = 255
"""Also the largest zero point."""
SMALLEST_WEIGHT = -128
"""That an i8 has, and no layer: weights are symmetric."""
SUM_LIMIT = 1 << 31
"""What no sum of an int8 layer may reach."""
MAX_MEAN = 1 << 23
"""Elements of a window whose mean is taken in bytes: their sum is an i32."""
TABLE_SIZE = 256
"""Bytes of an activation's table."""
CLAMPS = ("none", "relu", "relu6")
"""Activations that are limits of the bytes; the others have tables."""

FLAG_GRAPH = 1
"""Header flag: the file is a network."""
FLAG_ALIGNED = 1
"""Layer flag: sparse, and every start row that has blocks is a multiple of the block size."""


class SectionKind(IntEnum):
    """What a section holds."""

    TEXTS = 1
    LAYERS = 2
    ROW_BEGIN = 3
    BLOCK_COLUMN = 4
    WEIGHTS = 5
    BIAS = 6
    SCALES = 7
    COLUMN_ORDER = 8
    GRAPH = 16
    TENSORS = 17
    NODES = 18
    OPERANDS = 19
    TABLES = 20


class Op(IntEnum):
    """What a node does; docs/format.md has the operands and the result of each."""

    LAYER = 1
    ADD = 2
    MULTIPLY = 3
    ACTIVATION = 4
    MAX_POOL = 5
    AVERAGE_POOL = 6
    FLATTEN = 7
    CONCAT = 8
    SOFTMAX = 9
    CONVERT = 10


DENSE_ROWS = 8
"""Rows of a block of a dense layer's weights."""
COLUMNS_BEHIND = 2
"""Zeros behind the last block's column: kernels read ahead."""

GRAPH_SECTIONS = (
    SectionKind.GRAPH,
    SectionKind.TENSORS,
    SectionKind.NODES,
    SectionKind.OPERANDS,
    SectionKind.TABLES,
)
ARRAY_OF_SECTION = {
    SectionKind.ROW_BEGIN: ("row_begin", "<u4"),
    SectionKind.BLOCK_COLUMN: ("block_column", "<u2"),
    SectionKind.WEIGHTS: ("weights", ""),
    SectionKind.BIAS: ("bias", "<f4"),
    SectionKind.SCALES: ("scales", "<f4"),
    SectionKind.COLUMN_ORDER: ("column_order", "<u2"),
}
"""Attribute of PackedLayer and element type behind each array section; weights have the layer's."""
BLOCK_ARRAYS = (SectionKind.ROW_BEGIN, SectionKind.BLOCK_COLUMN)
"""Of sparse layers alone."""
INTEGER_ARRAYS = (SectionKind.SCALES, SectionKind.COLUMN_ORDER)
"""Of int8 layers alone."""

HEADER = np.dtype(
    [
        ("magic", "S8"),
        ("version", "<u4"),
        ("section_count", "<u4"),
        ("file_size", "<u8"),
        ("layer_count", "<u4"),
        ("flags", "<u4"),
        ("tool_offset", "<u4"),
        ("tool_size", "<u4"),
        ("model_offset", "<u4"),
        ("model_size", "<u4"),
        ("source_offset", "<u4"),
        ("source_size", "<u4"),
        ("table_checksum", "<u4"),
        ("header_checksum", "<u4"),
    ]
)

SECTION = np.dtype(
    [
        ("kind", "<u4"),
        ("layer", "<u4"),
        ("offset", "<u8"),
        ("size", "<u8"),
        ("checksum", "<u4"),
        ("reserved", "<u4"),
    ]
)

LAYER = np.dtype(
    [
        ("name_offset", "<u4"),
        ("name_size", "<u4"),
        ("method_offset", "<u4"),
        ("method_size", "<u4"),
        ("criterion_offset", "<u4"),
        ("criterion_size", "<u4"),
        ("dtype", "<u4"),
        ("flags", "<u4"),
        ("rank", "<u4"),
        ("rows", "<u4"),
        ("columns", "<u4"),
        ("block_size", "<u4"),
        ("block_count", "<u4"),
        ("in_channels", "<u4"),
        ("kernel_h", "<u4"),
        ("kernel_w", "<u4"),
        ("stride_h", "<u4"),
        ("stride_w", "<u4"),
        ("pad_h", "<u4"),
        ("pad_w", "<u4"),
        ("dilation_h", "<u4"),
        ("dilation_w", "<u4"),
        ("activation", "<u4"),
        ("first_section", "<u4"),
        ("sparsity", "<f8"),
        ("retained", "<f8"),
        ("groups", "<u4"),
        ("image_h", "<u4"),
        ("image_w", "<u4"),
        ("extra_h", "<u2"),
        ("extra_w", "<u2"),
        ("accumulate", "<u4"),
        ("block_columns", "<u4"),
        ("block_form", "<u4"),
        *((f"reserved{number}", "<u4") for number in range(5)),
    ]
)

GRAPH = np.dtype(
    [
        ("input_count", "<u4"),
        ("output_count", "<u4"),
        ("node_count", "<u4"),
        ("operand_count", "<u4"),
        ("arena_size", "<u8"),
        ("reserved", "<u8"),
    ]
)

TENSOR = np.dtype(
    [
        ("rank", "<u4"),
        ("batch", "<u4"),
        ("channels", "<u4"),
        ("height", "<u4"),
        ("width", "<u4"),
        ("dtype", "<u4"),
        ("offset", "<u8"),
        ("scale", "<f4"),
        ("zero_point", "<i4"),
        ("reserved", "<u8"),
    ]
)

WINDOW = ("kernel_h", "kernel_w", "stride_h", "stride_w", "pad_h", "pad_w", "extra_h", "extra_w")
"""Numbers of a pooling node's window, in the order of its record."""

NODE = np.dtype(
    [
        ("name_offset", "<u4"),
        ("name_size", "<u4"),
        ("op", "<u4"),
        ("operand_begin", "<u4"),
        ("operand_count", "<u4"),
        ("layer", "<u4"),
        ("activation", "<u4"),
        ("flags", "<u4"),
        *((label, "<u4") for label in WINDOW),
        ("table", "<u4"),
        ("before_scale", "<f4"),
        ("before_zero_point", "<i4"),
        ("reserved", "<u4"),
    ]
)

HEADER_SIZE, SECTION_SIZE, LAYER_SIZE = HEADER.itemsize, SECTION.itemsize, LAYER.itemsize
GRAPH_SIZE, TENSOR_SIZE, NODE_SIZE = GRAPH.itemsize, TENSOR.itemsize, NODE.itemsize
HEADER_CHECKED = HEADER_SIZE - 4
"""Bytes of the header that its own checksum covers: all but the checksum."""


def align(position: int) -> int:
    """The next multiple of 64 that is not below `position`."""
    return -(-position // ALIGNMENT) * ALIGNMENT


def start_rows(rows: int, block_size: int) -> int:
    """How many start rows a sparse layer has: rows a block can begin at."""
    return max(rows - block_size + 1, 0)


def blocked_rows(rows: int) -> int:
    """Rows of a dense layer with those that fill up the last block of 8."""
    return -(-rows // DENSE_ROWS) * DENSE_ROWS


def array_types(dtype: str, dense: bool) -> dict[SectionKind, tuple[str, np.dtype[Any]]]:
    """Attribute and element type of each array section of a layer, in file order.

    Args:
        dtype: of its weights, a key of ELEMENT_TYPES.
        dense: whether it has no blocks.
    """
    absent = (*(BLOCK_ARRAYS if dense else ()), *(INTEGER_ARRAYS if dtype != INT8 else ()))
    own = {SectionKind.WEIGHTS: ELEMENT_TYPES[dtype]} | ({SectionKind.BIAS: "<i4"} if dtype == INT8 else {})
    named = ((kind, *ARRAY_OF_SECTION[kind]) for kind in ARRAY_OF_SECTION if kind not in absent)
    return {kind: (label, np.dtype(own.get(kind, element))) for kind, label, element in named}


def array_bytes(
    rows: int,
    columns: int,
    block_size: int,
    block_count: int,
    groups: int = 1,
    dtype: str = "fp32",
    block_columns: int = 1,
) -> dict[SectionKind, int]:
    """Bytes of each array section of a layer, in file order; a block size of 0 is a dense layer."""
    counts = {SectionKind.BIAS: rows, SectionKind.SCALES: rows}
    counts[SectionKind.COLUMN_ORDER] = columns if block_columns == GROUPED_COLUMNS else 0
    if block_size:
        counts[SectionKind.ROW_BEGIN] = start_rows(rows, block_size) + 1
        counts[SectionKind.BLOCK_COLUMN] = block_count + COLUMNS_BEHIND
        counts[SectionKind.WEIGHTS] = block_count * block_size * block_columns
    else:
        counts[SectionKind.WEIGHTS] = (blocked_rows(rows) if groups == 1 else rows) * columns
    return {kind: counts[kind] * element.itemsize for kind, (_, element) in array_types(dtype, not block_size).items()}
