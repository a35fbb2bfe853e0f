"""Checkpoints in several files with an index, as large networks are shared: `*.index.json` says which file has what."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from ubp_core.errors import ModelError
from ubp_core.printable import printable

INDEX_SUFFIX = ".index.json"
MAX_INDEX_BYTES = 64 << 20
_SHARD = re.compile(r"(.+)-\d+-of-(\d+)(\.\w+)")


def is_index(path: Path) -> bool:
    """Whether a file is an index of shards, by its name."""
    return path.name.lower().endswith(INDEX_SUFFIX)


def read_shards(path: Path, read: Callable[[Path], Any]) -> dict[str, torch.Tensor]:
    """All tensors that an index names, in its order.

    Args:
        path: the index; its shards lie beside it.
        read: reads the content of one shard; raises ModelError.

    Raises:
        ModelError: the index is broken, a shard is missing or lacks a tensor.
    """
    places = _read_index(path)
    shards = {name: _read_shard(path, name, read) for name in dict.fromkeys(places.values())}
    tensors: dict[str, torch.Tensor] = {}
    for key, name in places.items():
        value = shards[name].get(key)
        if not isinstance(value, torch.Tensor):
            raise ModelError(f"{path}: tensor {printable(key)} is not in its shard {printable(name)}")
        tensors[key] = value
    return tensors


def _read_index(path: Path) -> OrderedDict[str, str]:
    """File by tensor."""
    if path.stat().st_size > MAX_INDEX_BYTES:
        raise ModelError(f"{path}: is too large for an index of shards")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise ModelError(f"{path}: is not valid JSON") from None
    places = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(places, dict) or not places:
        raise ModelError(f"{path}: is no index of shards (it has no weight_map)")
    for name in places.values():
        if not isinstance(name, str) or not name or Path(name).name != name or is_index(Path(name)):
            raise ModelError(f"{path}: weight_map names {printable(str(name))!r}, which is no file beside it")
    return OrderedDict(places)


def _read_shard(path: Path, name: str, read: Callable[[Path], Any]) -> Mapping[Any, Any]:
    try:
        content = read(path.parent / name)
    except ModelError as error:
        raise ModelError(f"{path}: its shard {error}") from None
    if not isinstance(content, Mapping):
        raise ModelError(f"{path}: its shard {printable(name)} holds no tensors by name")
    return content


def describe_shard(path: Path) -> str | None:
    """A remark where a file is one shard of several and their index lies beside it."""
    match = _SHARD.fullmatch(path.name)
    if match is None:
        return None
    index = f"{match[1]}{match[3]}{INDEX_SUFFIX}"
    if not (path.parent / index).is_file():
        return None
    return f"{path.name} is one of {int(match[2])} shards; {index} reads them all"
