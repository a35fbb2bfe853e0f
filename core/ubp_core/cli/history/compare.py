"""`ubp history compare`: two runs, variant by variant."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.options.history import add_history_option, add_runs
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import ExitCode

if TYPE_CHECKING:
    from ubp_core.history import Comparison

DESCRIPTION = "Set two runs of the history against each other, variant by variant."
EXAMPLES = """\
  ubp history compare 12 15"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp history compare`."""
    add_runs(parser, 2)
    add_history_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    from ubp_core.history import History, compare_runs

    with History(args.history, reading=True) as history:
        comparison = compare_runs(*(history.get(number) for number in args.runs))
    if args.json:
        output.print_json(asdict(comparison))
    else:
        print_comparison(comparison)
    return ExitCode.OK


def print_comparison(comparison: Comparison) -> None:
    """Two runs side by side."""
    first, second = f"run {comparison.first}", f"run {comparison.second}"
    columns = [Column("layer", "name"), Column("variant", "name"), *numbers(first, second, "ratio")]
    table = Table([*columns, Column("of", yields=1), Column("same output", yields=2)])
    for variant in comparison.variants:
        of = "instructions" if variant.instruction_ratio is not None else "times"
        same = "yes" if variant.same_output else "no"
        table.add_row(variant.layer, variant.label, *variant.texts, of, same)
    console = output.open_console()
    console.print(table)
    for note in comparison.notes:
        console.print(f"note: {note}", soft_wrap=True)
