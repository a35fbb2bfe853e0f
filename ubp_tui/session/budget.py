"""The budget of a session as lines of its file: what was asked for, and which layers still have their part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from ubp_core.strict_yaml.fields import Field, Reader, flag, number, one_of, read_mapping, texts
from ubp_core.strict_yaml.text import format_list, format_mapping, format_value
from ubp_core.vocabulary import SCALES
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import Budget, LayerChoices

_LIMITS: Mapping[str, Reader] = {"floor": number(0, 1), "ceiling": number(0, 1)}
_HEAD: Mapping[str, Reader] = {**_LIMITS, "scale": one_of(SCALES), "grow": flag}


def format_budget(choices: LayerChoices) -> list[str]:
    """Its lines; none where no layer has its choice from a budget."""
    budget = choices.budget
    if budget is None:
        return []
    names = [name for name in budget.parts if choices.shares(name)]
    head = asdict(budget.choice) | {name: getattr(budget, name) for name in _HEAD}
    lines = ["budget:", f"  asked: {format_mapping(head)}", f"  layers: {format_list(names)}"]
    lines += [f"  larger: {format_list(sorted(budget.larger))}"] if budget.larger else []
    own = {name: pair for name, pair in budget.limits.items() if name in names}
    if own:
        lines.append("  limits:")
        lines += [f"    {format_value(name)}: {_format_limits(pair)}" for name, pair in own.items()]
    return lines


def _format_limits(pair: tuple[float | None, float | None]) -> str:
    """Floor and ceiling, as far as a layer has its own."""
    return format_mapping({name: value for name, value in zip(_LIMITS, pair, strict=True) if value is not None})


def read_budget(field: Field, choice: Mapping[str, Reader]) -> dict[str, Any]:
    """The fields of a budget; `choice`: how those of a choice are read.

    Raises:
        PlanError: a field that is wrong.
    """
    head = {**choice, **_HEAD}
    return read_mapping(
        field,
        {"asked": lambda asked: read_mapping(asked, head), "layers": texts, "larger": texts, "limits": _read_limits},
        required=("asked", "layers"),
    )


def _read_limits(field: Field) -> dict[str, tuple[float | None, float | None]]:
    """Floors and ceilings by name."""
    found = {name: read_mapping(value, _LIMITS) for name, (_, value) in field.items().items()}
    return {name: (values.get("floor"), values.get("ceiling")) for name, values in found.items()}


def make_budget(values: dict[str, Any], choices: LayerChoices) -> LayerChoices:
    """The choices with the budget that was read: its layers' parts are what is chosen for them."""
    asked = dict(values["asked"])
    rest = {name: asked.pop(name) for name in _HEAD if name in asked}
    larger = frozenset(values.get("larger", ()))
    parts = MappingProxyType({name: choices.of(name) for name in values["layers"]})
    limits = MappingProxyType(dict(values.get("limits", {})))
    return choices.with_budget(Budget(Choice(**asked), parts, limits=limits, larger=larger, **rest))
