"""`ubp history show`: one run with every figure and the device's facts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.bench.output import print_run
from ubp_core.cli.options.history import add_history_option, add_runs
from ubp_core.cli.options.output import add_output_options
from ubp_core.errors import ExitCode

if TYPE_CHECKING:
    from ubp_core.history import Entry

DESCRIPTION = "One run of the history: device, settings, and every variant's figures; CSV has one line per variant."
EXAMPLES = """\
  ubp history show 12
  ubp history show 12 --json             every sample"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp history show`."""
    add_runs(parser, 1)
    add_history_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print."""
    from ubp_core.history import History

    with History(args.history, reading=True) as history:
        entry = history.get(args.runs[0])
    if args.json:
        output.print_json({"id": entry.id, **entry.run.to_record()})
    else:
        show(entry)
    return ExitCode.OK


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
