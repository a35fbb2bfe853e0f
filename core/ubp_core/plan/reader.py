"""From a YAML file to the fields of a `Plan`: which fields there are and what they may hold (docs/plan.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ubp_core.models.spec import ModelSpec
from ubp_core.plan.records import VERSION, LayerPlan
from ubp_core.strict_yaml.fields import (
    Field,
    flag,
    number,
    one_of,
    one_of_numbers,
    read_document,
    read_mapping,
    text,
    whole,
)
from ubp_core.vocabulary import BLOCK_COLUMNS, CRITERIA, DENSE, DTYPES, MAX_BLOCK_SIZE, METHODS, SCALES, SCOPES

_SHARE = number(0, 1)
_LEFT_OUT = {"block_size": -1, "block_columns": -1, "sparsity": -1.0}

MODEL_FIELDS = {
    "name": text,
    "weights": text,
    "arch": text,
    "width": number(0.001, 8),
    "seed": whole(0, 2**63 - 1),
    "input_size": whole(1, 4096),
}
LAYER_FIELDS = {
    "method": one_of((DENSE, *METHODS)),
    "block_size": whole(1, MAX_BLOCK_SIZE),
    "block_columns": one_of_numbers(BLOCK_COLUMNS),
    "sparsity": _SHARE,
    "because": text,
    "fixed": flag,
    "floor": _SHARE,
    "ceiling": _SHARE,
    "dtype": one_of(DTYPES),
}


def read_plan(path: Path, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Reads and checks a file; errors as of `Plan.load`.

    Args:
        path: the file.
        defaults: what the fields are that the file may leave out.
    """
    root = read_document(path)
    values = dict(defaults) | read_mapping(
        root,
        {
            "plan": _read_version,
            "model": _read_model,
            "criterion": one_of(CRITERIA),
            "scope": one_of(SCOPES),
            "method": one_of(METHODS),
            "block_size": whole(1, MAX_BLOCK_SIZE),
            "block_columns": one_of_numbers(BLOCK_COLUMNS),
            "sparsity": number(0, 1, below=True),
            "floor": _SHARE,
            "ceiling": _SHARE,
            "scale": one_of(SCALES),
            "grow": flag,
            "dtype": one_of(DTYPES),
            "layers": _read_layers,
        },
        required=("plan", "layers"),
    )
    del values["plan"]
    # A layer may leave out what is the plan's.
    values["layers"] = tuple(layer if layer.dense else _fill(layer, values, root) for layer in values["layers"])
    _check_limits(values, root)
    return values


def _read_version(field: Field) -> int:
    version = whole(0, 2**31)(field)
    if version != VERSION:
        field.fail(f"version {version} is unknown; this program reads version {VERSION}")
    return version


def _read_model(field: Field) -> ModelSpec:
    return ModelSpec(**read_mapping(field, MODEL_FIELDS, required=("name",)))


def _read_layers(field: Field) -> tuple[LayerPlan, ...]:
    """The layers; -1 stands for what is the plan's."""
    layers = []
    for name, (key, value) in field.items().items():
        if not name:
            key.fail("a layer's name is empty")
        fields = read_mapping(value, LAYER_FIELDS, required=("method",))
        _check_layer(value, fields)
        missing: dict[str, Any] = {} if fields["method"] == DENSE else _LEFT_OUT
        layers.append(LayerPlan(name, **(missing | fields)))
    return tuple(layers)


def _check_layer(field: Field, fields: dict[str, Any]) -> None:
    """Fields that contradict one another."""
    if fields["method"] == DENSE:
        for name in ("block_size", "block_columns", "sparsity", "floor", "ceiling"):
            if name in fields:
                field.fail(f"{name} has no meaning where the method is dense")
    elif "because" in fields:
        field.fail("because says why a layer stays dense; this one is pruned")
    if fields.get("floor", 0.0) > fields.get("ceiling", 1.0):
        field.fail(f"floor {fields['floor']:g} is above ceiling {fields['ceiling']:g}")


def _fill(layer: LayerPlan, plan: Mapping[str, Any], root: Field) -> LayerPlan:
    """Takes from the plan what the layer leaves out."""
    if layer.sparsity < 0 and plan["scope"] == "global":
        root.items()["layers"][1].items()[layer.name][1].fail(
            "sparsity is missing; with scope global every layer has its own"
        )
    return replace(
        layer,
        block_size=plan["block_size"] if layer.block_size < 0 else layer.block_size,
        block_columns=plan["block_columns"] if layer.block_columns < 0 else layer.block_columns,
        sparsity=plan["sparsity"] if layer.sparsity < 0 else layer.sparsity,
    )


def _check_limits(plan: Mapping[str, Any], root: Field) -> None:
    if plan["floor"] > plan["ceiling"]:
        root.items()["floor" if "floor" in root.items() else "ceiling"][1].fail(
            f"floor {plan['floor']:g} is above ceiling {plan['ceiling']:g}"
        )
