"""What a plan means: requested and achieved sparsity, retained importance and costs, per layer and in total."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ubp_core.budgets import asked_blocks, budget_note, grouped, network_note
from ubp_core.criteria import importance
from ubp_core.models.own_modules import as_model
from ubp_core.plan.applying import settle_plan
from ubp_core.report import LayerCost, layer_cost
from ubp_core.selection import Selection
from ubp_core.units import format_block

if TYPE_CHECKING:
    from torch import nn

    from ubp_core.models import Layer, LoadedModel
    from ubp_core.plan.plan import Plan
    from ubp_core.plan.records import LayerPlan


@dataclass(frozen=True, eq=False)
class PlanRow:
    """One layer."""

    layer: LayerPlan
    """What is done with it."""
    shape: tuple[int, ...]
    """Of its weight."""
    cost: LayerCost
    """Parameters, multiply-adds and bytes before and after."""
    rounded: float
    """The requested sparsity in whole blocks, 0 to 1; 0 where dense."""
    achieved: float
    """Share of the weights that is really pruned: more than `rounded` where the rows don't hold the last blocks."""
    retained: float
    """Share of the importance kept; 1 where dense."""
    importance: float
    """Sum of the layer's importance."""
    aligned: bool
    """Whether every block starts at a multiple of N (true for a dense layer)."""
    dtype: str
    """Type of the layer, one of DTYPES."""
    note: str = ""
    """Where the layer can't have the sparsity asked for: what is achieved, and why."""

    def __str__(self) -> str:
        """One line without the name."""
        shape = "x".join(map(str, self.shape))
        if self.layer.dense:
            return f"{shape}  dense{f': {self.layer.because}' if self.layer.because else ''}"
        size = f"{self.cost.bytes_before:,} > {self.cost.bytes_after:,} bytes"
        figures = f"sparsity {self.achieved:.2%} of {self.layer.sparsity:.2%} asked, keeps {self.retained:.2%}"
        block = format_block(self.layer.block_size, self.layer.block_columns)
        return f"{shape}  {self.layer.method} N={block}  {figures}  {size}"


@dataclass(frozen=True, eq=False)
class PlanReport:
    """A plan on its network. Totals are over all layers, the dense ones too, unless they say pruned."""

    rows: tuple[PlanRow, ...]
    """The network's layers, in its order; those that the plan can't prune are dense and say why."""
    budget_note: str = ""
    """Where one budget over all layers can't be met: what is achieved, and why."""

    def __str__(self) -> str:
        """A line for every layer, and the totals."""
        width = max((len(row.layer.name) for row in self.rows), default=0)
        total = f"{len(self.pruned)} of {len(self.rows)} layers pruned: sparsity {self.achieved:.2%} of "
        total += f"{self.requested:.2%} asked, keeps {self.retained:.2%} of the importance, "
        total += f"{self.cost.parameters_after:,} of {self.cost.parameters_before:,} weights"
        return "\n".join(
            [
                *(f"{row.layer.name:<{width}}  {row}" for row in self.rows),
                total,
                *filter(None, [self.growth]),
                *self.notes,
            ]
        )

    @property
    def grown(self) -> tuple[PlanRow, ...]:
        """The layers that are pruned and take more bytes packed than dense."""
        return tuple(row for row in self.pruned if row.cost.bytes_after > row.cost.bytes_before)

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines on what was asked for and can't be had, each with the layer's name."""
        lines = (f"{row.layer.name}: {row.note}" for row in self.rows if row.note)
        return (*lines, *([self.budget_note] if self.budget_note else []))

    @property
    def growth(self) -> str:
        """Where pruning costs bytes: few weights are pruned, and the places of the others are packed too. Or ""."""
        if not self.grown:
            return ""
        names = ", ".join(row.layer.name for row in self.grown[:4])
        more = f" and {len(self.grown) - 4} more" if len(self.grown) > 4 else ""
        before, after = (sum(getattr(row.cost, key) for row in self.grown) for key in ("bytes_before", "bytes_after"))
        return f"{names}{more}: packed bytes grow, {before:,} > {after:,}; more sparsity, or dense, is smaller"

    @property
    def pruned(self) -> tuple[PlanRow, ...]:
        """The layers that aren't dense."""
        return tuple(row for row in self.rows if not row.layer.dense)

    @property
    def cost(self) -> LayerCost:
        """Of the network; multiply-adds are None where a layer's are unknown."""
        costs = [row.cost for row in self.rows]
        before = [cost.multiply_adds_before for cost in costs]
        after = [cost.multiply_adds_after for cost in costs]
        return LayerCost(
            parameters_before=sum(cost.parameters_before for cost in costs),
            parameters_after=sum(cost.parameters_after for cost in costs),
            multiply_adds_before=None if None in before else sum(work or 0 for work in before),
            multiply_adds_after=None if None in after else sum(work or 0 for work in after),
            bytes_before=sum(cost.bytes_before for cost in costs),
            bytes_after=sum(cost.bytes_after for cost in costs),
        )

    @property
    def achieved(self) -> float:
        """Share of the pruned layers' weights that is pruned; 0 where there are none."""
        return _share(self.pruned, "achieved")

    @property
    def rounded(self) -> float:
        """The same of the sparsities in whole blocks."""
        return _share(self.pruned, "rounded")

    @property
    def requested(self) -> float:
        """The same of the sparsities as they stand in the plan."""
        weights = [row.cost.parameters_before for row in self.pruned]
        asked = math.fsum(row.layer.sparsity * row.cost.parameters_before for row in self.pruned)
        return asked / sum(weights) if weights else 0.0

    @property
    def retained(self) -> float:
        """Share of the pruned layers' importance that is kept; 1 where there is none."""
        total = math.fsum(row.importance for row in self.pruned)
        return math.fsum(row.importance * row.retained for row in self.pruned) / total if total > 0 else 1.0


