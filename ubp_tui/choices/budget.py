"""One sparsity for some layers together: what is asked for, and what each of them gets. Knows no widget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ubp_core.budgets import LARGER_PACKED, too_few_rows
from ubp_core.vocabulary import DEFAULT_CRITERION, DEFAULT_FLOOR, SCALES
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import KEPT, Budget, LayerChoices

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import LayerPlan, Plan

NEARLY_ALL: Final = math.nextafter(1.0, 0.0)
"""Sparsity of a layer that a budget empties; a choice is below 1."""


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
    scale: str = SCALES[0]
    """How layers' importances compare: `raw` or `mean`."""
    grow: bool = False
    """Whether layers are pruned that take more bytes packed than dense."""


def read_budget(plan: Plan, names: Sequence[str]) -> Budget:
    """The budget of a plan of scope `global`, for the layers that are named; those that stay dense have no part."""
    named = [plan.layer(name) for name in names]
    layers = [layer for layer in named if not layer.dense]
    limits = {layer.name: (layer.floor, layer.ceiling) for layer in layers}
    return Budget(
        Choice(plan.method, plan.block_size, plan.sparsity, plan.block_columns),
        MappingProxyType({layer.name: read_choice(layer) for layer in layers}),
        plan.floor,
        plan.ceiling,
        plan.scale,
        MappingProxyType({name: own for name, own in limits.items() if own != (None, None)}),
        plan.grow,
        frozenset(layer.name for layer in named if layer.because == LARGER_PACKED),
    )


def read_choice(layer: LayerPlan) -> Choice:
    """One layer's choice; a layer that is emptied keeps a sparsity below 1."""
    return Choice(layer.method, layer.block_size, min(layer.sparsity, NEARLY_ALL), layer.block_columns)


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
    asked = asdict(choice)
    if request.scope == "uniform":
        every = {*budget_names(model, choices, (), choice.block_size)}
        return (
            choices.with_default(**asked) if every <= {*request.names} else choices.with_layers(request.names, **asked)
        )
    others = [Override(layer.name, method="dense") for layer in model.prunable if layer.name not in request.names]
    types = [Override(name, dtype=choices.types[name]) for name in request.names if name in choices.types]
    plan = make_plan(
        model,
        scope="global",
        **asked,
        criterion=DEFAULT_CRITERION,
        floor=request.floor,
        ceiling=request.ceiling,
        scale=request.scale,
        grow=request.grow,
        dtype=choices.dtype,
        overrides=(*others, *types),
    )
    budget = read_budget(plan, request.names)
    none = {name for name in request.names if plan.layer(name).dense} - budget.larger  # they say why by themselves
    return choices.with_budget(budget).with_layers(none, **asked)


def first_request(choices: LayerChoices, names: tuple[str, ...], layer: str) -> BudgetRequest:
    """What the dialog begins with: the budget that the layer on the screen is a part of, else the layer's choice."""
    budget = choices.budget
    if budget is None or not choices.shares(layer):
        return BudgetRequest(names, choices.of(layer), floor=DEFAULT_FLOOR)
    return BudgetRequest(names, budget.choice, "global", budget.floor, budget.ceiling, budget.scale, budget.grow)


def budget_names(model: LoadedModel, choices: LayerChoices, marked: Sequence[str], block_size: int) -> tuple[str, ...]:
    """The layers that a budget is for: of the marked ones, else of all, those that hold such blocks and that the user
    doesn't keep dense."""
    wanted = {*marked} or {layer.name for layer in model.prunable}
    names = (layer.name for layer in model.prunable if too_few_rows(layer.rows, block_size) is None)
    return tuple(name for name in names if name in wanted and choices.why_kept(name) != KEPT)
