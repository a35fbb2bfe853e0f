"""`ubp plan`: decides what is done with every layer, shows what that means, and keeps it in a file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.options.figures import add_figures_option
from ubp_core.cli.options.model import add_model_options, load_spec, model_spec
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.options.selection import add_choice_options
from ubp_core.cli.options.types import add_dtype_option
from ubp_core.cli.options.values import share
from ubp_core.cli.parsing import refuse_given
from ubp_core.cli.plan.result import add_plan_output, check_plan_output, finish
from ubp_core.vocabulary import DEFAULT_FLOOR, SCALES, SCOPES

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
  ubp plan show plan.yaml --measured-on adb:1A2B3C         with what `ubp bench` measured of its layers there
  ubp plan again plan.yaml -o plan.yaml --force            sparsity 0.9 was written into its head"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp plan`."""
    add_model_options(parser)
    group = parser.add_argument_group("what is done")
    group.add_argument(
        "--scope",
        choices=SCOPES,
        default=SCOPES[0],
        help="every layer at the same sparsity, or one budget over all layers (default: %(default)s)",
    )
    add_choice_options(group)
    add_dtype_option(group)
    _add_budget_options(group)
    group.add_argument(
        "--layer-override",
        action="append",
        default=[],
        metavar="PATTERN=...",
        help="an exception: PATTERN=dense, or PATTERN=FIELD:VALUE[,...] with method, block-size, block-columns, "
        "sparsity, floor, ceiling, dtype; * stands for any text; may be repeated, later ones count",
    )
    add_figures_option(parser)
    add_plan_output(parser)
    add_output_options(parser)


def _add_budget_options(group: argparse._ActionsContainer) -> None:
    """What only a global budget has."""
    group.add_argument(
        "--floor",
        type=share,
        metavar="F",
        help=f"global: share of a layer that stays at least (default: {DEFAULT_FLOOR})",
    )
    group.add_argument(
        "--ceiling", type=share, default=1.0, metavar="C", help="global: share of a layer that stays at most"
    )
    group.add_argument(
        "--scale",
        choices=SCALES,
        default=SCALES[0],
        help="global: compare layers' importances as they are, or each divided by its mean (default: %(default)s)",
    )
    group.add_argument(
        "--grow",
        action="store_true",
        help="global: prune layers too that take more bytes packed than dense (default: these stay dense)",
    )


def run(args: argparse.Namespace) -> int:
    """Make, write, show."""
    if args.scope == "uniform":
        refuse_given(
            args, ["floor", "ceiling", "scale", "grow"], "belongs to one budget over all layers (--scope global)"
        )
    check_plan_output(args)
    return finish(args, *_make(args))


def _make(args: argparse.Namespace) -> tuple[Plan, LoadedModel]:
    """The plan that the options ask for, and its network."""
    from ubp_core.plan import make_plan
    from ubp_core.plan.overrides import Override

    overrides = [Override.parse(text) for text in args.layer_override]
    spec = model_spec(args)
    model = load_spec(spec)
    with output.narrate("planning") as tell:
        plan = make_plan(
            model,
            scope=args.scope,
            method=args.method,
            block_size=args.block_size,
            block_columns=args.block_columns,
            sparsity=args.sparsity,
            criterion=args.criterion,
            floor=args.floor,
            ceiling=args.ceiling,
            scale=args.scale,
            grow=args.grow,
            dtype=args.dtype,
            overrides=overrides,
            spec=spec,
            threads=args.jobs,
            progress=tell,
        )
    return plan, model
