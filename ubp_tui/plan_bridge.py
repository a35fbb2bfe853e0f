"""Between the app's choices and the plans of `ubp_core`: one can be made from the other. Knows no widget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ubp_tui.choices import LayerChoices
from ubp_tui.state import Choice, ModelRequest

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import LayerPlan, Plan

CRITERION = "l1"
"""The app's importance."""


@dataclass(frozen=True)
class BudgetRequest:
    """One sparsity for some layers together."""

    names: tuple[str, ...]
    """The layers."""
    choice: Choice
    """Method, block size, and the sparsity of all of them together."""
    scope: str = "global"
    """`uniform`: each of them at this sparsity; `global`: one budget."""
    floor: float = 0.0
    """Share of a layer's weights that stays at least, 0 to 1."""
    ceiling: float = 1.0
    """Share that stays at most."""
    scale: str = "raw"
    """How layers' importances compare: `raw` or `mean`."""


def plan_choices(choices: LayerChoices, model: LoadedModel, request: ModelRequest) -> Plan:
    """The choices as a plan."""
    from ubp_core.plan import LayerPlan, ModelSpec, Plan

    def plan_layer(name: str, skip_reason: str | None) -> LayerPlan:
        if skip_reason is not None:
            return LayerPlan(name, because=skip_reason)
        if name in choices.dense:
            return LayerPlan(name, because="by choice", fixed=True)
        choice = choices.of(name)
        return LayerPlan(name, choice.method, choice.block_size, choice.sparsity, fixed=name in choices.special)

    spec = ModelSpec(request.model, request.weights, request.arch, request.width, request.seed, request.input_size)
    default = choices.default
    return Plan(
        layers=tuple(plan_layer(layer.name, layer.skip_reason) for layer in model.layers),
        model=spec,
        criterion=CRITERION,
        method=default.method,
        block_size=default.block_size,
        sparsity=default.sparsity,
    )


def adopt_plan(plan: Plan, model: LoadedModel) -> tuple[LayerChoices, tuple[str, ...]]:
    """A plan as choices, and the layers that it prunes but the app keeps dense.

    Raises:
        PlanError: the plan is for another network.
    """
    from ubp_core.plan.applying import check_model

    check_model(plan, model)
    prunable = {layer.name for layer in model.prunable}
    chosen = {layer.name: read_choice(layer) for layer in plan.pruned if layer.name in prunable}
    dense = prunable - set(chosen)
    left_out = tuple(layer.name for layer in plan.pruned if layer.name not in prunable)
    default = Choice(plan.method, plan.block_size, plan.sparsity)
    return LayerChoices(default).with_choices(chosen, dense), left_out


def read_choice(layer: LayerPlan) -> Choice:
    """One layer's choice; a layer that is emptied keeps a sparsity below 1."""
    return Choice(layer.method, layer.block_size, min(layer.sparsity, math.nextafter(1.0, 0.0)))


def share_budget(model: LoadedModel, choices: LayerChoices, request: BudgetRequest) -> LayerChoices:
    """The choices with one sparsity for some layers together.

    Raises:
        PlanError, SelectionError: floors and ceilings that can't be met, or no layers; one line.
    """
    from ubp_core.errors import PlanError
    from ubp_core.plan import Override, make_plan

    if not request.names:
        raise PlanError("there is no layer to prune: all of them are kept dense")
    choice = request.choice
    asked = {"method": choice.method, "block_size": choice.block_size, "sparsity": choice.sparsity}
    if request.scope == "uniform":
        every = {layer.name for layer in model.prunable} - choices.dense
        return (
            choices.with_default(**asked) if every <= {*request.names} else choices.with_layers(request.names, **asked)
        )
    others = [Override(layer.name, method="dense") for layer in model.prunable if layer.name not in request.names]
    plan = make_plan(
        model,
        scope="global",
        method=choice.method,
        block_size=choice.block_size,
        sparsity=choice.sparsity,
        criterion=CRITERION,
        floor=request.floor,
        ceiling=request.ceiling,
        scale=request.scale,
        overrides=others,
    )
    parts = {layer.name: read_choice(layer) for layer in plan.pruned}
    return choices.with_choices(parts, choices.dense)


def budget_names(model: LoadedModel, choices: LayerChoices, marked: Sequence[str]) -> tuple[str, ...]:
    """The layers that a budget is for: the marked ones, else all that are pruned."""
    wanted = {*marked} or {layer.name for layer in model.prunable}
    return tuple(layer.name for layer in model.prunable if layer.name in wanted and layer.name not in choices.dense)
