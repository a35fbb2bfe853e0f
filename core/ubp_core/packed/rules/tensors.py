"""Judges the tensors of a graph: sides, types, and that they lie within the arena."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.packed.format import ALIGNMENT, MAX_CHANNELS, MAX_ELEMENTS, MAX_STEP
from ubp_core.packed.graph import Tensor, tensor_bytes
from ubp_core.packed.rules.integer_nodes import check_affine
from ubp_core.packed.rules.require import require
from ubp_core.vocabulary import DTYPES, INT8

Record = NDArray[np.void]
Values = dict[str, Any]


def values_of(record: Record) -> Values:
    """A record's numbers by name."""
    return {label: record[label].item() for label in record.dtype.names or ()}


def read_tensors(records: Record, arena: int) -> list[Tensor]:
    """All tensors, once each is well-formed and within the arena."""
    tensors: list[Tensor] = []
    for index, record in enumerate(records):
        values = values_of(record)
        check_tensor(values, f"tensors[{index}]", tensors[0].batch if tensors else values["batch"], arena)
        numbers = {label: values[label] for label in ("rank", "batch", "channels", "height", "width", "offset")}
        affine = dict(scale=values["scale"], zero_point=values["zero_point"])
        tensors.append(Tensor(**numbers, dtype=DTYPES[values["dtype"]], **affine))
    return tensors


def check_tensor(values: Values, where: str, batch: int, arena: int) -> None:
    """The rules for one tensor."""
    require(values["rank"] in (2, 4), f"{where}.rank", f"{values['rank']} is neither 2 nor 4")
    for label in ("batch", "channels", "height", "width"):
        most = MAX_CHANNELS if label == "channels" else MAX_STEP
        require(1 <= values[label] <= most, f"{where}.{label}", f"{values[label]} is outside 1..{most}")
    for label in ("height", "width"):
        require(values["rank"] == 4 or values[label] == 1, f"{where}.{label}", "is not 1, as vectors have it")
    require(values["batch"] == batch, f"{where}.batch", f"is not {batch}, as tensor 0 has it")
    elements = values["batch"] * values["channels"] * values["height"] * values["width"]
    require(elements <= MAX_ELEMENTS, f"{where}.channels", f"the tensor has more than {MAX_ELEMENTS} elements")
    check_type(values, where)
    offset, size = values["offset"], tensor_bytes(elements, DTYPES[values["dtype"]])
    require(offset % ALIGNMENT == 0, f"{where}.offset", f"is no multiple of {ALIGNMENT}")
    require(size <= arena and offset <= arena - size, f"{where}.offset", "the tensor reaches beyond the arena")


def check_type(values: Values, where: str) -> None:
    """The dtype is known, and bytes, and nothing else, say what they mean."""
    dtype = values["dtype"]
    require(dtype < len(DTYPES), f"{where}.dtype", f"{dtype} is no type that this reader knows")
    if DTYPES[dtype] == INT8:
        check_affine(values["scale"], values["zero_point"], (f"{where}.scale", f"{where}.zero_point"))
    else:
        for label in ("scale", "zero_point"):
            require(values[label] == 0, f"{where}.{label}", "is not 0")
    require(values["reserved"] == 0, f"{where}.reserved", "is not 0")
