"""Finding the state dict inside what training scripts save: known keys, and prefixes that wrappers put before names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch

from ubp_core.printable import printable

StateDict = OrderedDict[str, torch.Tensor]

WRAPPING_KEYS = (
    "state_dict",
    "model_state_dict",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "checkpoint",
    "model_ema",
    "ema",
    "ema_state_dict",
    "state_dict_ema",
)
"""In order of preference: trained weights before their moving average."""

PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.")
"""Put in front of every name by DataParallel, torch.compile and trainers."""

_MAX_DEPTH = 3


def unwrap_state(content: Any) -> tuple[StateDict, str]:
    """Find the state dict in a file's content.

    Args:
        content: a state dict, or dicts around one.

    Returns:
        Tensors by name without common prefixes (empty where there is no state dict), and the keys that led there,
        joined by dots.
    """
    found = _find(content, _MAX_DEPTH)
    if found is None:
        return OrderedDict(), ""
    mapping, path = found
    return _strip_prefixes(mapping), ".".join(path)


def _find(content: Any, depth: int) -> tuple[Mapping[Any, Any], tuple[str, ...]] | None:
    """The first mapping that holds tensors with dimensions itself, and the way to it."""
    if not isinstance(content, Mapping):
        return None
    if any(isinstance(value, torch.Tensor) and value.ndim > 0 for value in content.values()):
        return content, ()
    if depth == 0:
        return None
    strange = [key for key in content if isinstance(key, str) and key not in WRAPPING_KEYS and "optim" not in key]
    for key in (*WRAPPING_KEYS, *strange):
        found = _find(content.get(key), depth - 1)
        if found:
            return found[0], (printable(key), *found[1])
    return None


def _strip_prefixes(mapping: Mapping[Any, Any]) -> StateDict:
    """Drop what isn't a named tensor, and the prefixes that all tensors with dimensions share.

    Keeps `_metadata` (versions of modules, by which torch reads old files), under the shorter names.
    """
    state: StateDict = OrderedDict(
        (printable(key), value)
        for key, value in mapping.items()
        if isinstance(key, str) and isinstance(value, torch.Tensor)
    )
    metadata = getattr(mapping, "_metadata", None)
    versions = dict(metadata) if isinstance(metadata, Mapping) else {}
    while prefix := _common_prefix(state):
        state = OrderedDict((k.removeprefix(prefix), v) for k, v in state.items() if k.startswith(prefix))
        versions = {f"{key}.".removeprefix(prefix).removesuffix("."): value for key, value in versions.items()}
    if versions and all(isinstance(value, dict) for value in versions.values()):
        state._metadata = versions  # type: ignore[attr-defined]
    return state


def _common_prefix(state: StateDict) -> str | None:
    """The known prefix that every tensor with dimensions has, if any."""
    names = [name for name, value in state.items() if value.ndim > 0]
    return next((p for p in PREFIXES if names and all(len(n) > len(p) and n.startswith(p) for n in names)), None)
