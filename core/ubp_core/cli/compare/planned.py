"""`ubp compare --plan`: what a plan keeps of every layer, beside other methods at the same N and sparsity."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.compare.grid import GridResult, LayerResult, compare_layers, number
from ubp_core.cli.options.planned import load_for_plan
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import PlanError
from ubp_core.units import format_block, format_size
from ubp_core.vocabulary import COMPARED_METHODS

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import LayerPlan, Plan

_NEARLY_ALL = math.nextafter(1.0, 0.0)


@dataclass(frozen=True)
class PlanResult:
    """A plan's layers, and all of them at one sparsity."""

    rows: tuple[tuple[LayerPlan, LayerResult], ...]
    """Every layer that is pruned, with the plan's method and the others at its N and sparsity."""
    uniform: GridResult
    """The same layers at the plan's N, all at the sparsity that the plan has over them."""

    def total(self, method: str | None) -> float | None:
        """Share that a method keeps over all layers, None: the plan's own; None where one has no selection."""
        shares = [row.methods[method or layer.method]["retained"] for layer, row in self.rows]
        if None in shares:
            return None
        total = sum(row.total for _, row in self.rows)
        kept = sum(share * row.total for share, (_, row) in zip(shares, self.rows, strict=True))
        return float(kept / total) if total > 0 else 1.0


def compare_plan(args: argparse.Namespace, plan: Plan) -> None:
    """Select, and print."""
    from ubp_core.plan.applying import check_model, settle_plan

    methods = args.methods or COMPARED_METHODS
    model, _ = load_for_plan(args, plan)
    check_model(plan, model)
    plan = settle_plan(plan, model)
    if not plan.pruned:
        raise PlanError(f"{args.plan}: the plan prunes no layer: there is nothing to compare")
    with output.progress_bar("selecting blocks", 2 * len(plan.pruned)) as step:
        rows = []
        for layer in plan.pruned:
            asked = (layer.block_size, layer.block_columns, min(layer.sparsity, _NEARLY_ALL))
            names = tuple(dict.fromkeys((layer.method, *methods)))
            (found,) = compare_layers((model.layer(layer.name),), (asked,), names, plan.criterion, args.jobs, step)
            rows.append((layer, found.layers[0]))
        weights = sum(row.layer.parameters for _, row in rows)
        sparsity = min(1 - sum(row.kept_weights for _, row in rows) / weights, _NEARLY_ALL)
        layers = tuple(row.layer for _, row in rows)
        alike = ((plan.block_size, plan.block_columns, sparsity),)
        (uniform,) = compare_layers(layers, alike, methods, plan.criterion, args.jobs, step)
    result = PlanResult(tuple(rows), uniform)
    if args.json:
        output.print_json(_record(args, plan, model, result, methods))
    else:
        _print(args, plan, model, result, methods)


def _print(
    args: argparse.Namespace, plan: Plan, model: LoadedModel, result: PlanResult, methods: tuple[str, ...]
) -> None:
    """A line per layer, and both totals."""
    columns = [Column("layer", "name"), *numbers("rows x columns", yields=2), Column("plan", yields=1)]
    table = Table([*columns, *numbers("N", "s", yields=1), *numbers("plan keeps", *methods)])
    for layer, row in result.rows:
        block = format_block(layer.block_size, layer.block_columns)
        cells = [format_size((row.layer.rows, row.layer.columns)), layer.method, block]
        shares = [number(row.methods[name]["retained"]) for name in (layer.method, *methods)]
        table.add_row(layer.name, *cells, f"{layer.sparsity:g}", *shares)
    table.add_section()
    totals = [number(result.total(name)) for name in (None, *methods)]
    sparsity = f"{result.uniform.sparsity:.4f}"
    table.add_row("total, as planned", "", "", "", sparsity, *totals, style="bold")
    uniform = [number(result.uniform.total(name)) for name in methods]
    block = format_block(plan.block_size, plan.block_columns)
    table.add_row("total, every layer alike", "", "", block, sparsity, "", *uniform)
    console = output.open_console()
    console.print(output.heading(model), soft_wrap=True)
    console.print(table)
    console.print(
        f"Retained importance ({plan.criterion}) in per cent of the total, over the layers that the plan prunes; "
        "methods stand at each layer's own N and s.",
        soft_wrap=True,
    )


def _record(
    args: argparse.Namespace, plan: Plan, model: LoadedModel, result: PlanResult, methods: tuple[str, ...]
) -> dict[str, Any]:
    """The JSON object."""
    return {
        "command": "compare",
        "model": output.model_record(model),
        "plan": str(args.plan),
        "criterion": plan.criterion,
        "methods": list(methods),
        "achieved_sparsity": result.uniform.sparsity,
        "total": {
            "plan": result.total(None),
            "methods": {name: result.total(name) for name in methods},
            "every_layer_alike": {name: result.uniform.total(name) for name in methods},
        },
        "layers": [
            {
                "name": layer.name,
                "method": layer.method,
                "block_size": layer.block_size,
                "block_columns": layer.block_columns,
                "sparsity": layer.sparsity,
                "importance": row.total,
                "methods": row.methods,
            }
            for layer, row in result.rows
        ],
    }
