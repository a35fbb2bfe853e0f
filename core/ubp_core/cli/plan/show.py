"""`ubp plan show`: a plan's file, checked against its network."""

from __future__ import annotations

import argparse
from pathlib import Path

from ubp_core.cli import output
from ubp_core.cli.options.figures import add_figures_option
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.options.selection import add_jobs_option
from ubp_core.cli.plan.result import show
from ubp_core.errors import ExitCode

DESCRIPTION = "Check a plan against its network, and show what it does with every layer and what that keeps."
EXAMPLES = """\
  ubp plan show plan.yaml
  ubp plan show plan.yaml --measured-on adb:1A2B3C    with what `ubp bench` measured of its layers there"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp plan show`."""
    parser.add_argument("file", type=Path, metavar="PLAN.yaml", help="a plan, as `ubp plan` writes it")
    add_jobs_option(parser)
    add_figures_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Read, check, show."""
    from ubp_core.plan import Plan

    plan = Plan.load(args.file)
    with output.narrate(f"loading {plan.model.name if plan.model else args.file}") as tell:
        model = plan.load_model(tell)
    output.tell_notes(model)
    show(args, plan, model)
    return ExitCode.OK
