"""How a plan is printed: a table or one JSON object. Computes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.units import format_block, format_grouped, format_share, format_size, format_time

if TYPE_CHECKING:
    from ubp_core.history import LayerFigures
    from ubp_core.models import LoadedModel
    from ubp_core.plan import Plan, PlanReport
    from ubp_core.plan.report import PlanRow

LEAST_KEPT = 0.02
"""A layer that keeps less of its weights is pointed out."""


def print_plan(
    plan: Plan, model: LoadedModel, report: PlanReport, as_json: bool, figures: LayerFigures | None = None
) -> None:
    """One line for every layer, with what was measured of it where that is known; the network's total at the foot."""
    if as_json:
        output.print_json(plan_record(plan, model, report, figures))
        _print_notes(report)
        return
    console = output.open_console()
    console.print(output.heading(model), soft_wrap=True)
    console.print(describe_plan(plan), soft_wrap=True)
    console.print(_layer_table(report, figures))
    console.print(_cost_table(report, plan.dtype))
    if report.growth:
        console.print(report.growth, soft_wrap=True)
    _print_notes(report)
    emptied = [row.layer.name for row in report.pruned if 1 - row.achieved < LEAST_KEPT]
    if emptied:
        names = ", ".join(emptied[:4]) + (f" and {len(emptied) - 4} more" if len(emptied) > 4 else "")
        output.note(f"{names}: less than {format_share(LEAST_KEPT, 0)} of the weights stay; --floor keeps more")


def _print_notes(report: PlanReport) -> None:
    """What was asked for and can't be had."""
    for line in report.notes:
        output.note(line)


def describe_plan(plan: Plan) -> str:
    """What was asked for, in one line."""
    fixed = fixed_layers(plan)
    others = f" of the others ({len(fixed)} fixed)" if fixed else ""
    block = format_block(plan.block_size, plan.block_columns)
    asked = f"{plan.method}, N = {block}, s = {plan.sparsity:g}{others}, importance {plan.criterion}"
    if plan.scope == "uniform":
        return f"every {'other ' if fixed else ''}layer: {asked}"
    return (
        f"one budget: {asked}; of a layer stays at least {format_share(plan.floor, 1)} and at most "
        f"{format_share(plan.ceiling, 1)}; importances compare {plan.scale}"
    )


def fixed_layers(plan: Plan) -> list[str]:
    """The layers that are pruned by a choice of their own: the head's sparsity is that of the others."""
    return [layer.name for layer in plan.pruned if layer.fixed]


def _layer_table(report: PlanReport, figures: LayerFigures | None) -> Any:
    """Sparsities and what they keep, and the newest figures."""
    columns = [Column("layer", "name"), *numbers("shape", yields=3), Column("method", "text"), *numbers("N")]
    columns += [*numbers("requested"), *numbers("achieved", yields=4)]
    columns += [*numbers("retained"), *numbers("parameters", yields=5), *numbers("bytes", yields=2)]
    measured = figures is not None and bool(figures.values)
    if figures is not None and measured:
        columns += numbers(f"{figures.figure} on {figures.device}", yields=1)
    table = Table(columns)
    for row in report.rows:
        bytes_change = _change(row.cost.bytes_before, row.cost.bytes_after)
        if row.layer.dense:
            cells = ["", "", ""]
            method, size = f"dense: {row.layer.because}" if row.layer.because else "dense", ""
        else:
            cells = [format_share(x) for x in (row.layer.sparsity, row.achieved, row.retained)]
            method = row.layer.method + (" (fixed)" if row.layer.fixed else "")
            size = format_block(row.layer.block_size, row.layer.block_columns)
        parameters = _change(row.cost.parameters_before, row.cost.parameters_after)
        style = "dim" if row.layer.dense else ""
        cells += [parameters, bytes_change, *([_measured_text(row, figures)] if measured else [])]
        table.add_row(row.layer.name, format_size(row.shape), method, size, *cells, style=style)
    cost = report.cost
    foot = [f"{len(report.pruned)} of {len(report.rows)} layers pruned", "", "of those", ""]
    foot += [format_share(x) for x in (report.requested, report.achieved, report.retained)]
    foot += [_change(cost.parameters_before, cost.parameters_after), _change(cost.bytes_before, cost.bytes_after)]
    table.footer = (*foot, *[""] * measured)  # figures have no total: they need not be complete
    return table


def _measured_text(row: PlanRow, figures: LayerFigures | None) -> str:
    """What was measured of a layer as the plan has it; empty where that is nothing."""
    from ubp_core.export.tables import figure_record

    record = figure_record(row, figures)
    if "instructions" in record:
        return format_grouped(int(record["instructions"]))
    return format_time(record["median_ns"]) if record else ""


def _change(before: int, after: int) -> str:
    """A figure after pruning, with the one before where it differs."""
    return format_grouped(after) if before == after else f"{format_grouped(before)} > {format_grouped(after)}"


def _cost_table(report: PlanReport, dtype: str) -> Any:
    """The whole network, before and after."""
    table = Table([Column("network", "name"), *numbers("dense", "pruned", "share")])
    labels = {"parameters": "parameters", "multiply_adds": "multiply-adds", "bytes": f"bytes ({dtype}, packed)"}
    cost = asdict(report.cost)
    for key, label in labels.items():
        before, after = cost[f"{key}_before"], cost[f"{key}_after"]
        share = after / before if before and after is not None else None
        table.add_row(label, format_grouped(before), format_grouped(after), format_share(share, 1))
    return table


def plan_record(
    plan: Plan, model: LoadedModel, report: PlanReport, figures: LayerFigures | None = None
) -> dict[str, Any]:
    """The JSON object."""
    from ubp_core.export.tables import figure_record, row_record

    head = ("criterion", "scope", "method", "block_size", "block_columns", "sparsity", "dtype")
    asked = {key: getattr(plan, key) for key in head}
    return {
        "command": "plan",
        "model": output.model_record(model),
        "asked": asked | {key: getattr(plan, key) for key in ("floor", "ceiling", "scale")},
        "layers": [
            row_record(row) | {"fixed": row.layer.fixed, "note": row.note} | figure_record(row, figures)
            for row in report.rows
        ],
        "notes": list(report.notes),
        "total": {
            "pruned_layers": len(report.pruned),
            "fixed_layers": len(fixed_layers(plan)),
            "grown_layers": [row.layer.name for row in report.grown],
            "requested_sparsity": report.requested,
            "rounded_sparsity": report.rounded,
            "achieved_sparsity": report.achieved,
            "retained": report.retained,
            **asdict(report.cost),
        },
    }
