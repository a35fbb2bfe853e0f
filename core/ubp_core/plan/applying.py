"""From a plan and its network to selections: the blocks of every layer. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from ubp_core.budgets import dense_reason, no_kernel
from ubp_core.criteria import importance
from ubp_core.errors import CandidatesExhausted, PlanError, SelectionError
from ubp_core.models.own_modules import as_model
from ubp_core.selection import Selection, check_importance, select_share

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ubp_core.models import Layer, LoadedModel
    from ubp_core.plan.plan import Plan
    from ubp_core.plan.records import LayerPlan


def select_plan(
    plan: Plan,
    model: LoadedModel | nn.Module,
    *,
    threads: int | None = None,
    step: Callable[[str], None] | None = None,
    cancel: Event | None = None,
) -> dict[str, Selection]:
    """The blocks of every layer that the plan prunes on this network, by name, in the plan's order.

    Layers that `settle_plan` makes dense have none.

    Args:
        plan: what to do.
        model: the network; it must have the plan's layers.
        threads: of each selection.
        step: told the name of each layer before it is selected.
        cancel: set it to end early; what is done by then is returned.

    Raises:
        PlanError: the network has no such layer, or one that can't be pruned; two layers of one memory are to be pruned
            in different ways; or a selection fails there.
    """
    model = as_model(model)
    check_model(plan, model)
    settled = settle_plan(plan, model)
    _check_shared(settled, model)
    selections = {}
    for layer in settled.pruned:
        if cancel is not None and cancel.is_set():
            break
        if step is not None:
            step(layer.name)
        selections[layer.name] = select_layer(layer, model.layer(layer.name), plan.criterion, threads)
    return selections


def settle_plan(plan: Plan, model: LoadedModel) -> Plan:
    """The plan on its network: layers that can't have such blocks, or keep every weight without them, are dense.

    `ubp_core.budgets.dense_reason` says which. Layers that the network doesn't have stay as they are.
    """
    shapes = {layer.name: (layer.rows, layer.columns) for layer in model.layers}
    layers = tuple(
        _settle(layer, shapes[layer.name]) if layer.name in shapes and not layer.dense else layer
        for layer in plan.layers
    )
    return plan if layers == plan.layers else replace(plan, layers=layers)


def _settle(layer: LayerPlan, shape: tuple[int, int]) -> LayerPlan:
    """One layer; what was chosen for it alone stays its own choice."""
    reason = dense_reason(shape, layer.block_size, layer.sparsity)
    return layer if reason is None else layer.kept(reason)


def check_model(plan: Plan, model: LoadedModel) -> None:
    """Raises PlanError where the plan doesn't fit the network."""
    for planned, layer in _paired(plan, model):
        if layer.groups != 1 and not planned.dense:
            raise PlanError(f"layers.{planned.name}: has {layer.groups} groups and can't be pruned; make it dense")


def _check_shared(plan: Plan, model: LoadedModel) -> None:
    """Raises PlanError where two layers of one memory would get different zeros: no network has both."""
    from ubp_core.models.checkpoints.identity import find_owners

    planned = {layer.name: layer for layer in plan.pruned}
    for name, owner in find_owners(_find_weights(model, planned)).items():
        mine, other = planned[name], planned[owner.name]
        if not owner.same or _ask(mine) != _ask(other):
            raise PlanError(
                f"layers.{name}: shares the memory of {owner.name}: prune one of the two, the other follows"
            )


def _ask(layer: LayerPlan) -> tuple[str, int, int, float]:
    """What decides a layer's blocks, besides its weight."""
    return layer.method, layer.block_size, layer.block_columns, layer.sparsity


def _find_weights(model: LoadedModel, names: Iterable[str]) -> dict[str, torch.Tensor]:
    """The tensors of layers' weights where the model has them in one piece."""
    state = model.tensors if model.module is None else model.module.state_dict()
    weights = {}
    for name in names:
        source = model.sources.get(name)
        key = source.keys[0] if source is not None else f"{name}.weight"
        if state is not None and key in state and (source is None or source.composed is None or source.masked):
            weights[name] = state[key]
    return weights


def check_block_sizes(plan: Plan) -> None:
    """Raises PlanError where a layer has a block size that kernels don't have."""
    for layer in plan.pruned:
        if layer.method != "unstructured" and (reason := no_kernel(layer.block_size)):
            raise PlanError(f"layers.{layer.name}: {reason}")


def _paired(plan: Plan, model: LoadedModel) -> Iterator[tuple[LayerPlan, Layer]]:
    layers = {layer.name: layer for layer in model.layers}
    for planned in plan.layers:
        if planned.name not in layers:
            raise PlanError(f"layers.{planned.name}: {model.name} has no such layer; `ubp layers` lists them")
        yield planned, layers[planned.name]


def select_layer(planned: LayerPlan, layer: Layer, criterion: str, threads: int | None) -> Selection:
    """The blocks of one layer.

    Raises:
        PlanError: the method ran out of candidates, or the weights are not finite; the line names the layer.
    """
    matrix = check_importance(importance(layer.weight, criterion))
    asked = (planned.block_size, planned.sparsity, planned.method)
    try:
        return select_share(matrix, *asked, threads, planned.block_columns)
    except (CandidatesExhausted, SelectionError) as error:
        raise PlanError(f"layers.{planned.name}: {error}") from None
