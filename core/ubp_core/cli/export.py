"""`ubp export`: captures a whole network, prunes its layers and writes one file that a phone runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core.atomic_file import refuse_existing
from ubp_core.budgets import split_note
from ubp_core.cli import output
from ubp_core.cli.options.calibration import (
    add_calibration_options,
    calibration_record,
    check_calibration,
    read_calibration,
)
from ubp_core.cli.options.model import add_model_options
from ubp_core.cli.options.output import add_force_option, add_output_options
from ubp_core.cli.options.pictures import add_data_options, read_data
from ubp_core.cli.options.planned import add_plan_option, load_for_plan, read_plan
from ubp_core.cli.options.selection import CHOICE, add_choice_options
from ubp_core.cli.options.types import add_type_options, network_types
from ubp_core.cli.parsing import refuse_given
from ubp_core.cli.show.command import file_record, print_file
from ubp_core.errors import ExitCode, FileError, ModelError
from ubp_core.numerals import read_count
from ubp_core.vocabulary import INT8

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.network import ExportedNetwork
    from ubp_core.packed.file import PackedFile
    from ubp_core.pictures.folder import Pictures
    from ubp_core.plan import Plan
    from ubp_core.selection import Selection

DESCRIPTION = """\
Capture a whole network, fold its normalisation, fuse its activations, pack every pruned convolution, plan its memory,
and write one file (.ubp) that runs from end to end. Every layer that can be pruned is; depthwise and grouped ones, the
stem and the classifier stay dense. A plan (`ubp plan`) decides for each layer instead. Blocks are selected from the
model's own weights, before normalisation is folded.

Before the file is written, its result is compared with PyTorch's masked model. What can't be exported is refused with
the operation and its place in the model."""

EXAMPLES = """\
  ubp export -o lite0.ubp
  ubp export resnet50 --weights random --block-size 4 --sparsity 0.75 --method optimal --input 1x3x224x224 -o net.ubp
  ubp export mobilenet_v2 --weights my_checkpoint.pth --block-size 8 --method bed -o net.ubp
  ubp export --plan plan.yaml -o net.ubp
  ubp export mobilenet_v1 --dense -o baseline.ubp
  ubp export --dtype fp16 -o half.ubp                the fastest file for a Cortex-A55, A76 or later; an A53 runs it too
  ubp export --dtype fp16 --dense -o dense16.ubp     what it is to be compared with
  ubp export --dtype fp16 --data photos -o half.ubp  what fp16 costs, on pictures of one's own
  ubp export --dtype int8 --calibrate photos -o int8.ubp
  ubp export --dtype int8 --calibrate photos --keep _conv_stem=fp16 --data others -o int8.ubp
  ubp export --dtype int8 --calibrate photos --keep-worst 3 -o int8.ubp"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp export`."""
    add_model_options(parser, "the plan's")
    add_plan_option(parser)
    parser.add_argument(
        "--input",
        type=input_shape,
        metavar="[1x3x]HxW",
        help="batch, channels, height and width of the input (default: 1x3 and --input-size)",
    )
    add_choice_options(parser, packed=True)
    parser.add_argument("--dense", action="store_true", help="keep all weights: the baseline of a benchmark")
    add_type_options(parser)
    add_calibration_options(parser)
    add_data_options(
        parser, "on which fp16 or int8 is compared with fp32 (default: one random image; int8: those of --calibrate)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.ubp", help="the file to write")
    add_force_option(parser)
    add_output_options(parser)


def input_shape(text: str) -> tuple[int, int, int, int]:
    """Height and width joined by x, with batch and channels in front where they aren't 1 and 3."""
    numbers = tuple(read_count(part) or 0 for part in text.split("x"))
    if len(numbers) == 2:
        numbers = (1, 3, *numbers)
    if len(numbers) != 4 or 0 in numbers:
        raise argparse.ArgumentTypeError(
            f"need height x width, or batch x channels x height x width, such as 1x3x224x224; got {text}"
        )
    return numbers


input_shape.__name__ = "shape"


