"""`ubp plan`: decides what is done with every layer, shows what that means, and keeps it in a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.atomic_file import refuse_existing
from ubp_core.cli import output
from ubp_core.cli.options import common as options
from ubp_core.cli.options.figures import add_figures_option, read_figures
from ubp_core.cli.plan.output import print_plan
from ubp_core.errors import ExitCode, FileError, PlanError

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import Plan

DESCRIPTION = """\
Decide what is done with every layer of a network, show what that keeps and saves, and write it into a plan: a readable
YAML file that may be edited and shared, and that `ubp prune`, `ubp pack --plan` and the app take.

With scope uniform every layer is pruned to the same sparsity. With scope global one budget is spent where it keeps most
importance: one threshold over all layers, exact for the method optimal. A floor keeps layers from being emptied.
`ubp plan show FILE` checks a plan and shows the same table; `ubp plan again FILE` decides anew by its head, after you
edited the sparsity, a floor or a layer there: layers that are dense or fixed stay as they are."""

EXAMPLES = """\
  ubp plan --sparsity 0.8 -o plan.yaml                     the demo network, every layer at 0.8
  ubp plan resnet50 --weights random --scope global --sparsity 0.8 --floor 0.05 -o plan.yaml
  ubp plan mobilenet_v1 --scope global --layer-override 'blocks.1?.*=block-size:8,sparsity:0.9' \\
                        --layer-override blocks.0.pointwise=dense -o plan.yaml
  ubp plan show plan.yaml
  ubp plan show plan.yaml --device adb:1A2B3C              with what `ubp bench` measured of its layers there
  ubp plan again plan.yaml -o plan.yaml --force            sparsity 0.9 was written into its head"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp plan`."""
    options.add_model_options(parser)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="with `show` or `again`: the plan")
    group = parser.add_argument_group("what is done")
    group.add_argument(
        "--scope",
        choices=("uniform", "global"),
        default="uniform",
        help="every layer at the same sparsity, or one budget over all layers (default: uniform)",
    )
    group.add_argument(
        "--method", choices=options.METHOD_NAMES, default="optimal", help="how blocks are chosen (default: optimal)"
    )
    group.add_argument("--block-size", type=options.block_size, default=4, metavar="N", help="1 to 32 (default: 4)")
    group.add_argument(
        "--sparsity", type=options.sparsity, default=0.75, metavar="S", help="0 <= S < 1 (default: 0.75)"
    )
    group.add_argument(
        "--floor", type=options.share, default=0.0, metavar="F", help="global: share of a layer that stays at least"
    )
    group.add_argument(
        "--ceiling", type=options.share, default=1.0, metavar="C", help="global: share of a layer that stays at most"
    )
    group.add_argument(
        "--scale",
        choices=("raw", "mean"),
        default="raw",
        help="global: compare layers' importances as they are, or each divided by its mean (default: raw)",
    )
    group.add_argument(
        "--layer-override",
        action="append",
        default=[],
        metavar="PATTERN=...",
        help="an exception: PATTERN=dense, or PATTERN=FIELD:VALUE[,...] with method, block-size, sparsity, floor, "
        "ceiling; * stands for any text; may be repeated, later ones count",
    )
    options.add_selection_options(parser)
    add_figures_option(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.yaml", help="write the plan")
    options.add_force_option(parser)


def run(args: argparse.Namespace) -> int:
    """Make or read, show, write."""
    if args.model == "show":
        return _show(args)
    if args.file is not None and args.model != "again":
        raise PlanError(
            f"{args.file}: only `ubp plan show` and `ubp plan again` take a file; -o names the one to write"
        )
    if args.output is not None:
        if args.output.suffix not in (".yaml", ".yml"):
            raise FileError(f"{args.output}: the name of a plan ends in .yaml")
        if not args.force:
            refuse_existing(args.output)
    plan, model = _remake(args) if args.model == "again" else _make(args)
    if args.output is not None:
        plan.save(args.output, args.force)
    _report(args, plan, model)
    if args.output is not None:
        output.note(f"wrote {args.output}; `ubp prune {args.output} --packed network.ubp` carries it out")
    return ExitCode.OK


def _make(args: argparse.Namespace) -> tuple[Plan, LoadedModel]:
    """The plan that the options ask for, and its network."""
    from ubp_core.plan import ModelSpec, make_plan
    from ubp_core.plan.overrides import Override

    overrides = [Override.parse(text) for text in args.layer_override]
    model = options.load_model_from(args)
    spec = ModelSpec(args.model, args.weights, args.arch, args.width, args.seed, args.input_size)
    with output.narrate("planning") as tell:
        plan = make_plan(
            model,
            scope=args.scope,
            method=args.method,
            block_size=args.block_size,
            sparsity=args.sparsity,
            criterion=args.criterion,
            floor=args.floor,
            ceiling=args.ceiling,
            scale=args.scale,
            overrides=overrides,
            spec=spec,
            threads=args.threads,
            progress=tell,
        )
    return plan, model


def _remake(args: argparse.Namespace) -> tuple[Plan, LoadedModel]:
    """A plan's file decided anew, and its network."""
    from ubp_core.plan import remake_plan

    plan = _read(args)
    with output.narrate(f"loading {plan.model.name if plan.model else args.file}") as tell:
        model = plan.load_model(tell)
        return remake_plan(plan, model, args.threads, tell), model


def _read(args: argparse.Namespace) -> Plan:
    """The plan that is named."""
    from ubp_core.plan import Plan

    if args.file is None:
        raise PlanError(f"{args.model}: name the plan's file, as in `ubp plan {args.model} plan.yaml`")
    return Plan.load(args.file)


def _show(args: argparse.Namespace) -> int:
    """Read, check against the network, and show."""
    plan = _read(args)
    with output.narrate(f"loading {plan.model.name if plan.model else args.file}") as tell:
        model = plan.load_model(tell)
    _report(args, plan, model)
    return ExitCode.OK


def _report(args: argparse.Namespace, plan: Plan, model: LoadedModel) -> None:
    """Select by the plan, as it stands in the file, and print what came out."""
    from ubp_core.plan import report_plan, select_plan

    with output.progress_bar("selecting blocks", len(plan.pruned)) as step:
        selections = select_plan(plan, model, threads=args.threads, step=lambda name: step())
    figures = read_figures(args, model, plan.criterion)
    print_plan(plan, model, report_plan(plan, model, selections), args.json, figures)
