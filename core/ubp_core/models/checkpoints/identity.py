"""When two names mean one tensor: the same elements of the same memory, seen in the same way.

Owns the identity of tensors. Address and shape alone don't tell a square weight from its transpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided


@dataclass(frozen=True)
class Owner:
    """The first name of memory that a later name uses too."""

    name: str
    same: bool
    """True: the very same tensor; False: another view of memory that the two share, such as the transpose."""


@dataclass(frozen=True)
class _View:
    """Where in its storage a tensor lies, in bytes."""

    name: str
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    item: int

    @property
    def end(self) -> int:
        return (
            self.start
            + sum((side - 1) * stride for side, stride in zip(self.shape, self.strides, strict=True))
            + self.item
        )


def storage_address(tensor: torch.Tensor) -> int | None:
    """Where a tensor's memory begins; None where it has none that could be shared (sparse, meta, empty)."""
    if tensor.layout != torch.strided or tensor.device.type == "meta":
        return None
    try:
        if tensor.is_quantized or tensor.is_nested or tensor.numel() == 0:
            return None
        return tensor.untyped_storage().data_ptr() or None
    except (RuntimeError, NotImplementedError, ValueError):  # lazy parameters, subclasses without storage
        return None


def identity(tensor: torch.Tensor) -> Hashable:
    """Equal for two tensors exactly where they are one: storage, offset, shape, strides and type.

    Strides of sides of length 1 don't count. A tensor without memory of its own is equal to itself only.
    """
    address = storage_address(tensor)
    if address is None:
        return ("object", id(tensor))
    strides = tuple(0 if side == 1 else stride for side, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return (address, tensor.storage_offset(), tuple(tensor.shape), strides, tensor.dtype, tensor.is_neg())


def overlaps_itself(tensor: torch.Tensor) -> bool:
    """Whether elements of a tensor may lie on one another in memory, as those of `expand` do."""
    reach = 0
    for stride, side in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if side > 1:
            if stride <= reach:
                return True
            reach += (side - 1) * stride
    return False


def find_owners(tensors: Mapping[str, torch.Tensor]) -> dict[str, Owner]:
    """The names whose memory an earlier name has already, and that name.

    Args:
        tensors: by name, in the order that decides who is first.
    """
    owners: dict[str, Owner] = {}
    firsts: dict[Hashable, str] = {}
    views: defaultdict[int, list[_View]] = defaultdict(list)
    for name, tensor in tensors.items():
        first = firsts.setdefault(identity(tensor), name)
        address = storage_address(tensor)
        if first != name:
            owners[name] = Owner(first, same=True)
        elif address is not None:
            views[address].append(_view(name, tensor))
    for group in views.values():
        if _ranges_meet(group):
            owners |= _find_overlaps(group)
    return owners


def _view(name: str, tensor: torch.Tensor) -> _View:
    item = tensor.element_size()
    strides = tuple(stride * item for stride in tensor.stride())
    return _View(name, int(tensor.storage_offset()) * item, tuple(tensor.shape), strides, item)


def _ranges_meet(group: Sequence[_View]) -> bool:
    """Whether any two views of one storage can overlap at all."""
    ordered = sorted(group, key=lambda view: view.start)
    end = 0
    for view in ordered:
        if view.start < end:
            return True
        end = max(end, view.end)
    return False


def _find_overlaps(group: Sequence[_View]) -> dict[str, Owner]:
    """Exact: every view writes its number on its elements, and looks whether another one stands there."""
    unit = min(view.item for view in group)
    base = min(view.start for view in group)
    marks = np.zeros((max(view.end for view in group) - base) // unit, np.int32)
    owners: dict[str, Owner] = {}
    for number, view in enumerate(group, start=1):
        shape = (*view.shape, view.item // unit)
        strides = (*(stride // unit * marks.itemsize for stride in view.strides), marks.itemsize)
        place = as_strided(marks[(view.start - base) // unit :], shape, strides)
        found = place[place > 0]
        if found.size:
            owners[view.name] = Owner(group[int(found[0]) - 1].name, same=False)
        place[place == 0] = number
    return owners
