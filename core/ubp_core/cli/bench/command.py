"""`ubp bench`: runs variants of layers against each other on one or more devices and keeps the result."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import TYPE_CHECKING

from ubp_core.benchmark.settings import BenchSettings, SettingOption
from ubp_core.budgets import split_note
from ubp_core.cli import output
from ubp_core.cli.bench.output import print_runs
from ubp_core.cli.bench.packing import pack, plan_record
from ubp_core.cli.bench.progress import show_progress
from ubp_core.cli.options.devices import add_adb_host, chosen_server
from ubp_core.cli.options.layers import add_layers_option
from ubp_core.cli.options.model import add_model_options
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.options.planned import add_plan_option, load_for_plan, read_plan
from ubp_core.cli.options.selection import add_grid_options, add_jobs_option
from ubp_core.cli.options.types import add_dtypes_option
from ubp_core.errors import ExitCode, UbpError
from ubp_core.process.leftovers import passing_folder
from ubp_core.vocabulary import COMPARED_METHODS, INT8

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchRun
    from ubp_core.plan import Plan

DESCRIPTION = """\
Run a network, or single layers of it, on a device: dense, aligned (abp) and unaligned (bed, optimal) variants take
turns, run by run, so that heat and clocks hit all alike. A network runs from end to end; then each of its steps is
timed, and a table says where the time goes. Every output is compared with a plain loop on the device before anything is
timed. Only a phone's times are called latency; the emulator checks results and counts instructions. Results go into the
history.

With --plan, what a plan says (`ubp plan`) runs against dense: the network it names, or single layers of it. --methods
adds other methods, with the plan's blocks and sparsity of each layer."""

EXAMPLES = """\
  ubp bench mobilenet_v1 --weights random --device adb
  ubp bench --layers _blocks.10._project_conv
  ubp bench --layers _conv_head,_blocks.2._expand_conv --device adb --cores big
  ubp bench mobilenet_v1 --layers all --block-size 4,8 --sparsity 0.5,0.75,0.9 --cool-down 5
  ubp bench --layers _conv_head --dtype fp32,int8 --block-columns 1,4     blocks of four columns too
  ubp bench --layers _conv_head --device adb:1A2B3C,adb:4D5E6F --json
  ubp bench --plan plan.yaml --methods abp --device adb
  ubp bench mobilenet_v1 --weights random --dtype fp32,fp16,int8 --device adb     rows of each, against its own dense"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp bench`."""
    add_model_options(parser, "the plan's")
    add_plan_option(parser)
    add_layers_option(parser, "the whole network", "those that can be pruned")
    parser.add_argument(
        "--device",
        default="host",
        metavar="NAME[,NAME...]",
        help="host, emulator, adb (the only one, or ANDROID_SERIAL), adb:SERIAL; several run at once (default: host)",
    )
    add_adb_host(parser)
    compared = ",".join(COMPARED_METHODS)
    group = parser.add_argument_group("variants")
    add_grid_options(group, f"{compared}; with --plan only its own", packed=True)
    add_dtypes_option(group)
    add_jobs_option(parser)
    add_run_options(parser.add_argument_group("run"))
    parser.add_argument("--no-history", action="store_true", help="do not keep the result")
    add_output_options(parser)


def add_run_options(group: argparse._ArgumentGroup) -> None:
    """How it runs on the device."""
    for field in fields(BenchSettings):
        option: SettingOption = field.metadata["option"]
        if not option.metavar:
            group.add_argument(f"--{option.name}", dest=field.name, action="store_false", help=option.help)
            continue
        group.add_argument(
            f"--{option.name}",
            dest=field.name,
            type=option.parse,
            default=field.default,
            metavar=option.metavar,
            help=option.help,
        )


def run(args: argparse.Namespace) -> int:
    """Pack, run, keep and print."""
    from threading import Event

    from ubp_core.benchmark import run_on_devices
    from ubp_core.devices.catalogue import open_device

    plan = read_plan(args, ["block_size", "block_columns", "sparsity", "criterion", "dtype"])
    settings = settings_from(args)
    server = chosen_server(args)
    devices = [open_device(name.strip(), server) for name in dict.fromkeys(args.device.split(","))]
    model, side = load_for_plan(args, plan)
    cancel = Event()
    with passing_folder("ubp-bench-") as folder:
        if note := split_note(widest_of_floats(args, plan)):
            output.note(note)
        packed = pack(args, plan, model, args.input_hw or (side, side), folder)
        extra = {"model": output.model_record(model), "criterion": plan.criterion if plan else args.criterion}
        extra |= {"plan": plan_record(plan)} if plan else {}
        with show_progress([device.name for device in devices]) as on_progress:
            runs = run_on_devices(devices, packed, settings, model.name, on_progress, cancel, extra)
    numbers = [None] * len(runs) if args.no_history else keep(runs)
    print_runs(runs, numbers, args)
    if cancel.is_set():
        return ExitCode.INTERRUPTED
    return ExitCode.OK if all(run.complete for run in runs) else ExitCode.FAILED


def widest_of_floats(args: argparse.Namespace, plan: Plan | None) -> int:
    """Columns of the widest blocks in fp32 or fp16: only int8 keeps them in one piece."""
    if plan is None:
        return 1 if set(args.dtype) == {INT8} else max(args.block_columns)
    return max((x.block_columns for x in plan.pruned if plan.dtype_of(x.name) != INT8), default=1)


def settings_from(args: argparse.Namespace) -> BenchSettings:
    """The settings; refuses what can't be before anything is loaded."""
    return BenchSettings(**{field.name: getattr(args, field.name) for field in fields(BenchSettings)})


def keep(runs: tuple[BenchRun, ...]) -> list[int | None]:
    """Store the runs; a history that can't be written must not cost the result."""
    from ubp_core.history import History

    try:
        with History() as history:
            return [history.add(run) for run in runs]
    except UbpError as error:
        output.note(f"not kept: {error}")
        return [None] * len(runs)
