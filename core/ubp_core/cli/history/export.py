"""`ubp history export`: runs as JSON or CSV, for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.cli import output
from ubp_core.cli.options.history import FILTERS, add_filter_options, add_history_option, add_runs, chosen_filter
from ubp_core.cli.options.output import add_force_option, add_quiet_option
from ubp_core.cli.parsing import refuse_given
from ubp_core.errors import ExitCode

DESCRIPTION = "Write runs of the history with every sample: JSON, or CSV with one line per variant."
EXAMPLES = """\
  ubp history export --csv -o runs.csv   all runs
  ubp history export 12 15               two of them, as JSON
  ubp history export --device host --since 2026-01-31"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp history export`."""
    add_runs(parser, "*", "as `ubp history` numbers them (default: all, oldest first)")
    add_filter_options(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSON (the default)")
    form.add_argument("--csv", action="store_true", help="CSV, one line per variant")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of stdout")
    add_force_option(parser)
    add_history_option(parser)
    add_quiet_option(parser)


def run(args: argparse.Namespace) -> int:
    """Write."""
    from ubp_core.history import History, to_csv, to_json

    if args.output is None:
        refuse_given(args, ["force"], "replaces the file of -o, and there is none")
    if args.runs:
        refuse_given(args, FILTERS, "the runs are named by their numbers")
    with History(args.history, reading=True) as history:
        runs = filter(chosen_filter(args).keeps, reversed(history.list()))
        numbers = dict.fromkeys(args.runs) or [run.id for run in runs]
        entries = [history.get(number) for number in numbers]
    text = to_csv(entries) if args.csv else to_json(entries)
    if args.output is None:
        output.print_text(text)
        return ExitCode.OK
    write_atomically(args.output, lambda place: write_text(place, text), overwrite=args.force)
    output.note(f"wrote {'1 run' if len(entries) == 1 else f'{len(entries)} runs'} to {args.output}")
    return ExitCode.OK
