"""What becomes of a plan that was made or read: it is written, carried out on paper, and printed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.atomic_file import refuse_existing
from ubp_core.budgets import no_kernel
from ubp_core.cli import output
from ubp_core.cli.options.figures import read_figures
from ubp_core.cli.options.output import add_force_option
from ubp_core.cli.parsing import refuse_given
from ubp_core.cli.plan.output import print_plan
from ubp_core.errors import ExitCode, FileError

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import Plan


def add_plan_output(parser: argparse.ArgumentParser) -> None:
    """-o of a plan."""
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.yaml", help="write the plan")
    add_force_option(parser)


def check_plan_output(args: argparse.Namespace) -> None:
    """Refuses, before any work, a file that would not be written.

    Raises:
        FileError: its name is no plan's, or it is there already.
        UsageError: --force without a file.
    """
    if args.output is None:
        refuse_given(args, ["force"], "replaces the file of -o, and there is none")
    elif args.output.suffix not in (".yaml", ".yml"):
        raise FileError(f"{args.output}: the name of a plan ends in .yaml")
    elif not args.force:
        refuse_existing(args.output)


def finish(args: argparse.Namespace, plan: Plan, model: LoadedModel) -> int:
    """Write where that is asked for, and show."""
    if args.output is not None:
        plan.save(args.output, args.force)
    show(args, plan, model)
    if args.output is not None:
        output.note(f"wrote {args.output}; `ubp prune {args.output} --packed network.ubp` carries it out")
    return ExitCode.OK


def show(args: argparse.Namespace, plan: Plan, model: LoadedModel) -> None:
    """Select by the plan, as it stands in the file, and print what came out."""
    from ubp_core.plan import report_plan, select_plan

    with output.progress_bar("selecting blocks", len(plan.pruned)) as step:
        selections = select_plan(plan, model, threads=args.jobs, step=lambda name: step())
    for reason in dict.fromkeys(no_kernel(layer.block_size) for layer in plan.pruned if layer.method != "unstructured"):
        if reason:
            output.note(f"{reason}; this plan's weights and masks can be written, but it can't be packed or run")
    figures = read_figures(args, model, plan.criterion)
    print_plan(plan, model, report_plan(plan, model, selections), args.json, figures)