def run(args: argparse.Namespace) -> int:
    """Select, export, write and print."""
    if args.output.suffix != ".ubp":
        raise FileError(f"{args.output}: the name of a packed file ends in .ubp")
    if not args.force:
        refuse_existing(args.output)
    plan = read_plan(args, [*CHOICE, "dense", "dtype", "keep"])
    if args.dense:
        refuse_given(args, [*CHOICE, "jobs"], "--dense keeps all weights")
    if args.input is not None:
        refuse_given(args, ["input_size"], "--input has height and width")
    types = network_types(args, plan)
    check_calibration(args, types)
    if types.all_fp32:
        refuse_given(args, ["data", "limit"], "says what fp16 and int8 cost, and everything here is fp32")
    model, side = load_for_plan(args, plan, args.input[2] if args.input else None)
    shape = args.input or (1, 3, side, side)
    integers = INT8 in types.all_types
    calibrating, calibrated_on = read_calibration(args, model, shape) if integers else (None, None)
    pictures = read_data(args, model, shape)
    selections, criterion = select_for(args, plan, model)
    with output.narrate("capturing the network") as tell:
        from ubp_core.network.exporting import NetworkExporter
        from ubp_core.pictures.folder import in_batches
        from ubp_core.quantisation.exports.by_types import export_by_types

        images = () if pictures is None else in_batches(pictures.images, shape[0])
        exporter = NetworkExporter(model, shape)
        exported = export_by_types(exporter, selections, criterion, types, calibrating, tell, images)
        tell(f"writing {args.output}")
        exported.packed.save(args.output, args.force)
    if note := split_note(widest_of_floats(exported.packed, selections)):
        output.note(note)
    print_result(args, exported, pictures, calibration_record(args, types, calibrated_on), calibrated_on)
    return ExitCode.OK


def widest_of_floats(packed: PackedFile, selections: Mapping[str, Selection]) -> int:
    """Columns of the widest blocks of a layer in fp32 or fp16: only int8 keeps them in one piece."""
    floats = (selections[layer.name] for layer in packed.layers if layer.dtype != INT8 and layer.name in selections)
    return max((selection.block_columns for selection in floats), default=1)


def select_for(args: argparse.Namespace, plan: Plan | None, model: LoadedModel) -> tuple[dict[str, Selection], str]:
    """Blocks of the layers to prune, and the importance that they were selected by."""
    if plan is None:
        return ({} if args.dense else select_all(model, args)), args.criterion
    from ubp_core.plan import select_plan
    from ubp_core.plan.applying import check_block_sizes, settle_plan

    plan = settle_plan(plan, model)
    check_block_sizes(plan)
    with output.narrate("selecting") as tell:
        return select_plan(plan, model, threads=args.jobs, step=lambda name: tell(f"selecting {name}")), plan.criterion


def select_all(model: LoadedModel, args: argparse.Namespace) -> dict[str, Selection]:
    """Blocks of every layer that can be pruned."""
    from ubp_core import importance, select_blocks
    from ubp_core.budgets import dense_reason

    if not model.prunable:
        raise ModelError(f"{model.name} has no layer that can be pruned; --dense exports it as it is")
    selections = {}
    with output.progress_bar("selecting", len(model.prunable)) as step:
        for layer in model.prunable:
            reason = dense_reason((layer.rows, layer.columns), args.block_size, args.sparsity)
            if reason:
                output.note(f"{layer.name} stays dense: {reason}")
                step()
                continue
            matrix = importance(layer.weight, args.criterion)
            asked = (args.block_size, args.sparsity, args.method, args.jobs, args.block_columns)
            selections[layer.name] = select_blocks(matrix, *asked)
            step()
    return selections


def print_result(
    args: argparse.Namespace,
    exported: ExportedNetwork,
    pictures: Pictures | None,
    calibration: dict[str, Any] | None,
    calibrated_on: Pictures | None,
) -> None:
    """The file as `ubp show` prints it, and how it was checked."""
    for line in exported.notes:
        output.note(line)
    if args.json:
        checks = {
            "relative_error": exported.relative_error,
            "pytorch_own_error": exported.own_error or None,
            "arena_bytes": exported.arena_bytes,
            "arena_lower_bound_bytes": exported.arena_bound,
            "notes": list(exported.notes),
            "type_costs": [vars(cost) for cost in exported.costs],
            "kept": [vars(cost) for cost in exported.kept],
            "pictures": None if pictures is None else [str(path) for path in pictures.paths],
            "calibration": calibration,
        }
        output.print_json({"command": "export", **file_record(args.output, exported.packed), **checks})
        return
    print_file(args.output, exported.packed)
    over = exported.arena_bytes - exported.arena_bound
    bound = "no plan needs less" if over == 0 else f"{over:,} above the lower bound"
    console = output.open_console()
    console.print(f"memory plan: {exported.arena_bytes:,} bytes, {bound}", soft_wrap=True)
    what = " (in fp32)" if exported.costs else ""
    console.print(
        f"largest difference from PyTorch{what}: {exported.relative_error:.1e} of its largest output", soft_wrap=True
    )
    words = str(pictures) if pictures else f"the {calibrated_on} of --calibrate" if calibrated_on else ""
    for number, cost in enumerate(exported.costs):
        console.print(cost.describe(number, words), soft_wrap=True)
    if exported.own_error:
        output.note(
            f"these weights amplify rounding: PyTorch differs by {exported.own_error:.1e} from itself in float64"
        )
    output.note(f"wrote {args.output}")
