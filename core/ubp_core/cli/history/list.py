"""`ubp history` and `ubp history list`: all runs, newest first."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.options.history import add_filter_options, add_history_option, chosen_filter
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import ExitCode
from ubp_core.units import format_few, format_names, format_numbers

if TYPE_CHECKING:
    from ubp_core.history import Summary

DESCRIPTION = """\
Benchmarks that were made on this machine, kept in the user's data folder (UBP_HISTORY names another file): device, its
facts, the settings, and every sample."""

EXAMPLES = """\
  ubp history
  ubp history --model resnet50 --layer 'layer4.*' --since 2026-01-31
  ubp history show 12
  ubp history compare 12 15              two runs, variant by variant
  ubp history export --csv -o runs.csv   all runs, or those named
  ubp history export 12 15
  ubp history delete 12"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp history list`."""
    add_filter_options(parser)
    add_history_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print."""
    from ubp_core.history import History

    with History(args.history, reading=True) as history:
        runs = history.list()
    found = list(filter(chosen_filter(args).keeps, runs))
    if args.json:
        output.print_json([asdict(line) for line in found])
        return ExitCode.OK
    if not runs:
        output.note("the history is empty: `ubp bench` fills it")
    elif not found:
        output.note(f"none of the {len(runs)} runs is one of these: `ubp history` lists all")
    if found or args.csv:
        output.open_console().print(list_table(found))
    return ExitCode.OK


def list_table(found: Sequence[Summary]) -> Table:
    """One line per run."""
    columns = [*numbers("run"), Column("started"), Column("device", "name"), Column("what", "name", yields=4)]
    columns += [Column("model", "name"), Column("layer", "name"), *numbers("N", "sparsity", yields=1)]
    columns += [Column("type", yields=2), *numbers("layers", yields=3), Column("figures", yields=2)]
    table = Table([*columns, Column("ended", "text", yields=5)])
    for line in found:
        started = line.started.replace("T", " ").replace("+00:00", " UTC")
        sizes, sparsities = format_few(line.blocks), format_numbers(line.sparsities)
        types = ", ".join(line.dtypes)
        what = (line.device, line.title, line.model, format_names(line.layer_names), sizes, sparsities, types)
        measured = f"{line.layers} of {line.planned}"
        table.add_row(str(line.id), started, *what, measured, line.figure, line.failure or "complete")
    return table
