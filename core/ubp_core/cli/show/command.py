"""`ubp show`: what a packed file holds. Also prints the file that `ubp pack` wrote."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.show.integers import layer_scales, print_scales
from ubp_core.cli.show.network import kind_words, network_record, print_network
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import ExitCode
from ubp_core.printable import printable
from ubp_core.units import format_grouped, format_share, format_size
from ubp_core.vocabulary import INT8

if TYPE_CHECKING:
    from ubp_core.packed.file import PackedFile
    from ubp_core.packed.layer import PackedLayer

DESCRIPTION = """\
Check a packed file (.ubp) from end to end and print what it holds: layers, blocks, sparsity, what the selection kept,
and bytes against the dense weights; of a network its operations in their order. A file that breaks a rule of the format
is refused with the field that does."""

EXAMPLES = """\
  ubp show network.ubp
  ubp show int8.ubp --scales
  ubp show network.ubp --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp show`."""
    parser.add_argument("file", type=Path, metavar="FILE.ubp")
    parser.add_argument("--scales", action="store_true", help="what the bytes of int8 mean; --json has it always")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Load and print."""
    from ubp_core.packed.file import PackedFile

    packed = PackedFile.load(args.file)
    if args.json:
        output.print_json({"command": "show", **file_record(args.file, packed)})
    else:
        print_file(args.file, packed)
        if args.scales:
            print_scales(packed)
    return ExitCode.OK


def file_record(path: Path, packed: PackedFile) -> dict[str, Any]:
    """A packed file in JSON output; the table is made from it."""
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "tool": packed.tool,
        "model": packed.model,
        "source": packed.source,
        "layers": [_layer_record(layer) for layer in packed.layers],
        "network": network_record(packed),
    }


def _layer_record(layer: PackedLayer) -> dict[str, Any]:
    """A packed layer in JSON output."""
    return {
        "name": layer.name,
        "shape": list(layer.shape),
        "dtype": layer.dtype,
        "accumulate": "int32" if layer.dtype == INT8 else "fp32" if layer.wide_sums else layer.dtype,
        "block_size": layer.block_size,
        "blocks": layer.block_count,
        "aligned": layer.aligned,
        "method": layer.method,
        "criterion": layer.criterion,
        "requested_sparsity": layer.sparsity,
        "achieved_sparsity": layer.achieved_sparsity,
        "retained": layer.retained,
        "stride": list(layer.stride),
        "padding": list(layer.padding),
        "extra_padding": list(layer.extra_padding),
        "groups": layer.groups,
        "dilation": list(layer.dilation),
        "activation": layer.activation,
        "image_hw": None if layer.image_hw is None else list(layer.image_hw),
        "packed_bytes": layer.nbytes,
        "dense_bytes": layer.dense_nbytes,
        **layer_scales(layer),
    }


def print_file(path: Path, packed: PackedFile) -> None:
    """One line about the file, then a table of its layers, or of a network's operations."""
    record = file_record(path, packed)
    console = output.open_console()
    origin = ": ".join(part for part in (packed.model, packed.source) if part) or "model not stated"
    written = f", written by {packed.tool}" if packed.tool else ""
    console.print(f"{printable(str(path))}: {record['bytes']:,} bytes{written}", soft_wrap=True)
    console.print(origin, soft_wrap=True)
    if packed.graph is not None:
        print_network(packed, packed.graph)
        return
    columns = [Column("layer", "name"), Column("shape", yields=2), Column("kind", yields=1)]
    columns += [*numbers("blocks", yields=4), *numbers("sparsity", "retained", "bytes")]
    table = Table([*columns, *numbers("dense", yields=3), *numbers("share", yields=5)])
    for layer, packed_layer in zip(record["layers"], packed.layers, strict=True):
        table.add_row(*_cells(layer, kind_words(packed_layer)))
    console.print(table)


def _cells(layer: dict[str, Any], kind: str) -> tuple[str, ...]:
    """One layer's line."""
    sizes = (layer["packed_bytes"], layer["dense_bytes"])
    return (
        layer["name"],
        format_size(layer["shape"]),
        kind,
        format_grouped(layer["blocks"]),
        format_share(layer["achieved_sparsity"]),
        format_share(layer["retained"]),
        *(format_grouped(number) for number in sizes),
        format_share(sizes[0] / sizes[1], 1),
    )
