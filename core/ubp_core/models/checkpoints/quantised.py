"""Recognising weights that another tool has made integers of, so that they are refused with what to do instead.

Converts nothing: scales and zero points of other tools mean other things than those of packed files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import torch

from ubp_core.printable import printable

TORCHAO, TORCH = "torchao", "torch's quantised modules"
INSTEAD = (
    "give the checkpoint from before that, and `ubp export --dtype int8 --calibrate FOLDER` makes integers of its "
    "weights"
)
_PACKED = re.compile(r"(?:^|\.)_packed_params(?:\._packed_params)?$")
"""Entries of torch's linear layers; they hold no tensors."""
_FLAT = re.compile(r"(?:^|\.)_weight_qdata$")
"""What torchao's weights become in a safetensors file."""


def find_quantised(tensors: Mapping[str, torch.Tensor], strangers: Iterable[str]) -> str | None:
    """A line on the first weight of a state dict that is quantised, the tool, and what to do; None where none is.

    Args:
        tensors: by name.
        strangers: names of entries that are no tensors.
    """
    for key, value in tensors.items():
        if type(value).__module__.partition(".")[0] == TORCHAO or _FLAT.search(key):
            return describe(f"tensor {printable(key)} is quantised", TORCHAO)
        if value.layout == torch.strided and value.is_quantized:
            return describe(f"tensor {printable(key)} is quantised", TORCH)
    packed = next((key for key in strangers if _PACKED.search(key)), None)
    return None if packed is None else describe(f"{printable(packed)} is a quantised layer", TORCH)


def describe_class(name: str) -> str | None:
    """The same of a class that a pickle asks for, by its full name."""
    return describe(f"its weights ({name}) are quantised", TORCHAO) if name.partition(".")[0] == TORCHAO else None


def describe(what: str, tool: str) -> str:
    """What is quantised, by whom, and the way out."""
    return f"{what}, by {tool}; {INSTEAD}"
