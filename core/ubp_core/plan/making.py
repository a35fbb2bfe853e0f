"""From wishes to a plan: uniform or one global budget, overrides, floors and ceilings. Writes and packs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ubp_core.budgets import LARGER_PACKED, budget, dense_reason, grouped, is_dense_reason
from ubp_core.criteria import importance
from ubp_core.errors import PlanError
from ubp_core.global_selection import NetworkSelection, select_global
from ubp_core.models.own_modules import as_model
from ubp_core.models.spec import ModelSpec
from ubp_core.plan.applying import check_model, settle_plan
from ubp_core.plan.overrides import Override, match_overrides
from ubp_core.plan.plan import Plan
from ubp_core.plan.records import LayerPlan
from ubp_core.report import dense_bytes, packed_bytes
from ubp_core.selection import check_block_columns
from ubp_core.vocabulary import (
    DEFAULT_BLOCK_COLUMNS,
    DEFAULT_BLOCK_SIZE,
    DEFAULT_CRITERION,
    DEFAULT_DTYPE,
    DEFAULT_FLOOR,
    DEFAULT_METHOD,
    DEFAULT_SPARSITY,
    DENSE,
    SCOPES,
)

if TYPE_CHECKING:
    from torch import nn

    from ubp_core.models import Layer, LoadedModel


def make_plan(
    model: LoadedModel | nn.Module,
    *,
    scope: str = "uniform",
    method: str = DEFAULT_METHOD,
    block_size: int = DEFAULT_BLOCK_SIZE,
    block_columns: int = DEFAULT_BLOCK_COLUMNS,
    sparsity: float = DEFAULT_SPARSITY,
    criterion: str = DEFAULT_CRITERION,
    floor: float | None = None,
    ceiling: float = 1.0,
    scale: str = "raw",
    grow: bool = False,
    dtype: str = DEFAULT_DTYPE,
    overrides: Sequence[Override] = (),
    spec: ModelSpec | None = None,
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """Decides what is done with every layer.

    Args:
        model: the network; a module of your own, too (`ubp_core.models.as_model`).
        scope: "uniform": every layer at `sparsity`; "global": one budget over all layers without an override of their
            own, whose parts are then written down as sparsities.
        method, block_size, block_columns, sparsity: for all layers; `unstructured` with a global budget counts single
            weights.
        criterion: importance, "l1" or "l2".
        floor, ceiling, scale: of a global budget, see `select_global`; None: DEFAULT_FLOOR there.
        grow: whether a global budget also prunes layers that take more bytes packed than dense. Else these stay dense,
            but for those with a floor or ceiling of their own, and the budget is spent on the others. Where the network
            as a whole would grow, all are pruned as asked.
        dtype: type of weights and arrays, "fp32", "fp16" or "int8"; exceptions may differ.
        overrides: exceptions; a layer whose method, block size or sparsity is given is no part of the budget.
        spec: how to load the model again; kept in the plan.
        threads: of the selections.
        progress: gets a line for people before slow work.

    Raises:
        ModelError: a model that is none, or has weights without shape or values.
        PlanError: nothing to prune, an override that matches nothing, an unknown scope.
        SelectionError: arguments out of range, floors and ceilings that can't be met.
    """
    model = as_model(model)
    if scope not in SCOPES:
        raise PlanError(f"scope: {scope!r} is unknown; choose from {', '.join(SCOPES)}")
    if scope == "global" and method == "unstructured":
        block_size = block_columns = 1  # single weights are shared out: a layer's part need be no multiple of N
    if scope == "uniform" and (floor or 0.0, ceiling, scale, grow) != (0.0, 1.0, "raw", False):
        raise PlanError("floor, ceiling, scale, grow: belong to a global budget; add scope global")
    if floor is None:
        floor = DEFAULT_FLOOR if scope == "global" else 0.0
    matched = match_overrides(model, overrides)
    check_block_columns(block_columns, PlanError)
    plain = LayerPlan("", method, block_size, sparsity, block_columns=block_columns)
    layers = tuple(_plan_layer(layer, matched.get(layer.name), plain) for layer in model.layers)
    asked = (spec, criterion, scope, method, block_size, sparsity, floor, ceiling, scale, grow, dtype)
    plan = Plan(layers, *asked, block_columns=block_columns)
    _check_some_pruned(plan, model)
    plan = settle_plan(plan, model)
    return _share_budget(plan, model, threads, progress) if scope == "global" else plan


def remake_plan(
    plan: Plan,
    model: LoadedModel | nn.Module,
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """Decides anew by a plan's own head: after `sparsity`, a floor or `fixed` was edited in its file.

    Layers that are dense or fixed stay as they are, but for those that only their block size made dense. With scope
    uniform all others get the plan's method, block size and sparsity; with scope global one budget is shared out among
    them.

    Raises:
        PlanError, SelectionError: as `make_plan`.
    """
    model = as_model(model)
    check_model(plan, model)
    layers = tuple(_remake_layer(layer, plan, model.layer(layer.name)) for layer in plan.layers)
    plan = settle_plan(replace(plan, layers=layers), model)
    return _share_budget(plan, model, threads, progress) if plan.scope == "global" else plan


def _remake_layer(planned: LayerPlan, plan: Plan, layer: Layer) -> LayerPlan:
    """One layer by the head of its plan, before a global budget is shared out."""
    by_rule = planned.because == LARGER_PACKED or is_dense_reason(planned.because, (layer.rows, layer.columns))
    if planned.fixed or (planned.dense and not by_rule):
        return planned
    asked = {name: getattr(plan, name) for name in ("method", "block_size", "block_columns", "sparsity")}
    return replace(planned, **asked, because="")


def _check_some_pruned(plan: Plan, model: LoadedModel) -> None:
    """Refuses a plan of which nothing can be carried out; one that keeps every weight is a plan all the same."""
    reason = "; `ubp layers` tells why"
    for planned in plan.pruned:
        shape = model.layer(planned.name).rows, model.layer(planned.name).columns
        why = dense_reason(shape, planned.block_size, planned.sparsity)
        if why is None or planned.sparsity == 0:
            return
        reason = f": {planned.name} {why}; take smaller blocks"
    raise PlanError(f"{model.name} has no layer that can be pruned{reason}")


def _plan_layer(layer: Layer, override: Override | None, plain: LayerPlan) -> LayerPlan:
    """One layer, before a global budget is shared out."""
    dtype = None if override is None else override.dtype
    if override is not None and override.method == DENSE:
        return LayerPlan(layer.name, because=layer.skip_reason or "by choice", fixed=layer.prunable, dtype=dtype)
    if override is None or not (override.fixes or layer.prunable):
        if not layer.prunable:
            return LayerPlan(layer.name, because=layer.skip_reason or "", dtype=dtype)
        return replace(plain, name=layer.name)
    return LayerPlan(
        layer.name,
        override.method or plain.method,
        plain.block_size if override.block_size is None else override.block_size,
        plain.sparsity if override.sparsity is None else override.sparsity,
        fixed=override.fixes,
        block_columns=override.block_columns or plain.block_columns,
        floor=override.floor,
        ceiling=override.ceiling,
        dtype=dtype,
    )


def _share_budget(plan: Plan, model: LoadedModel, threads: int | None, progress: Callable[[str], None] | None) -> Plan:
    """The plan with every layer's part of the budget; layers that would grow by theirs are dense, unless all would."""
    while free := [layer for layer in plan.pruned if not layer.fixed]:
        if progress is not None:
            progress(f"sharing one budget among {len(free)} layers")
        result = _select_free(plan, free, model, threads)
        limited = {layer.name for layer in free if (layer.floor, layer.ceiling) != (None, None)}
        larger = set() if plan.grow else _find_larger(result, plan) - limited
        if not larger:
            return _with_parts(plan, result)
        layers = (x.kept(LARGER_PACKED) if x.name in larger else x for x in plan.layers)
        plan = replace(plan, layers=tuple(layers))
    return plan


