"""Finding the state dict inside what training scripts save: known keys, and prefixes that wrappers put before names.

Owns the choice among several mappings of tensors in one file. Keys stay as they are in the file.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch

from ubp_core.models.checkpoints.unpickling import StoredArray
from ubp_core.torch_private import set_versions, versions_of

StateDict = OrderedDict[str, torch.Tensor]

WRAPPING_KEYS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "checkpoint",
)
"""Keys that hold a state dict, in order of preference; they win over tensors that lie beside them."""

PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "_forward_module.")
"""Put in front of every name by DataParallel, torch.compile and trainers."""

AVERAGE = re.compile(r"(?:^|_)(?:ema|average|averaged|avg|shadow|swa)(?:_|$)", re.IGNORECASE)
"""Keys and first parts of names of moving averages: taken where there are no trained weights."""

_OPTIMIZER = re.compile(r"optim(?!i[sz]ed|al|um)", re.IGNORECASE)
_MAX_DEPTH = 3
_MAX_STATES = 1000
"""More state dicts than a sane file has."""


@dataclass(frozen=True, eq=False)
class Wrapped:
    """One mapping of a file that holds tensors by name."""

    tensors: StateDict
    """By the file's own keys."""
    metadata: Mapping[Any, Any]
    """Versions of modules, by which torch reads old files."""
    path: tuple[str, ...]
    """The keys that lead to it."""
    strangers: tuple[str, ...]
    """Names in the mapping that are no tensors."""

    @property
    def inside(self) -> str:
        """The way to it, as it is written behind a file's name."""
        return ".".join(self.path)

    @property
    def named_weights(self) -> bool:
        """Whether it calls a matrix a weight, as state dicts do."""
        return any("weight" in name and value.ndim > 1 for name, value in self.tensors.items())

    def rank(self) -> tuple[Any, ...]:
        """Sorts the likeliest state dict to the front; equals stay in the file's order."""
        matrices = any(value.ndim > 1 for value in self.tensors.values())
        likeness = max((_likeness(key) for key in self.path), default=1)
        if likeness in (1, 3) and not self.named_weights:
            likeness += 3
        known = [WRAPPING_KEYS.index(key) for key in self.path if key in WRAPPING_KEYS]
        return (not matrices, likeness, known if likeness == 0 else [], len(self.path))


def _likeness(key: str) -> int:
    """How surely a key leads to the trained weights: 0 known, 2 an average of them, 3 unknown (1: no key at all)."""
    return 0 if key in WRAPPING_KEYS else 2 if AVERAGE.search(key) else 3


def find_states(content: Any) -> list[Wrapped]:
    """All mappings of a file that hold tensors with dimensions by name, the likeliest state dict first.

    Args:
        content: a state dict, or dicts around one. A known key that holds one wins over tensors beside it, trained
            weights win over their moving average, and both over unknown keys. What optimizers keep is left aside.
    """
    return sorted(islice(_walk(content, ()), _MAX_STATES), key=Wrapped.rank)


def _walk(content: Any, path: tuple[str, ...], *above: Any) -> Iterator[Wrapped]:
    """Every mapping in the file's order; one under two keys twice, but never inside itself."""
    if not isinstance(content, Mapping) or any(content is mapping for mapping in above):
        return
    tensors: StateDict = OrderedDict()
    for key, value in content.items():
        tensor = value.tensor() if isinstance(value, StoredArray) else value
        if isinstance(key, str) and isinstance(tensor, torch.Tensor):
            tensors[key] = tensor
    if any(value.ndim > 0 for value in tensors.values()):
        others = tuple(
            str(key) for key, value in content.items() if key not in tensors and not isinstance(value, Mapping)
        )
        metadata = versions_of(content)
        yield Wrapped(tensors, metadata if isinstance(metadata, Mapping) else {}, path, others)
    if len(path) < _MAX_DEPTH:
        for key, value in content.items():
            if isinstance(key, str) and not _OPTIMIZER.search(key):
                yield from _walk(value, (*path, key), content, *above)


def strip_prefix(wrapped: Wrapped) -> tuple[StateDict, str]:
    """The tensors under shorter names, without the known prefixes that all tensors with dimensions share.

    Keeps the versions of modules, under the shorter names. Tensors without dimensions that lack the prefix (counters
    of wrappers) are left out here.

    Returns:
        The tensors and the prefix.
    """
    state, versions, whole = wrapped.tensors, dict(wrapped.metadata), ""
    while prefix := _common_prefix(state):
        state = OrderedDict((k.removeprefix(prefix), v) for k, v in state.items() if k.startswith(prefix))
        versions = {f"{key}.".removeprefix(prefix).removesuffix("."): value for key, value in versions.items()}
        whole += prefix
    state = OrderedDict(state)
    if versions and all(isinstance(value, dict) for value in versions.values()):
        set_versions(state, versions)
    return state, whole


def _common_prefix(state: StateDict) -> str | None:
    """The known prefix that every tensor with dimensions has, if any."""
    names = [name for name, value in state.items() if value.ndim > 0]
    return next((p for p in PREFIXES if names and all(len(n) > len(p) and n.startswith(p) for n in names)), None)
