"""`ubp pack`: selects the blocks of some layers and writes them into one packed file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.atomic_file import refuse_existing
from ubp_core.budgets import split_note
from ubp_core.cli import output
from ubp_core.cli.options.geometry import add_geometry_options, with_geometry
from ubp_core.cli.options.layers import add_layers_option, chosen_layers
from ubp_core.cli.options.model import add_model_options, load_model_from
from ubp_core.cli.options.output import add_force_option, add_output_options
from ubp_core.cli.options.planned import add_plan_option, load_for_plan, read_plan
from ubp_core.cli.options.selection import CHOICE, add_choice_options
from ubp_core.cli.options.types import add_dtype_option
from ubp_core.cli.parsing import refuse_given
from ubp_core.cli.show.command import file_record, print_file
from ubp_core.errors import ExitCode, FileError, ModelError
from ubp_core.vocabulary import ACTIVATIONS, INT8

if TYPE_CHECKING:
    from ubp_core.grouping.columns import ColumnGroups
    from ubp_core.models import Layer, LoadedModel
    from ubp_core.packed.layer import PackedLayer
    from ubp_core.plan import Plan

    Packed = tuple[PackedLayer, ColumnGroups | None]

DESCRIPTION = """\
Select the blocks of some layers and write them into one packed file (.ubp), which kernels run from as it is.
The file holds weights, biases and geometry; `ubp show` prints what is in it."""

EXAMPLES = """\
  ubp pack --layer _blocks.10._project_conv -o project.ubp
  ubp pack resnet50 --weights random --layer layer1.0.conv1 --layer layer4.0.conv2 --sparsity 0.9 -o two.ubp
  ubp pack mobilenet_v1 --all --block-size 8 -o network.ubp
  ubp pack mobilenet_v1 --all --dense -o baseline.ubp
  ubp pack --layer _conv_head --dtype int8 --block-columns 4 -o speed.ubp    to measure a layer alone
  ubp pack --plan plan.yaml -o network.ubp            what `ubp plan` decided, layer by layer
  ubp pack best.pth --layer body.0 --stride 1 --padding 1 -o body.ubp    a checkpoint whose network has no --arch"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp pack`."""
    add_model_options(parser, "the plan's")
    layers = parser.add_mutually_exclusive_group(required=True)
    add_layers_option(layers, "none")
    layers.add_argument("--all", action="store_true", help="every layer that can be pruned")
    add_plan_option(layers)
    add_choice_options(parser, packed=True)
    parser.add_argument("--dense", action="store_true", help="keep all weights: the baseline of a benchmark")
    add_dtype_option(
        parser,
        ", to measure how fast layers are alone: bytes of their input mean numbers from -1 to 1, which no picture has "
        "calibrated (a network that computes something in int8 comes from ubp export --dtype int8 --calibrate)",
    )
    parser.add_argument(
        "--activation", choices=ACTIVATIONS, default="none", help="fuse it into every layer (default: none)"
    )
    add_geometry_options(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.ubp", help="the file to write")
    add_force_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Select, pack, write and print."""
    if args.output.suffix != ".ubp":
        raise FileError(f"{args.output}: the name of a packed file ends in .ubp")
    if not args.force:
        refuse_existing(args.output)
    plan = read_plan(args, [*CHOICE, "dense", "dtype"])
    model, packed_layers = _pack_chosen(args) if plan is None else _pack_plan(args, plan)
    from ubp_core.packed.file import PackedFile
    from ubp_core.packed.layer_packing import add_to_source, head_texts
    from ubp_core.quantisation.exports.single_layers import MEANING, with_types

    types = [args.dtype if plan is None else plan.dtype_of(layer.name) for layer, _ in packed_layers]
    split = (4 for dtype, (_, groups) in zip(types, packed_layers, strict=True) if groups and dtype != INT8)
    if note := split_note(max(split, default=1)):
        output.note(note)
    typed, notes = with_types([layer for layer, _ in packed_layers], types, [groups for _, groups in packed_layers])
    for note in notes:
        output.note(note)
    name, source = head_texts(model)
    packed = PackedFile(typed, name, add_to_source(source, MEANING) if INT8 in types else source)
    packed.save(args.output, args.force)
    if args.json:
        output.print_json({"command": "pack", **file_record(args.output, packed)})
    else:
        print_file(args.output, packed)
        output.note(f"wrote {args.output}")
    return ExitCode.OK


def _pack_chosen(args: argparse.Namespace) -> tuple[LoadedModel, tuple[Packed, ...]]:
    """The layers that the options name, at the sparsity they give."""
    if args.dense:
        refuse_given(args, CHOICE, "--dense keeps all weights")
    model = load_model_from(args)
    layers = model.prunable
    if not args.all:
        layers = chosen_layers(args.layers, model)
    if not layers:
        raise ModelError(f"{model.name} has no layer that can be pruned; name one with --layers")
    for layer in layers:
        if layer.skip_reason and not args.dense:
            output.note(f"{layer.name} stays dense by default ({layer.skip_reason}); packing it all the same")
    if not args.dense:
        layers = _leave_out_dense(layers, args)
    layers, packed_layers = with_geometry(args, layers), []
    with output.progress_bar("packing", len(layers)) as step:
        for layer in layers:
            packed_layers.append(_pack(layer, args))
            step()
    return model, tuple(packed_layers)


def _leave_out_dense(layers: tuple[Layer, ...], args: argparse.Namespace) -> tuple[Layer, ...]:
    """The layers that have such blocks, or keep every weight with them; notes say what is left out."""
    from ubp_core.budgets import budget_note, dense_reason

    reasons = {
        layer.name: dense_reason((layer.rows, layer.columns), args.block_size, args.sparsity) for layer in layers
    }
    for layer in layers:
        reason = reasons[layer.name]
        note = budget_note((layer.rows, layer.columns), args.block_size, args.sparsity, args.block_columns)
        if reason or note:
            output.note(f"{layer.name} is left out, it stays dense: {reason}" if reason else f"{layer.name}: {note}")
    kept = tuple(layer for layer in layers if reasons[layer.name] is None)
    if not kept:
        name = layers[0].name
        raise ModelError(f"nothing to pack: {name} stays dense: {reasons[name]}; --dense packs layers as they are")
    return kept


def _pack_plan(args: argparse.Namespace, plan: Plan) -> tuple[LoadedModel, tuple[Packed, ...]]:
    """The layers that a plan prunes."""
    from ubp_core.packed.layer_packing import pack_layer
    from ubp_core.plan import select_plan

    model, _ = load_for_plan(args, plan)
    with output.narrate("packing") as tell:
        selections = select_plan(plan, model, threads=args.jobs, step=lambda name: tell(f"packing {name}"))
    if not selections:
        raise ModelError(f"{args.plan}: prunes no layer, so there is nothing to pack")
    layers = with_geometry(args, [model.layer(name) for name in selections])
    chosen = [(layer, selections[layer.name]) for layer in layers]
    return model, tuple((pack_layer(layer, x, plan.criterion, args.activation), x.groups) for layer, x in chosen)


def _pack(layer: Layer, args: argparse.Namespace) -> Packed:
    """One layer."""
    from ubp_core import importance, select_blocks
    from ubp_core.packed.layer_packing import pack_layer

    if args.dense:
        return pack_layer(layer, None, activation=args.activation), None
    matrix = importance(layer.weight, args.criterion)
    asked = (args.block_size, args.sparsity, args.method, args.jobs, args.block_columns)
    selection = select_blocks(matrix, *asked)
    return pack_layer(layer, selection, args.criterion, args.activation), selection.groups