def _select_free(plan: Plan, free: Sequence[LayerPlan], model: LoadedModel, threads: int | None) -> NetworkSelection:
    """One budget over the layers that aren't fixed."""
    return select_global(
        {layer.name: importance(model.layer(layer.name).weight, plan.criterion) for layer in free},
        plan.block_size,
        plan.sparsity,
        plan.method,
        floors={layer.name: plan.floor if layer.floor is None else layer.floor for layer in free},
        ceilings={layer.name: plan.ceiling if layer.ceiling is None else layer.ceiling for layer in free},
        scale=plan.scale,
        threads=threads,
        block_columns=plan.block_columns,
    )


def _find_larger(result: NetworkSelection, plan: Plan) -> set[str]:
    """The layers that take more bytes packed than dense; none where all layers together do."""
    types = {name: plan.dtype_of(name) for name in result.layers}
    dense = {name: dense_bytes(s.shape, types[name]) for name, s in result.layers.items()}
    packed = {name: packed_bytes(s, types[name]) for name, s in result.layers.items()}
    if sum(packed.values()) >= sum(dense.values()):
        return set()
    return {name for name in dense if packed[name] > dense[name]}


def _with_parts(plan: Plan, result: NetworkSelection) -> Plan:
    """The plan with every layer's part of the budget as its sparsity."""
    parts = {
        name: shortest_sparsity(selection.shape, plan.block_size, selection.block_count, plan.block_columns)
        for name, selection in result.layers.items()
    }
    return replace(
        plan, layers=tuple(replace(x, sparsity=parts[x.name]) if x.name in parts else x for x in plan.layers)
    )


def shortest_sparsity(shape: tuple[int, int], block_size: int, blocks: int, block_columns: int = 1) -> float:
    """The sparsity with the fewest digits, from three on, that makes exactly `blocks` blocks of a layer."""
    rows, columns = grouped(shape, block_columns)
    exact = 1.0 - blocks * block_size / (rows * columns)
    for digits in range(3, 17):
        rounded = round(exact, digits)
        if 0 <= rounded <= 1 and budget(shape, block_size, rounded, block_columns) == blocks:
            return rounded
    return exact
