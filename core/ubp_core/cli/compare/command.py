"""`ubp compare`: what every method keeps, over a grid of block sizes and sparsities. Measures no speed of a network."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.compare.costs import with_equal_costs
from ubp_core.cli.compare.grid import GridResult, compare_layers, notes_of, number
from ubp_core.cli.compare.planned import compare_plan
from ubp_core.cli.options.layers import add_layers_option, chosen_layers
from ubp_core.cli.options.model import add_model_options
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.options.planned import add_plan_option, load_for_plan, read_plan
from ubp_core.cli.options.selection import add_grid_options, add_jobs_option
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import ExitCode
from ubp_core.units import format_block, format_size
from ubp_core.vocabulary import COMPARED_METHODS, METHODS

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel

DESCRIPTION = """\
Compare the methods at the same budget of blocks: the share of importance that each keeps, layer by layer and over all
layers (sum kept / sum total). Lists of block sizes, columns and sparsities give one line for each combination; 4x4
stands for blocks of 4 rows x 4 columns that are alike.
With --plan, what a plan (`ubp plan`) keeps of every layer stands beside the methods at that layer's block size and
sparsity, and beside all layers pruned alike."""

EXAMPLES = """\
  ubp compare                                       the demo network, blocks of 4, sparsity 0.75
  ubp compare --layer _conv_head --block-size 2,4,8,16
  ubp compare efficientnet_lite0 --block-size 2,4,8,16 --sparsity 0.5,0.75,0.9 --markdown
  ubp compare --block-size 4,8 --block-columns 1,4 --methods abp,optimal      what each form of blocks keeps
  ubp compare --block-columns 1,4 --equal-cost      and at equal time of an int8 layer
  ubp compare resnet50 --weights random --methods abp,bed,optimal --json
  ubp compare --plan plan.yaml                      what sharing a budget out has gained"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp compare`."""
    add_model_options(parser, "the plan's")
    add_plan_option(parser)
    add_layers_option(parser, "all that can be pruned")
    everything, planned = ",".join(METHODS), ",".join(COMPARED_METHODS)
    add_grid_options(parser, f"{everything}; with --plan {planned}, next to the plan's")
    parser.add_argument(
        "--equal-cost",
        action="store_true",
        help="beside blocks of one column, those of four at the sparsity at which an int8 layer takes as long, by the "
        "modelled kernels of a wide core",
    )
    add_jobs_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    plan = read_plan(args, ["layers", "block_size", "block_columns", "sparsity", "criterion", "equal_cost"])
    if plan is not None:
        compare_plan(args, plan)
        return ExitCode.OK
    args.methods = args.methods or METHODS
    model, _ = load_for_plan(args, None)
    layers = model.prunable
    if args.layers:
        layers = chosen_layers(args.layers, model)
    if not layers:
        output.note(f"{model.name} has no layer that can be pruned; `ubp layers` tells why")
    asked = [(n, c, s) for n in args.block_size for c in args.block_columns for s in args.sparsity]
    if args.equal_cost:
        asked = with_equal_costs(asked)
    with output.progress_bar("selecting blocks", len(layers) * len(asked)) as step:
        results = compare_layers(layers, asked, args.methods, args.criterion, args.jobs, step)
    if args.json:
        output.print_json(_record(model, results, args))
    else:
        _print(model, results, args)
    for line in notes_of(results):
        output.note(line)
    return ExitCode.OK


def _record(model: LoadedModel, results: list[GridResult], args: argparse.Namespace) -> dict[str, Any]:
    """The JSON object."""
    return {
        "command": "compare",
        "model": output.model_record(model),
        "criterion": args.criterion,
        "methods": list(args.methods),
        "notes": notes_of(results),
        "results": [
            {
                "block_size": result.block_size,
                "block_columns": result.block_columns,
                "requested_sparsity": result.sparsity,
                "achieved_sparsity": result.achieved_sparsity,
                "total": {
                    name: {
                        "retained": result.total(name),
                        "upper_bound": result.total(name, "upper_bound"),
                        "seconds": result.seconds(name),
                    }
                    for name in args.methods
                },
                "layers": [
                    {
                        "name": row.layer.name,
                        "rows": row.layer.rows,
                        "columns": row.layer.columns,
                        "importance": row.total,
                        "methods": row.methods,
                    }
                    for row in result.layers
                ],
            }
            for result in results
        ],
    }


def _print(model: LoadedModel, results: list[GridResult], args: argparse.Namespace) -> None:
    """Layers and totals where one form and sparsity are asked for; one line of totals for each of several."""
    console = output.open_console()
    console.print(output.heading(model), soft_wrap=True)
    console.print()
    if len(results) == 1:
        console.print(_layer_table(results[0], args))
    else:
        console.print(_grid_table(results, args))
    names = "all prunable layers" if args.layers is None else ", ".join(row.layer.name for row in results[0].layers)
    console.print(f"Retained importance ({args.criterion}) in per cent of the total, over {names}.", soft_wrap=True)
    for line in _exhausted(results):
        output.note(line)


def _layer_table(result: GridResult, args: argparse.Namespace) -> Any:
    """One line per layer; totals and times at the foot."""
    table = Table([Column("layer", "name"), *numbers("rows x columns", yields=1), *numbers(*args.methods)])
    for row in result.layers:
        shares = [number(row.methods[name]["retained"]) for name in args.methods]
        table.add_row(row.layer.name, format_size((row.layer.rows, row.layer.columns)), *shares)
    table.add_section()
    label = f"total, N = {format_block(result.block_size, result.block_columns)}, s = {result.sparsity:g}"
    achieved = f"achieved s = {result.achieved_sparsity:.4f}" if result.layers else "no layers"
    table.add_row(label, achieved, *(number(result.total(name)) for name in args.methods), style="bold")
    times = [f"{result.seconds(name) * 1e3:.0f} ms" for name in args.methods]
    table.add_row("time of the selection", "", *times, style="dim")
    return table


def _grid_table(results: list[GridResult], args: argparse.Namespace) -> Any:
    """One line of totals for each form and sparsity."""
    table = Table([*numbers("N", "s"), *numbers("achieved s", yields=1), *numbers(*args.methods)])
    for result in results:
        achieved = "-" if result.achieved_sparsity is None else f"{result.achieved_sparsity:.4f}"
        shares = [number(result.total(name)) for name in args.methods]
        table.add_row(format_block(result.block_size, result.block_columns), f"{result.sparsity:g}", achieved, *shares)
    return table


def _exhausted(results: list[GridResult]) -> list[str]:
    """A line for every form and sparsity at which a method ran out of candidates: its total is a dash there."""
    lines = []
    for result in results:
        for name in result.layers[0].methods if result.layers else ():
            missing = sum(row.methods[name]["retained"] is None for row in result.layers)
            if missing:
                where = f"N = {format_block(result.block_size, result.block_columns)}, s = {result.sparsity:g}"
                lines.append(f"{name} ran out of candidates on {missing} of {len(result.layers)} layers at {where}")
    return lines
