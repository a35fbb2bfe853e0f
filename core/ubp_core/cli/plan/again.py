"""`ubp plan again`: decides a plan anew by its head."""

from __future__ import annotations

import argparse
from pathlib import Path

from ubp_core.cli import output
from ubp_core.cli.options.figures import add_figures_option
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.options.selection import add_jobs_option
from ubp_core.cli.plan.result import add_plan_output, check_plan_output, finish

DESCRIPTION = """\
Decide a plan anew by its head, after you edited the sparsity, a floor or a layer there: layers that are dense or fixed
stay as they are."""
EXAMPLES = """\
  ubp plan again plan.yaml -o plan.yaml --force            sparsity 0.9 was written into its head"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp plan again`."""
    parser.add_argument("file", type=Path, metavar="PLAN.yaml", help="a plan, as `ubp plan` writes it")
    add_jobs_option(parser)
    add_figures_option(parser)
    add_plan_output(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Read, decide, write, show."""
    from ubp_core.plan import Plan, remake_plan

    check_plan_output(args)
    plan = Plan.load(args.file)
    with output.narrate(f"loading {plan.model.name if plan.model else args.file}") as tell:
        model = plan.load_model(tell)
        plan = remake_plan(plan, model, args.jobs, tell)
    output.tell_notes(model)
    return finish(args, plan, model)
