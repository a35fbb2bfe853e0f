"""`ubp prune`: carries a plan out and writes what is to be taken away."""

from __future__ import annotations

import argparse
from pathlib import Path

from ubp_core.budgets import split_note
from ubp_core.cli import output
from ubp_core.cli.options.figures import add_figures_option, read_figures
from ubp_core.cli.options.layers import add_layers_option, named_layers
from ubp_core.cli.options.output import add_force_option, add_output_options
from ubp_core.cli.options.selection import add_jobs_option
from ubp_core.cli.plan.output import print_plan
from ubp_core.errors import ExitCode, FileError

DESCRIPTION = """\
Prune a network by a plan and write the result: the network's state_dict with exact zeros, which loads into PyTorch
again; masks; the pruned layers in packed form; a table. Each file appears in one step or not at all, and none that is
there already is replaced without --force."""

EXAMPLES = """\
  ubp prune plan.yaml --state-dict pruned.safetensors --masks masks.npz
  ubp prune plan.yaml --packed network.ubp --table layers.csv --layer layer1.0.conv1 --layer layer2.0.conv1
  ubp layers pruned.safetensors --arch resnet50            the pruned weights, loaded like any checkpoint"""

OPTIONS = {
    "state_dict": "FILE.safetensors",
    "masks": "FILE.npz",
    "packed": "FILE.ubp",
    "table": "FILE.csv",
}
"""Kinds of files that can be asked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp prune`."""
    from ubp_core.export.targets import KINDS

    parser.add_argument("plan", type=Path, metavar="PLAN", help="a plan, as `ubp plan` writes it")
    group = parser.add_argument_group("what to write (at least one)")
    for kind, name in OPTIONS.items():
        group.add_argument(option_of(kind), type=Path, metavar=name, help=KINDS[kind][1])
    add_layers_option(parser, "all that the plan prunes")
    add_figures_option(parser)
    add_jobs_option(parser)
    add_force_option(parser)
    add_output_options(parser)


def option_of(kind: str) -> str:
    """The option that asks for a kind of file."""
    return f"--{kind.replace('_', '-')}"


def run(args: argparse.Namespace) -> int:
    """Load, prune, write, print."""
    from ubp_core.export.targets import ExportTarget, check_targets

    targets = [ExportTarget(kind, getattr(args, kind)) for kind in OPTIONS if getattr(args, kind) is not None]
    if not targets:
        raise FileError(f"nothing to write: name a file with {', '.join(map(option_of, OPTIONS))}")
    check_targets(targets, args.force)
    from ubp_core.plan import Plan

    plan = Plan.load(args.plan)
    with output.narrate("loading the plan's network") as tell:
        model = plan.load_model(tell)
        from ubp_core.export import export_files
        from ubp_core.export.run import keep_layers

        if args.layers:
            plan = keep_layers(plan, named_layers(args.layers, [layer.name for layer in model.layers]))
        figures = read_figures(args, model, plan.criterion)
        report = export_files(
            plan,
            model,
            targets,
            overwrite=args.force,
            threads=args.jobs,
            progress=lambda line, share: tell(f"{line} ({share:.0%})"),
            figures=figures,
        )
    output.tell_notes(model)
    wide = max((layer.block_columns for layer in plan.pruned), default=1)
    if args.packed is not None and (note := split_note(wide)):
        output.note(note)
    print_plan(plan, model, report, args.json, figures)
    for target in targets:
        output.note(f"wrote {target.path}")
    return ExitCode.OK
