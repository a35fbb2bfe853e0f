"""The pruner's part of a checkpoint: what is in it, and what must agree before it is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ubp_core.errors import PruningError
from ubp_core.grouping.columns import ColumnGroups
from ubp_core.pruning.criteria import Criterion
from ubp_core.pruning.masks import PrunedLayer
from ubp_core.selection import Selection

VERSION = 1
MUST_AGREE = ("scope", "regrow", "criterion")


def collect(layers: list[PrunedLayer], criterion: Criterion, header: dict[str, Any]) -> dict[str, Any]:
    """Copies of everything; later steps don't change what was saved."""
    return {
        "version": VERSION,
        **header,
        "layers": {layer.name: _layer_state(layer, criterion) for layer in layers},
    }


def restore(
    content: Mapping[str, Any], layers: list[PrunedLayer], criterion: Criterion, header: dict[str, Any]
) -> tuple[int, int, float]:
    """Put a saved state into layers and criterion.

    Returns:
        Steps, updates and seconds.

    Raises:
        PruningError: before anything is changed, if the state does not belong to this pruner.
    """
    _check(content, layers, header)
    for layer in layers:
        saved = content["layers"][layer.name]
        layer.pruned, layer.dense, layer.selection, layer.sparsity = None, None, None, 0.0
        if saved["selection"] is not None:
            selection = _to_selection(saved["selection"], layer.shape)
            layer.set_selection(selection, saved["sparsity"])
        if saved["dense"] is not None:
            layer.dense = saved["dense"].to(layer.weight.device, copy=True)
        criterion.reset(layer)
        if saved["collected"]:
            criterion.load(layer, saved["collected"])
    return int(content["steps"]), int(content["updates"]), float(content["seconds"])


def _layer_state(layer: PrunedLayer, criterion: Criterion) -> dict[str, Any]:
    return {
        "block_size": layer.settings.block_size,
        "block_columns": layer.settings.block_columns,
        "shape": list(layer.shape),
        "sparsity": layer.sparsity,
        "selection": None if layer.selection is None else _from_selection(layer.selection),
        "dense": None if layer.dense is None else layer.dense.detach().cpu().clone(),
        "collected": {key: value.detach().cpu().clone() for key, value in criterion.sums(layer).items()},
    }


def _from_selection(selection: Selection) -> dict[str, Any]:
    return {
        "rows": torch.from_numpy(selection.rows.copy()),
        "columns": torch.from_numpy(selection.columns.copy()),
        "block_size": selection.block_size,
        "column_order": None if selection.groups is None else torch.from_numpy(selection.groups.order.astype(np.int32)),
        "method": selection.method,
        "sparsity": float(selection.sparsity),
        "retained": float(selection.retained),
    }


def _to_selection(saved: Mapping[str, Any], shape: tuple[int, int]) -> Selection:
    rows, columns = (np.ascontiguousarray(saved[key].cpu().numpy(), np.int32) for key in ("rows", "columns"))
    numbers = (saved["block_size"], shape, saved["method"], saved["sparsity"], saved["retained"])
    order = saved.get("column_order")  # states of older versions have none
    groups = None if order is None else ColumnGroups(order.cpu().numpy())
    return Selection(rows, columns, *numbers, groups=groups)


def _check(content: Mapping[str, Any], layers: list[PrunedLayer], header: dict[str, Any]) -> None:
    if content.get("version") != VERSION:
        raise PruningError(f"pruner state: version {content.get('version')!r} is unknown; this one reads {VERSION}")
    for key in MUST_AGREE:
        if content[key] != header[key]:
            raise PruningError(f"pruner state: {key} was {content[key]!r}, this pruner has {header[key]!r}")
    saved = content["layers"]
    differing = sorted(set(saved) ^ {layer.name for layer in layers})
    if differing:
        raise PruningError(f"pruner state: layer {differing[0]} is not pruned by both (of {len(differing)} differing)")
    for layer in layers:
        asked = (("block_size", layer.settings.block_size), ("block_columns", layer.settings.block_columns))
        for key, own in (*asked, ("shape", list(layer.shape))):
            had = saved[layer.name].get(key, 1)  # states of older versions have blocks of one column
            if had != own:
                raise PruningError(f"pruner state: {layer.name} had {key} {had}, here it has {own}")
