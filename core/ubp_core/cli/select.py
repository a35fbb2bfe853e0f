"""`ubp select`: the blocks of one layer, what they keep and cost, and optionally a file with them."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core.atomic_file import create_file, refuse_existing, write_atomically
from ubp_core.budgets import no_kernel
from ubp_core.cli import output
from ubp_core.cli.options.model import add_model_options, load_model_from
from ubp_core.cli.options.output import add_force_option, add_output_options
from ubp_core.cli.options.selection import add_choice_options
from ubp_core.cli.options.types import add_dtype_option
from ubp_core.cli.parsing import refuse_given
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import ExitCode, FileError, ModelError
from ubp_core.units import format_block, format_grouped, format_share, format_size

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel
    from ubp_core.selection import Selection

DESCRIPTION = """\
Choose the blocks of one layer that stay, and say what they keep: retained importance, the proven upper bound
(method optimal), where blocks start relative to the N-grid, and the layer's size and work before and after. With
--dtype fp16 or int8 also what rounding takes from the weights that stay, as the layer has them: normalisation is folded
into them when a network is exported."""

EXAMPLES = """\
  ubp select --layer _blocks.10._project_conv
  ubp select resnet50 --weights random --layer layer4.0.conv2 --block-size 8 --sparsity 0.9 --method bed
  ubp select --layer _conv_stem --dtype int8
  ubp select --layer _conv_head --block-columns 4      blocks of 4 rows x 4 columns that are alike, for int8
  ubp select mobilenet_v1 --layer blocks.7.pointwise --sparsity 0.5 -o blocks.npz
                        rows [B], columns [B], mask [R, K]: numpy.load("blocks.npz")["mask"]"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp select`."""
    add_model_options(parser)
    parser.add_argument("--layer", required=True, metavar="NAME", help="the layer; `ubp layers MODEL` lists them")
    add_choice_options(parser)
    add_dtype_option(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.npz", help="save rows, columns and mask")
    add_force_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Select, save and print."""
    if args.output is None:
        refuse_given(args, ["force"], "replaces the file of -o, and there is none")
    if args.output is not None and args.output.suffix != ".npz":
        raise FileError(f"{args.output}: the output is a numpy archive, its name ends in .npz")
    if args.output is not None and not args.force:
        refuse_existing(args.output)
    model = load_model_from(args)
    layer = model.layer(args.layer)
    if layer.skip_reason:
        output.note(f"{layer.name} stays dense by default ({layer.skip_reason}); selecting all the same")

    if reason := no_kernel(args.block_size):
        output.note(reason)
    from ubp_core import importance, select_blocks
    from ubp_core.budgets import budget_note, too_few_rows

    shape = (layer.rows, layer.columns)
    reason = too_few_rows(layer.rows, args.block_size)
    if reason:
        raise ModelError(f"{layer.name} {reason}: it stays dense; take smaller blocks")
    note = budget_note(shape, args.block_size, args.sparsity, args.block_columns)
    matrix = importance(layer.weight, args.criterion)
    started = time.perf_counter()
    asked = (args.block_size, args.sparsity, args.method, args.jobs, args.block_columns)
    selection = select_blocks(matrix, *asked)
    seconds = time.perf_counter() - started
    if args.output is not None:
        _save(args.output, model, layer, selection, args.criterion, args.force)
    if note:
        output.note(f"{layer.name}: {note}")
    record = _record(model, layer, selection, args, seconds)
    record["selection"]["note"] = note or ""
    if args.json:
        output.print_json(record)
    else:
        _print(model, layer, record)
        if args.output is not None:
            output.note(f"wrote {args.output}")
    return ExitCode.OK


def _record(
    model: LoadedModel, layer: Layer, selection: Selection, args: argparse.Namespace, seconds: float
) -> dict[str, Any]:
    """The JSON object; the tables are made from it, so the two can't disagree."""
    from ubp_core.budgets import blocks_to_keep
    from ubp_core.network.types.losses import weight_losses
    from ubp_core.report import layer_cost, offset_histogram

    kept = layer.weight.reshape(selection.shape) * selection.mask()
    asked = (args.block_size, args.sparsity, args.method, args.block_columns)
    size, blocks, columns = blocks_to_keep(selection.shape, *asked)
    whole = args.block_size * args.block_columns
    return {
        "command": "select",
        "model": output.model_record(model),
        "layer": output.layer_record(layer),
        "selection": {
            "method": selection.method,
            "criterion": args.criterion,
            "block_size": args.block_size,
            "block_columns": args.block_columns,
            "budget": blocks * size * columns // whole,
            "blocks": selection.block_count * size * columns // whole,
            "requested_sparsity": args.sparsity,
            "achieved_sparsity": selection.achieved_sparsity,
            "retained": selection.retained,
            "upper_bound": selection.upper_bound,
            "offset_histogram": offset_histogram(selection).tolist(),
            "seconds": seconds,
        },
        "rounding": None if args.dtype == "fp32" else asdict(weight_losses(kept, args.dtype)),
        "cost": asdict(layer_cost(layer, selection, args.dtype)) | {"dtype": args.dtype},
    }


def _save(path: Path, model: LoadedModel, layer: Layer, selection: Selection, criterion: str, overwrite: bool) -> None:
    """Write the archive."""
    import numpy as np

    from ubp_core.export.masks import column_order

    def write(place: Path) -> None:
        with os.fdopen(create_file(place), "wb") as stream:
            np.savez_compressed(
                stream,
                rows=selection.rows,
                columns=selection.columns,
                **column_order(selection),  # type: ignore[arg-type]  # numpy 2.0 has no allow_pickle
                mask=selection.mask(),
                block_size=selection.block_size,
                block_columns=selection.block_columns,
                sparsity=selection.sparsity,
                retained=selection.retained,
                method=selection.method,
                criterion=criterion,
                model=model.name,
                source=model.source,
                layer=layer.name,
            )

    write_atomically(path, write, overwrite=overwrite)


def _print(model: LoadedModel, layer: Layer, record: dict[str, Any]) -> None:
    """Facts, then the offsets, then the cost."""
    console = output.open_console()
    console.print(output.heading(model), soft_wrap=True)
    chosen = record["selection"]
    facts = Table([Column("selection"), Column("", "text")])
    facts.add_row("layer", f"{layer.name} ({layer.kind}, {format_size(layer.shape)})")
    facts.add_row("matrix", f"{layer.rows:,} rows x {layer.columns:,} columns")
    block = format_block(chosen["block_size"], chosen["block_columns"])
    facts.add_row("method", f"{chosen['method']}, blocks of {block}, importance {chosen['criterion']}")
    facts.add_row("blocks", f"{chosen['blocks']:,} of a budget of {chosen['budget']:,}")
    facts.add_row("requested sparsity", format_share(chosen["requested_sparsity"]))
    facts.add_row("achieved sparsity", format_share(chosen["achieved_sparsity"]))
    facts.add_row("retained importance", format_share(chosen["retained"], 3))
    if chosen["upper_bound"] is not None:
        facts.add_row(
            "upper bound", f"{format_share(chosen['upper_bound'], 3)} (no {chosen['blocks']:,} blocks keep more)"
        )
    if record["rounding"] is not None:
        _add_rounding(facts, record["rounding"], record["cost"]["dtype"])
    facts.add_row("time", f"{chosen['seconds'] * 1e3:.1f} ms")
    console.print(facts)
    if len(chosen["offset_histogram"]) > 1:
        _print_offsets(console, chosen["offset_histogram"])
    _print_cost(console, record["cost"])


def _add_rounding(facts: Table, rounding: dict[str, Any], dtype: str) -> None:
    """Rows on a type that is not fp32."""
    limit = " of at most 65504 in fp16" if dtype == "fp16" else ""
    facts.add_row("largest weight", f"{rounding['largest']:.4g}{limit}")
    share, worst = (format_share(rounding[key], 3) for key in ("share", "worst_row_share"))
    facts.add_row(f"{dtype} takes", f"{share} of the weights' norm, {worst} of row {rounding['worst_row']}'s")
    zeros, below = rounding["zeros"], rounding["subnormal"]
    digits = f", {format_grouped(below)} lose digits" if dtype == "fp16" else ""
    facts.add_row(f"below {dtype}'s range", f"{format_grouped(zeros)} weights become 0{digits}")


def _print_offsets(console: Any, histogram: list[int]) -> None:
    """Where blocks start relative to the N-grid: aligned methods have all of them at 0."""
    table = Table([*numbers("r % N", "blocks", "share"), Column("", yields=1)])
    total, most = max(sum(histogram), 1), max(*histogram, 1)
    for offset, number in enumerate(histogram):
        share = format_share(number / total, 1)
        table.add_row(str(offset), format_grouped(number), share, output.bar(number / most))
    console.print(table)


def _print_cost(console: Any, cost: dict[str, Any]) -> None:
    """Dense against packed."""
    table = Table([Column("cost", "name"), *numbers("dense", "pruned", "share")])
    labels = {"parameters": "parameters", "multiply_adds": "multiply-adds", "bytes": f"bytes ({cost['dtype']}, packed)"}
    for key, label in labels.items():
        before, after = cost[f"{key}_before"], cost[f"{key}_after"]
        share = after / before if before and after is not None else None
        table.add_row(label, format_grouped(before), format_grouped(after), format_share(share, 1))
    console.print(table)
