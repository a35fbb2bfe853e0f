"""`ubp layers`: the layers of a model. Shows them; changes nothing."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.options.model import add_model_options, load_model_from
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.errors import ExitCode
from ubp_core.units import format_grouped, format_share, format_size

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel

DESCRIPTION = """\
List the layers of a model: kind, weight shape, share of the network's weights, multiply-adds for one image, and
whether block pruning applies. Stem, classifier, depthwise and grouped convolutions stay dense; the reason is shown."""

EXAMPLES = """\
  ubp layers                                        the demo network with its ImageNet weights
  ubp layers resnet50 --weights random              no download
  ubp layers mobilenet_v1 --width 0.5 --prunable    only what can be pruned
  ubp layers runs/best.pth --arch mobilenet_v2      a checkpoint of yours, checked against its network
  ubp layers model.safetensors --json | jq '.layers[].name'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp layers`."""
    add_model_options(parser)
    add_output_options(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="all layers, with the reason where one stays dense (default)")
    which.add_argument("--prunable", action="store_true", help="only the layers that can be pruned")


def run(args: argparse.Namespace) -> int:
    """Print the table or the JSON object."""
    model = load_model_from(args)
    if args.json:
        layers = model.prunable if args.prunable else model.layers
        output.print_json(
            {
                "command": "layers",
                "model": output.model_record(model),
                "layers": [output.layer_record(layer) for layer in layers],
                "totals": _totals(model),
            }
        )
    else:
        _print_table(model, args.prunable)
    return ExitCode.OK


def _totals(model: LoadedModel) -> dict[str, int | None]:
    """Sums over all layers and over the prunable ones; multiply-adds are None where a layer's are unknown."""
    work = [layer.multiply_adds for layer in model.layers]
    return {
        "layers": len(model.layers),
        "parameters": model.parameters,
        "multiply_adds": None if None in work else sum(value or 0 for value in work),
        "prunable_layers": len(model.prunable),
        "prunable_parameters": sum(layer.parameters for layer in model.prunable),
    }


def _print_table(model: LoadedModel, prunable_only: bool) -> None:
    """One line per layer, totals at the foot."""
    console = output.open_console()
    console.print(output.heading(model), soft_wrap=True)
    columns = [Column("layer", "name"), Column("kind", yields=3), *numbers("shape"), *numbers("parameters", yields=1)]
    columns += [*numbers("share", yields=4), *numbers("output", yields=5), *numbers("multiply-adds", yields=2)]
    table = Table([*columns, Column("pruning", "text")])
    total = max(model.parameters, 1)
    for layer in model.prunable if prunable_only else model.layers:
        table.add_row(
            layer.name,
            layer.kind,
            format_size(layer.shape),
            format_grouped(layer.parameters),
            format_share(layer.parameters / total),
            "-" if layer.output_hw is None else format_size(layer.output_hw),
            format_grouped(layer.multiply_adds),
            layer.skip_reason or "yes",
            style="" if layer.prunable else "dim",
        )
    sums = _totals(model)
    prunable = format_share((sums["prunable_parameters"] or 0) / total)
    foot = [f"{sums['layers']} layers", "", "", format_grouped(sums["parameters"]), "", ""]
    foot += [format_grouped(sums["multiply_adds"]), f"{sums['prunable_layers']} layers, {prunable} of the weights"]
    table.footer = tuple(foot)
    console.print(table)
