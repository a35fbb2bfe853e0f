"""Between the app's choices and the plans of `ubp_core`: one can be made from the other. Knows no widget."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ubp_core.budgets import LARGER_PACKED
from ubp_core.models.spec import ModelSpec
from ubp_core.vocabulary import DEFAULT_CRITERION
from ubp_tui.choices.budget import NEARLY_ALL, read_budget, read_choice
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel
    from ubp_core.plan import LayerPlan, Plan


def plan_choices(choices: LayerChoices, model: LoadedModel, spec: ModelSpec) -> Plan:
    """The choices as a plan: of scope `global` while a budget counts for any layer; all other layers are then fixed."""
    from ubp_core.plan import Plan
    from ubp_core.plan.applying import settle_plan

    layers = tuple(
        replace(_plan_layer(choices, layer.name, layer.skip_reason), dtype=choices.types.get(layer.name))
        for layer in model.layers
    )
    budget = choices.budget
    asked = choices.default if budget is None else budget.choice
    plan = Plan(
        layers, spec, DEFAULT_CRITERION, "uniform", asked.method, asked.block_size, asked.sparsity, dtype=choices.dtype,
        block_columns=asked.block_columns,
    )  # fmt: skip
    if budget is not None:
        plan = replace(
            plan, scope="global", floor=budget.floor, ceiling=budget.ceiling, scale=budget.scale, grow=budget.grow
        )
    return settle_plan(plan, model)


def _plan_layer(choices: LayerChoices, name: str, skip_reason: str | None) -> LayerPlan:
    """What is done with one layer, but for its type."""
    from ubp_core.plan import LayerPlan

    if skip_reason is not None:
        return LayerPlan(name, because=skip_reason)
    if kept := choices.why_kept(name):
        return LayerPlan(name, because=kept, fixed=kept != LARGER_PACKED)
    choice = choices.of(name)
    sparsity = 1.0 if choice.sparsity == NEARLY_ALL else choice.sparsity
    plan = LayerPlan(name, choice.method, choice.block_size, sparsity, block_columns=choice.block_columns)
    if choices.budget is None:
        return replace(plan, fixed=name in choices.special)
    if not choices.shares(name):
        return replace(plan, fixed=True)
    floor, ceiling = choices.budget.limits.get(name, (None, None))
    return replace(plan, floor=floor, ceiling=ceiling)


def adopt_plan(plan: Plan, model: LoadedModel) -> tuple[LayerChoices, tuple[str, ...]]:
    """A plan as choices, and the layers that it prunes but the app keeps dense.

    Raises:
        PlanError: the plan is for another network.
    """
    from ubp_core.plan.applying import check_model

    check_model(plan, model)
    prunable = {layer.name for layer in model.prunable}
    chosen = {layer.name: read_choice(layer) for layer in plan.pruned if layer.name in prunable}
    dense = {name for name in prunable - set(chosen) if not _is_too_small(plan.layer(name), model.layer(name))}
    left_out = tuple(layer.name for layer in plan.pruned if layer.name not in prunable)
    default = Choice(plan.method, plan.block_size, plan.sparsity, plan.block_columns)
    choices = LayerChoices(default, dtype=plan.dtype, types=_read_types(plan, model)).with_choices(chosen, dense)
    if plan.scope == "global":
        choices = choices.with_budget(read_budget(plan, [name for name in prunable if not plan.layer(name).fixed]))
    return choices, left_out


def _read_types(plan: Plan, model: LoadedModel) -> MappingProxyType[str, str]:
    """The layers that have another type than the plan."""
    types = {layer.name: plan.dtype_of(layer.name) for layer in model.layers}
    return MappingProxyType({name: dtype for name, dtype in types.items() if dtype != plan.dtype})


def _is_too_small(planned: LayerPlan, layer: Layer) -> bool:
    """Whether it is dense for its blocks' size only: that is no choice of the user's."""
    from ubp_core.budgets import is_dense_reason

    return is_dense_reason(planned.because, (layer.rows, layer.columns))
