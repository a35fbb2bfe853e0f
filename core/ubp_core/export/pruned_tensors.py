"""Zeros in the tensors of a state dict, in memory: what shares a weight's memory sees them, the model itself doesn't.

Owns the copies. Knows no files and no plans.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ubp_core.errors import ModelError
from ubp_core.models.checkpoints.identity import find_owners, identity, overlaps_itself, storage_address
from ubp_core.models.layers import WeightSource

_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
"""Integers by size: zeroed bits are +0.0 in every type of floating point."""


class PrunedTensors:
    """A state dict whose weights are pruned one after the other."""

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        """Changes nothing in `state`; only storages in which something is pruned are copied."""
        self._state = {key: _resolve(tensor) for key, tensor in state.items()}
        self._storages: dict[int, torch.UntypedStorage] = {}
        self._apart: dict[Hashable, torch.Tensor] = {}  # copies of tensors whose elements lie on one another
        self._wishes: dict[str, tuple[str, NDArray[np.bool_]]] = {}
        self._composed: dict[str, tuple[str, torch.Tensor, tuple[str, ...]]] = {}

    def prune(self, layer: str, source: WeightSource, mask: NDArray[np.bool_]) -> None:
        """Sets what a mask [R, K] leaves out of a layer's weight to zero."""
        if source.composed is not None and not source.masked:
            keep = torch.from_numpy(mask).reshape(source.composed.shape)
            value = torch.where(keep, source.composed, torch.zeros((), dtype=source.composed.dtype))
            self._composed[source.keys[0]] = (source.target, value, source.keys)
            return
        for key in source.keys:
            self._wishes[key] = (layer, mask)
            self._zero(key, mask)

    def _check(self) -> None:
        """Refuses two different wishes for the same memory."""
        for key, owner in find_owners({key: self._state[key] for key in self._wishes}).items():
            (layer, mask), (other, before) = self._wishes[key], self._wishes[owner.name]
            if not owner.same or not np.array_equal(before, mask):
                raise ModelError(f"{layer} shares the memory of {other}: prune one of the two, the other follows")

    def _zero(self, key: str, mask: NDArray[np.bool_]) -> None:
        tensor = self._state[key]
        keep = torch.from_numpy(mask).reshape(tensor.shape)
        if overlaps_itself(tensor):
            target = self._apart.setdefault(
                identity(tensor), tensor.detach().clone(memory_format=torch.contiguous_format)
            )
        else:
            self._copy_storage(tensor)
            target = self._view(tensor)
        bits = _BITS.get(target.element_size())
        if bits is None:
            raise ModelError(f"tensor {key}: {target.dtype} can't be pruned")
        target.view(bits)[~keep] = 0

    def _copy_storage(self, tensor: torch.Tensor) -> None:
        address = storage_address(tensor)
        if address is not None and address not in self._storages:
            self._storages[address] = tensor.untyped_storage().clone()  # type: ignore[no-untyped-call]

    def _view(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor as it is now: on the copy of its storage where there is one."""
        if identity(tensor) in self._apart:
            return self._apart[identity(tensor)]
        copy = self._storages.get(storage_address(tensor) or 0)
        if copy is None:
            return tensor.detach()
        view = torch.empty(0, dtype=tensor.dtype)
        place: tuple[Any, ...] = (copy, tensor.storage_offset(), tensor.shape, tensor.stride())
        return view.set_(*place)

    def collect(self) -> dict[str, torch.Tensor]:
        """All tensors, contiguous and free of one another; weights in one piece instead of their parts.

        Raises:
            ModelError: two layers with different masks have the same memory.
        """
        self._check()
        parts = {key for _, _, keys in self._composed.values() for key in keys}
        result: dict[str, torch.Tensor] = {}
        for key, tensor in self._state.items():
            if key in self._composed:
                target, value, _ = self._composed[key]
                result[target] = value
            elif key not in parts:
                result[key] = self._own(self._view(tensor))
        return result

    @staticmethod
    def _own(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
            return tensor
        bits = _BITS.get(tensor.element_size())
        if bits is None or tensor.is_complex() or not tensor.dtype.is_floating_point:
            return tensor.clone().contiguous()
        return tensor.view(bits).clone(memory_format=torch.contiguous_format).view(tensor.dtype)


def _resolve(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with its values in memory: a negated or conjugated view has other ones there."""
    return tensor.resolve_neg().resolve_conj() if tensor.is_neg() or tensor.is_conj() else tensor
