"""`ubp bench`: runs variants of layers against each other on one or more devices and keeps the result."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.bench.output import print_runs
from ubp_core.cli.bench.packing import pack, plan_record
from ubp_core.cli.bench.progress import show_progress
from ubp_core.cli.options.devices import add_adb_host, chosen_server
from ubp_core.cli.options.model import add_model_options
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.options.planned import add_plan_option, load_for_plan, read_plan
from ubp_core.cli.options.selection import add_grid_options
from ubp_core.errors import ExitCode
from ubp_core.process.leftovers import passing_folder
from ubp_core.vocabulary import COMPARED_METHODS

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchRun, BenchSettings

DESCRIPTION = """\
Run a network, or single layers of it, on a device: dense, aligned (abp) and unaligned (bed, optimal) variants take
turns, run by run, so that heat and clocks hit all alike. A network runs from end to end; then each of its steps is
timed, and a table says where the time goes. Every output is compared with a plain loop on the device before anything is
timed. Only a phone's times are called latency; the emulator checks results and counts instructions. Results go into the
history.

With --plan, what a plan says (`ubp plan`) runs against dense: the network it names, or single layers of it. --methods
adds other methods, with the plan's block size and sparsity of each layer."""

EXAMPLES = """\
  ubp bench mobilenet_v1 --weights random --device adb
  ubp bench --layers _blocks.10._project_conv
  ubp bench --layers _conv_head,_blocks.2._expand_conv --device adb --cores big
  ubp bench mobilenet_v1 --layers all --block-size 4,8 --sparsity 0.5,0.75,0.9 --cool-down 5
  ubp bench --layers _conv_head --device adb:1A2B3C,adb:4D5E6F --json
  ubp bench --plan plan.yaml --methods abp --device adb"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp bench`."""
    add_model_options(parser, "the plan's")
    add_plan_option(parser)
    parser.add_argument(
        "--layers",
        action="append",
        metavar="NAME[,NAME...]|all",
        help="single layers, as `ubp layers` lists them (default: the whole network)",
    )
    parser.add_argument(
        "--device",
        default="host",
        metavar="NAME[,NAME...]",
        help="host, emulator, adb (the only one, or ANDROID_SERIAL), adb:SERIAL; several run at once (default: host)",
    )
    add_adb_host(parser)
    compared = ",".join(COMPARED_METHODS)
    add_grid_options(parser.add_argument_group("variants"), f"{compared}; with --plan only its own", packed=True)
    add_run_options(parser.add_argument_group("run"))
    parser.add_argument("--no-history", action="store_true", help="do not keep the result")
    add_output_options(parser)


def add_run_options(group: argparse._ArgumentGroup) -> None:
    """How it runs on the device."""
    group.add_argument("--threads", type=int, default=1, metavar="N", help="threads on the device (default: 1)")
    group.add_argument("--cores", metavar="big|middle|little|all|LIST", help="cores to run on, or a list such as 4-7")
    group.add_argument("--runs", type=int, metavar="N", help="samples per variant (default: by --min-time)")
    group.add_argument("--min-time", type=float, default=0.5, metavar="S", help="seconds per variant (default: 0.5)")
    group.add_argument("--warmup", type=int, metavar="N", help="runs that don't count (default: until steady)")
    group.add_argument("--input", type=image, metavar="HxW", help="input image (default: each layer's in its model)")
    group.add_argument("--batch", type=int, default=1, metavar="N", help="images per run (default: 1)")
    group.add_argument("--cool-down", type=float, default=0.0, metavar="S", help="rest between layers (default: 0)")
    group.add_argument(
        "--quiet-limit", type=float, default=10.0, metavar="S",
        help="longest time without a sign of progress before a run counts as hung (default: 10)",
    )  # fmt: skip
    group.add_argument(
        "--limit", type=float, default=180.0, metavar="S", help="longest time for a layer (default: 180)"
    )


def image(text: str) -> tuple[int, int]:
    """Height and width, such as 56x56."""
    height, _, width = text.partition("x")
    return int(height), int(width)


def run(args: argparse.Namespace) -> int:
    """Pack, run, keep and print."""
    from threading import Event

    from ubp_core.benchmark import run_on_devices
    from ubp_core.devices.catalogue import open_device

    plan = read_plan(args, ["block_size", "sparsity", "criterion"])
    settings = settings_from(args)
    server = chosen_server(args)
    devices = [open_device(name.strip(), server) for name in dict.fromkeys(args.device.split(","))]
    model, side = load_for_plan(args, plan)
    cancel = Event()
    with passing_folder("ubp-bench-") as folder:
        packed = pack(args, plan, model, args.input or (side, side), folder)
        extra = {"model": output.model_record(model), "criterion": plan.criterion if plan else args.criterion}
        extra |= {"plan": plan_record(plan)} if plan else {}
        with show_progress([device.name for device in devices]) as on_progress:
            runs = run_on_devices(devices, packed, settings, model.name, on_progress, cancel, extra)
    numbers = [None] * len(runs) if args.no_history else keep(runs)
    print_runs(runs, numbers, args)
    if cancel.is_set():
        return ExitCode.INTERRUPTED
    return ExitCode.OK if all(run.complete for run in runs) else ExitCode.FAILED


def settings_from(args: argparse.Namespace) -> BenchSettings:
    """The settings; refuses what can't be before anything is loaded."""
    from ubp_core.benchmark import BenchSettings

    return BenchSettings(
        threads=args.threads,
        cores=args.cores,
        runs=args.runs,
        min_time_s=args.min_time,
        warmup=args.warmup,
        batch=args.batch,
        input_hw=args.input,
        cool_down_s=args.cool_down,
        limit_s=args.limit,
        quiet_s=args.quiet_limit,
    )


def keep(runs: tuple[BenchRun, ...]) -> list[int | None]:
    """Store the runs; a history that can't be written must not cost the result."""
    from ubp_core.history import History, HistoryError

    try:
        with History() as history:
            return [history.add(run) for run in runs]
    except HistoryError as error:
        output.note(f"not kept: {error}")
        return [None] * len(runs)
