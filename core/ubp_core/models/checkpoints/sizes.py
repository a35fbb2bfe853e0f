"""What tensors claim against what a file holds: a small file must not grow without bound when it is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from pathlib import Path

import torch

from ubp_core.errors import ModelError
from ubp_core.models.checkpoints.identity import identity, storage_address
from ubp_core.printable import printable

FREE_GROWTH = 256 << 20
"""Bytes that all views of a file together may claim beyond what it holds; larger files may double."""


def check_claims(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Refuse tensors without data, and those that claim more values than their file holds.

    A weight from `expand`, or several views of one storage, claim more than is stored: they are let in as long as all
    of them together stay within FREE_GROWTH, or within the file's own size.

    Raises:
        ModelError: the line names the tensor.
    """
    held: dict[int, int] = {}
    for name, tensor in tensors.items():
        if tensor.device.type != "cpu":
            raise ModelError(f"{path}: tensor {printable(name)} has no data (device {tensor.device.type})")
        address = storage_address(tensor)
        if address is not None:
            held[address] = max(held.get(address, 0), tensor.untyped_storage().nbytes())
    allowed = max(FREE_GROWTH, sum(held.values()))
    left, seen = defaultdict(int, held), set[Hashable]()
    for name, tensor in tensors.items():
        address = storage_address(tensor)
        if address is None or identity(tensor) in seen:
            continue
        seen.add(identity(tensor))
        claimed = tensor.numel() * tensor.element_size()
        allowed -= max(0, claimed - left[address])
        left[address] = max(0, left[address] - claimed)
        if allowed < 0:
            size = f"claims {tensor.numel():,} values in {held[address]:,} bytes"
            raise ModelError(f"{path}: tensor {printable(name)} {size}")