def _share(rows: tuple[PlanRow, ...], field: str) -> float:
    """Mean of a share over the weights."""
    weights = sum(row.cost.parameters_before for row in rows)
    return math.fsum(getattr(row, field) * row.cost.parameters_before for row in rows) / weights if weights else 0.0


def report_plan(plan: Plan, model: LoadedModel | nn.Module, selections: Mapping[str, Selection]) -> PlanReport:
    """Puts plan, network and selections side by side.

    Args:
        selections: of every layer that the plan prunes there, as `select_plan` gives them.
    """
    model = as_model(model)
    plan = settle_plan(plan, model)
    rows = tuple(_make_row(layer, plan, selections) for layer in model.layers)
    shared = {row.layer.name: (row.shape[0], math.prod(row.shape[1:])) for row in rows if _shares(row.layer, plan)}
    return PlanReport(rows, network_note(shared, plan.block_size, plan.sparsity, plan.block_columns) or "")


def _shares(layer: LayerPlan, plan: Plan) -> bool:
    """Whether a layer has its sparsity from one budget over several."""
    return plan.scope == "global" and not (layer.dense or layer.fixed)


def _make_row(layer: Layer, plan: Plan, selections: Mapping[str, Selection]) -> PlanRow:
    """One layer beside its selection."""
    planned = plan.layer(layer.name)
    selection = None if planned.dense else selections[layer.name]
    total = importance(layer.weight, plan.criterion).sum(dtype=np.float64) if layer.weight.size else 0.0
    asked = (planned.block_size, planned.sparsity, planned.block_columns)
    note = None if planned.dense else budget_note((layer.rows, layer.columns), *asked)
    return PlanRow(
        layer=planned,
        shape=layer.shape,
        cost=layer_cost(layer, selection, plan.dtype_of(layer.name)),
        rounded=0.0 if selection is None else _rounded(planned, selection),
        achieved=0.0 if selection is None else selection.achieved_sparsity,
        retained=1.0 if selection is None else selection.retained,
        importance=float(total),
        aligned=selection is None or not np.any(selection.rows % selection.block_size),
        dtype=plan.dtype_of(layer.name),
        note=note or "",
    )


def _rounded(planned: LayerPlan, selection: Selection) -> float:
    """The requested sparsity in whole blocks, before what the rows can hold."""
    size, columns = planned.block_size, planned.block_columns
    blocks = asked_blocks(selection.shape, size, planned.sparsity, columns)
    return max(1.0 - blocks * size / math.prod(grouped(selection.shape, columns)), 0.0)
