"""From the fields of a `Plan` to a YAML file that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ubp_core.models.spec import ModelSpec
from ubp_core.plan.records import VERSION, LayerPlan
from ubp_core.strict_yaml.text import format_mapping, format_value

_HEAD = """\
# A pruning plan: what is done with every layer of a network. It may be edited; docs/plan.md tells every field.
#   ubp plan show FILE                    check it, and see what it keeps and saves
#   ubp prune FILE --packed NETWORK.ubp   prune by it and take the result away
"""
_SETTINGS = """
# How the layers below came to be; they are what counts. `ubp plan again FILE` decides anew by an edited head.
"""
_LAYERS = """
# method: abp, greedy, bed, optimal, unstructured or dense. sparsity: share of the weights to prune, made whole blocks.
# A layer that is not here stays dense. fixed: chosen for this layer alone, so no part of a global budget.
# dtype: where it is not the plan's.
"""


def format_plan(plan: Mapping[str, Any]) -> str:
    """The file's text."""
    lines = [_HEAD, f"plan: {VERSION}  # version of this format\n"]
    if plan["model"] is not None:
        lines.append("model:\n")
        lines += [f"  {name}: {format_value(value)}\n" for name, value in _model_fields(plan["model"]).items()]
    lines.append(_SETTINGS)
    notes = {
        "criterion": "importance of a weight: l1 is |w|, l2 is w**2",
        "scope": "uniform: every layer at this sparsity; global: one budget over all layers",
        "block_columns": "1, or 4: blocks of block_size rows x 4 columns that are alike",
        "floor": "share of a layer's weights that stays at least (global)",
        "ceiling": "share that stays at most (global)",
        "scale": "layers' importances compare: raw, or mean: each divided by its mean (global)",
        "grow": "true: prune layers too that take more bytes packed than dense (global)",
        "dtype": "of weights and arrays: fp32, fp16 or int8",
    }
    for name in (
        "criterion",
        "scope",
        "method",
        "block_size",
        "block_columns",
        "sparsity",
        "floor",
        "ceiling",
        "scale",
        "grow",
        "dtype",
    ):
        line = f"{name}: {format_value(plan[name])}"
        lines.append(f"{line:<23} # {notes[name]}\n" if name in notes else f"{line}\n")
    lines.append(_LAYERS)
    lines.append("layers:\n" if plan["layers"] else "layers: {}\n")
    width = max((len(format_value(layer.name)) for layer in plan["layers"]), default=0)
    for layer in plan["layers"]:
        values = format_mapping(_layer_fields(layer, plan["block_columns"]))
        lines.append(f"  {format_value(layer.name) + ':':<{width + 1}} {values}\n")
    return "".join(lines)


def _model_fields(model: ModelSpec) -> dict[str, Any]:
    """What isn't the default."""
    return {
        field.name: getattr(model, field.name)
        for field in fields(model)
        if field.name == "name" or getattr(model, field.name) != field.default
    }


def _layer_fields(layer: LayerPlan, block_columns: int) -> dict[str, Any]:
    """What says something; columns of a block where they aren't the plan's."""
    values: dict[str, Any] = {"method": layer.method}
    if layer.dense:
        values |= {"because": layer.because} if layer.because else {}
    else:
        values |= {"block_size": layer.block_size}
        values |= {} if layer.block_columns == block_columns else {"block_columns": layer.block_columns}
        values |= {"sparsity": layer.sparsity}
    values |= {"fixed": True} if layer.fixed else {}
    for name in ("floor", "ceiling", "dtype"):
        if getattr(layer, name) is not None:
            values[name] = getattr(layer, name)
    return values
