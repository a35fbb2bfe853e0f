"""`ubp history`: earlier benchmarks, listed, shown, compared, exported, deleted."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.cli import output
from ubp_core.cli.options import common as options
from ubp_core.cli.bench.output import milliseconds, print_run
from ubp_core.errors import ExitCode, UbpError

if TYPE_CHECKING:
    from ubp_core.history import ComparedVariant, Comparison, Entry, History

DESCRIPTION = """\
Benchmarks that were made on this machine, kept in the user's data folder (UBP_HISTORY names another file): device, its
facts, the settings, and every sample."""

EXAMPLES = """\
  ubp history
  ubp history show 12
  ubp history compare 12 15              two runs, variant by variant
  ubp history export --csv -o runs.csv   all runs, or those named
  ubp history export 12 15 --json
  ubp history delete 12"""

ACTIONS = ("list", "show", "compare", "export", "delete")
NUMBERS_NEEDED = {"show": 1, "compare": 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp history`."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="default: list")
    parser.add_argument("runs", nargs="*", type=int, metavar="ID", help="numbers of runs, as the list shows them")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="export: one line per variant")
    form.add_argument("--json", action="store_true", help="list, show, export: JSON (default of export)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="export: write there instead of stdout")
    options.add_force_option(parser)
    parser.add_argument("--history", type=Path, metavar="FILE", help="another history file")


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    from ubp_core.history import History, compare_runs

    check_numbers(args)
    with History(args.history) as history:
        if args.action == "list":
            list_runs(history, args)
        elif args.action == "show":
            show_run(history.get(args.runs[0]), args)
        elif args.action == "compare":
            print_comparison(compare_runs(*(history.get(number) for number in args.runs)))
        elif args.action == "export":
            export(history, args)
        else:
            for number in args.runs:
                history.delete(number)
                output.note(f"deleted run {number}")
    return ExitCode.OK


def check_numbers(args: argparse.Namespace) -> None:
    """Raises UbpError where the action needs another number of runs, or an option would have no effect."""
    useless = {"--output": args.output is not None and args.action != "export",
               "--force": args.force and args.output is None,
               "--csv": args.csv and args.action != "export",
               "--json": args.json and args.action in ("compare", "delete")}  # fmt: skip
    for option, given in useless.items():
        if given:
            raise UbpError(f"{option}: has no effect on `ubp history {args.action}` here; leave it out")
    needed = NUMBERS_NEEDED.get(args.action)
    if needed is not None and len(args.runs) != needed:
        raise UbpError(f"{args.action}: needs {needed} of the numbers that `ubp history` lists, got {len(args.runs)}")
    if args.action == "delete" and not args.runs:
        raise UbpError("delete: needs the numbers of runs that `ubp history` lists")
    if args.action == "list" and args.runs:
        raise UbpError("list: takes no numbers; write `ubp history show ID`")


def list_runs(history: History, args: argparse.Namespace) -> None:
    """Newest first, as JSON or as a table."""
    if args.json:
        print(json.dumps([asdict(line) for line in history.list()], indent=2))
    else:
        print_list(history)


def print_list(history: History) -> None:
    """Newest first."""
    found = history.list()
    if not found:
        output.note("the history is empty: `ubp bench` fills it")
        return
    headers = [("run", "right"), ("started", "left"), ("device", "left"), ("what", "left"), ("model", "left"),
               ("layers", "right"), ("figures", "left"), ("ended", "left")]  # fmt: skip
    table = output.new_table(headers)
    for line in found:
        started = line.started.replace("T", " ").replace("+00:00", " UTC")
        layers = f"{line.layers} of {line.planned}"
        ended = line.failure or "complete"
        table.add_row(str(line.id), started, line.device, line.title, line.model, layers, line.figure, ended)
    output.open_console().print(table)


def show_run(entry: Entry, args: argparse.Namespace) -> None:
    """One run, as JSON or as tables."""
    if args.json:
        output.print_json({"id": entry.id, **entry.run.to_record()})
    else:
        show(entry)


def show(entry: Entry) -> None:
    """One run with the device's facts."""
    console = output.open_console()
    print_run(console, entry.run, entry.id)
    chosen = {name: value for name, value in entry.run.settings.items() if value is not None}
    console.print("settings: " + ", ".join(f"{name}={value}" for name, value in chosen.items()), soft_wrap=True)
    clusters = entry.run.facts.get("clusters", [])
    cores = ", ".join(f"{c['name']} {len(c['cpus'])}x {c['core'] or 'core'}" for c in clusters)
    facts = {"SoC": entry.run.facts.get("soc"), "Android": entry.run.facts.get("android"), "cores": cores}
    console.print("device: " + ", ".join(f"{name} {value}" for name, value in facts.items() if value), soft_wrap=True)


def print_comparison(comparison: Comparison) -> None:
    """Two runs side by side."""
    first, second = f"run {comparison.first}", f"run {comparison.second}"
    table = output.new_table([("layer", "left"), ("variant", "left"), (first, "right"), (second, "right"),
                              ("ratio", "right"), ("of", "left"), ("same output", "left")])  # fmt: skip
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


def export(history: History, args: argparse.Namespace) -> None:
    """All runs, oldest first, or those named."""
    from ubp_core.history import to_csv, to_json

    numbers = args.runs or [line.id for line in reversed(history.list())]
    entries = [history.get(number) for number in numbers]
    text = to_csv(entries) if args.csv else to_json(entries)
    if args.output is None:
        output.print_text(text)
        return
    write_atomically(args.output, lambda place: write_text(place, text), overwrite=args.force)
    runs = "1 run" if len(entries) == 1 else f"{len(entries)} runs"
    output.note(f"wrote {runs} to {args.output}")
