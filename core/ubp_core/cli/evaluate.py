"""`ubp evaluate`: what a network, a plan or a packed file makes of pictures, beside the dense network."""

from __future__ import annotations

import argparse
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.options.model import add_model_options, load_spec, model_spec
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.options.pictures import NAMED, count
from ubp_core.cli.options.planned import load_for_plan
from ubp_core.cli.options.selection import add_jobs_option
from ubp_core.cli.parsing import refuse_given
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import ExitCode, ModelError, UsageError

if TYPE_CHECKING:
    from ubp_core.evaluation.evaluating import Evaluation, Run
    from ubp_core.models import LoadedModel

    Subject = tuple[Run, Run | None, LoadedModel, tuple[int, int, int, int]]

DESCRIPTION = """\
Run a network over the pictures of a folder and say what it makes of them, beside the same network with all its weights.
With one sub-folder for each class: top-1 and top-5 accuracy. Without labels: agreement (the share of pictures with the
same first class as the dense network's), divergence, and the change of the first class's probability. Each figure has
its 95 % interval. A network that does not classify has the relative error of its output.

A plan's masks are tried in torch; a packed file (.ubp) runs by the library, in its own types, beside the dense network
of its name: --weights, --arch and --width say which one where that is another."""

EXAMPLES = """\
  ubp evaluate --data photos                       the demo network's accuracy, where photos has a folder for each class
  ubp evaluate plan.yaml --data photos --limit 200
  ubp evaluate net.ubp --data photos
  ubp evaluate net.ubp --weights mine.pth --data photos --classes names.txt --json"""

PLANS, FILES = (".yaml", ".yml"), (".ubp",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp evaluate`."""
    add_model_options(parser)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="the pictures")
    parser.add_argument(
        "--limit",
        type=count,
        metavar="N",
        help="at most so many pictures, evenly from all of the folder (default: all)",
    )
    parser.add_argument(
        "--classes", type=Path, metavar="FILE", help="names of the network's classes in their order, a line for each"
    )
    parser.add_argument("--no-labels", action="store_true", help="sub-folders are no classes")
    add_jobs_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Load, run, print."""
    from ubp_core.evaluation.evaluating import BATCH, evaluate
    from ubp_core.evaluation.labels import read_classes
    from ubp_core.pictures.preparation import preparation_for

    if args.no_labels:
        refuse_given(args, ["classes"], "--no-labels takes no classes")
    classes = None if args.classes is None else read_classes(args.classes)
    subject = args.model
    judged, dense, model, shape = open_subject(args)
    preparation = preparation_for(model.name, *shape[1:])
    with output.narrate("evaluating") as tell:
        found = evaluate(
            judged,
            dense,
            args.data,
            preparation,
            batch=shape[0] if of_kind(args, FILES) else BATCH,
            limit=args.limit,
            labelled=not args.no_labels,
            classes=classes,
            step=lambda done, total, seconds: tell(describe_step(done, total, seconds)),
        )
    output.note(str(preparation))
    for name, reason in found.unreadable[:NAMED]:
        output.note(f"{name}: can't be read, left out ({reason})")
    if len(found.unreadable) > NAMED:
        output.note(f"{len(found.unreadable) - NAMED} more can't be read either")
    if args.json:
        record = {"subject": subject or model.name, "model": output.model_record(model), **asdict(found)}
        output.print_json({"command": "evaluate", "preparation": str(preparation), **record})
    else:
        print_evaluation(f"{subject or model.name}: {found.pictures} pictures of {args.data}", found)
    return ExitCode.OK


def of_kind(args: argparse.Namespace, suffixes: tuple[str, ...]) -> bool:
    """Whether what is named ends like this."""
    return args.model is not None and Path(args.model).suffix in suffixes


def open_subject(args: argparse.Namespace) -> Subject:
    """What is judged, the dense network beside it (None where that is what is judged), and the shape of its input."""
    if of_kind(args, PLANS):
        return open_plan(args)
    if of_kind(args, FILES):
        return open_file(args)
    from ubp_core.evaluation.evaluating import of_module

    spec = model_spec(args)
    model = load_spec(spec)
    return of_module(require(model)), None, model, (1, 3, spec.input_size, spec.input_size)


def open_plan(args: argparse.Namespace) -> Subject:
    """A plan's masks in torch."""
    from ubp_core.evaluation.evaluating import of_module
    from ubp_core.network.exporting import masked_module
    from ubp_core.plan import Plan, select_plan
    from ubp_core.plan.applying import settle_plan

    plan = Plan.load(args.model)
    args.model, args.given = None, args.given - {"model"}
    model, side = load_for_plan(args, plan)
    module, plan = require(model), settle_plan(plan, model)
    with output.narrate("selecting") as tell:
        selections = select_plan(plan, model, threads=args.jobs, step=lambda name: tell(f"selecting {name}"))
    return of_module(masked_module(module, selections)), of_module(module), model, (1, 3, side, side)


def open_file(args: argparse.Namespace) -> Subject:
    """A packed network by the library."""
    from ubp_core.evaluation.evaluating import of_file, of_module
    from ubp_core.packed.file import PackedFile

    path = Path(args.model)
    judged, shape = of_file(path)
    if len(shape) != 4:
        raise UsageError(f"{path}: its input {list(shape)} is no picture")
    name = PackedFile.load(path).model
    width = re.search(r" \(width ([0-9.]+)\)$", name)
    spec = replace(model_spec(args), name=name.partition(" (width ")[0], input_size=shape[2])
    model = load_spec(spec if width is None or "width" in args.given else replace(spec, width=float(width[1])))
    return judged, of_module(require(model)), model, shape


def require(model: LoadedModel) -> Any:
    """The module of a network that is known."""
    if model.module is None:
        raise ModelError(f"{model.name} is a checkpoint of an unknown network: --arch NAME tells which one it is")
    return model.module


def describe_step(done: int, total: int, seconds: float) -> str:
    """How far it is."""
    speed = f", {done / seconds:.1f} a second" if done and seconds else ""
    return f"picture {done + 1} of {total}{speed}"


def print_evaluation(head: str, found: Evaluation) -> None:
    """A line for each figure."""
    console = output.open_console()
    console.print(f"{head}, {found.seconds:.1f} s", soft_wrap=True)
    table = Table([Column("figure", "name"), *numbers("value (95 % interval)", "dense")])
    rows: list[tuple[str, object, object]] = [
        ("top-1", found.top1, found.dense_top1),
        ("top-5", found.top5, found.dense_top5),
        ("agrees with dense", found.agreement, None),
        ("divergence from dense, nats", found.divergence, None),
        ("change of the first class's probability", found.top_change, None),
        ("relative output error", found.error, None),
    ]
    for name, value, dense in rows:
        if value is not None:
            table.add_row(name, str(value), "" if dense is None else str(dense))
    console.print(table)
