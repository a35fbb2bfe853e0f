"""`ubp history compare`: two runs, variant by variant."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.bench.output import milliseconds
from ubp_core.cli.options.history import add_history_option, add_runs
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import ExitCode

if TYPE_CHECKING:
    from ubp_core.history import ComparedVariant, Comparison

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
        table.add_row(variant.layer, variant.label, *compared_cells(variant), "yes" if variant.same_output else "no")
    console = output.open_console()
    console.print(table)
    for note in comparison.notes:
        console.print(f"note: {note}", soft_wrap=True)


def compared_cells(variant: ComparedVariant) -> tuple[str, str, str, str]:
    """Both figures, their ratio (above 1: the second is better), and what it is of; counts have no ratio to times."""
    counts = (variant.first_instructions, variant.second_instructions)
    if variant.instruction_ratio is not None:
        return output.count(counts[0]), output.count(counts[1]), f"{variant.instruction_ratio:.2f}x", "instructions"
    cells = [
        f"{output.count(count)} instr." if count and time_ns is None else milliseconds(time_ns)
        for count, time_ns in zip(counts, (variant.first_ns, variant.second_ns), strict=True)
    ]
    ratio = "-" if variant.ratio is None else f"{variant.ratio:.2f}x"
    return cells[0], cells[1], ratio, "-" if variant.ratio is None else "times"
