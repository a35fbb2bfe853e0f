"""`ubp compare`: what every method keeps, over a grid of block sizes and sparsities. Measures no speed of a network."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubp_core.cli import options, output
from ubp_core.errors import ExitCode

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel

DESCRIPTION = """\
Compare the methods at the same budget of blocks: the share of importance that each keeps, layer by layer and over all
layers (sum kept / sum total). Lists of block sizes and sparsities give one line for each pair."""

EXAMPLES = """\
  ubp compare                                       the demo network, blocks of 4, sparsity 0.75
  ubp compare --layer _conv_head --block-size 2,4,8,16
  ubp compare efficientnet_lite0 --block-size 2,4,8,16 --sparsity 0.5,0.75,0.9 --markdown
  ubp compare resnet50 --weights random --methods abp,bed,optimal --json"""


@dataclass(frozen=True)
class LayerResult:
    """One layer at one block size and sparsity."""

    layer: Layer
    total: float
    """Sum of its importance."""
    kept_weights: int
    """Weights that the budget of blocks keeps."""
    methods: dict[str, dict[str, Any]]
    """By method: retained, upper_bound, blocks, seconds, note."""


@dataclass(frozen=True)
class GridResult:
    """All layers at one block size and sparsity."""

    block_size: int
    sparsity: float
    layers: tuple[LayerResult, ...]

    def total(self, method: str, key: str = "retained") -> float | None:
        """Share kept over all layers; None where a layer has none (`greedy` ran out), or there are no layers."""
        shares = [result.methods[method][key] for result in self.layers]
        total = sum(result.total for result in self.layers)
        if not shares or None in shares:
            return None
        kept = sum(share * result.total for share, result in zip(shares, self.layers, strict=True))
        return float(kept / total) if total > 0 else 1.0

    def seconds(self, method: str) -> float:
        """Time of the selections of all layers."""
        return float(sum(result.methods[method]["seconds"] for result in self.layers))

    @property
    def achieved_sparsity(self) -> float | None:
        """Over all layers compared; None without layers."""
        weights = sum(result.layer.parameters for result in self.layers)
        return 1 - sum(result.kept_weights for result in self.layers) / weights if weights else None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp compare`."""
    options.add_model_options(parser)
    parser.add_argument("--layer", metavar="NAME", help="only this layer (default: all prunable ones)")
    parser.add_argument(
        "--block-size", type=options.list_of(options.block_size), default=(4,), metavar="N[,N...]", help="default: 4"
    )
    parser.add_argument(
        "--sparsity", type=options.list_of(options.sparsity), default=(0.75,), metavar="S[,S...]", help="default: 0.75"
    )
    parser.add_argument(
        "--methods",
        type=options.list_of(options.method),
        default=options.METHOD_NAMES,
        metavar="NAME[,NAME...]",
        help=f"default: {','.join(options.METHOD_NAMES)}",
    )
    options.add_selection_options(parser)
    parser.add_argument("--markdown", action="store_true", help="draw tables as Markdown")


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    model = options.load_model_from(args)
    layers = model.prunable if args.layer is None else (model.layer(args.layer),)
    if not layers:
        output.note(f"{model.name} has no layer that can be pruned; `ubp layers` tells why")
    pairs = [(n, s) for n in args.block_size for s in args.sparsity]
    with output.progress_bar("selecting blocks", len(layers) * len(pairs)) as step:
        results = compare_layers(layers, pairs, args.methods, args.criterion, args.threads, step)
    if args.json:
        output.print_json(_record(model, results, args))
    else:
        _print(model, results, args)
    return ExitCode.OK


def compare_layers(
    layers: Sequence[Layer],
    pairs: Sequence[tuple[int, float]],
    methods: Sequence[str],
    criterion: str = "l1",
    threads: int | None = None,
    step: Callable[[], None] = lambda: None,
) -> list[GridResult]:
    """Every method on every layer for every (block size, sparsity).

    Args:
        layers: their weights are used as they are.
        pairs: block size 1 to 32, sparsity in [0, 1).
        methods: names from `ubp_core.METHODS`.
        criterion: of the importance.
        threads: of each selection.
        step: called after each layer and pair.

    Returns:
        One result for each pair, in their order.
    """
    from ubp_core import importance
    from ubp_core.report import compare_methods
    from ubp_core.selection import budget

    rows: list[list[LayerResult]] = [[] for _ in pairs]
    for layer in layers:
        matrix = importance(layer.weight, criterion)
        total = float(matrix.sum(dtype="float64"))
        shape = (layer.rows, layer.columns)
        for row, (block_size, sparsity) in zip(rows, pairs, strict=True):
            outcomes = compare_methods(matrix, block_size, sparsity, tuple(methods), threads)
            by_method = {o.method: _method_record(o) for o in outcomes}
            row.append(LayerResult(layer, total, budget(shape, block_size, sparsity) * block_size, by_method))
            step()
    return [GridResult(n, s, tuple(row)) for (n, s), row in zip(pairs, rows, strict=True)]


def _method_record(outcome: Any) -> dict[str, Any]:
    """A `MethodResult` as it stands in the JSON object."""
    return {
        "retained": outcome.retained,
        "upper_bound": outcome.upper_bound,
        "blocks": outcome.blocks,
        "seconds": outcome.seconds,
        "note": outcome.note,
    }


def _record(model: LoadedModel, results: list[GridResult], args: argparse.Namespace) -> dict[str, Any]:
    """The JSON object."""
    return {
        "command": "compare",
        "model": output.model_record(model),
        "criterion": args.criterion,
        "methods": list(args.methods),
        "results": [
            {
                "block_size": result.block_size,
                "requested_sparsity": result.sparsity,
                "achieved_sparsity": result.achieved_sparsity,
                "total": {
                    name: {
                        "retained": result.total(name),
                        "upper_bound": result.total(name, "upper_bound"),
                        "seconds": result.seconds(name),
                    }
                    for name in args.methods
                },
                "layers": [
                    {
                        "name": row.layer.name,
                        "rows": row.layer.rows,
                        "columns": row.layer.columns,
                        "importance": row.total,
                        "methods": row.methods,
                    }
                    for row in result.layers
                ],
            }
            for result in results
        ],
    }


def _print(model: LoadedModel, results: list[GridResult], args: argparse.Namespace) -> None:
    """Layers and totals for one pair; one line of totals for each of several pairs."""
    console = output.open_console()
    console.print(output.heading(model), soft_wrap=True)
    if args.markdown:
        console.print()
    if len(results) == 1:
        console.print(_layer_table(results[0], args))
    else:
        console.print(_grid_table(results, args))
    names = "all prunable layers" if args.layer is None else args.layer
    console.print(f"Retained importance ({args.criterion}) in per cent of the total, over {names}.", soft_wrap=True)
    for line in _exhausted(results):
        output.note(line)


def _layer_table(result: GridResult, args: argparse.Namespace) -> Any:
    """One line per layer; totals and times at the foot."""
    headers = [("layer", "left"), ("rows x columns", "right"), *((name, "right") for name in args.methods)]
    table = output.new_table(headers, args.markdown)
    for row in result.layers:
        shares = [_number(row.methods[name]["retained"]) for name in args.methods]
        table.add_row(row.layer.name, output.size((row.layer.rows, row.layer.columns)), *shares)
    if not args.markdown:  # a line of dashes in the middle is no Markdown
        table.add_section()
    label = f"total, N = {result.block_size}, s = {result.sparsity:g}"
    achieved = f"achieved s = {result.achieved_sparsity:.4f}" if result.layers else "no layers"
    table.add_row(label, achieved, *(_number(result.total(name)) for name in args.methods), style="bold")
    times = [f"{result.seconds(name) * 1e3:.0f} ms" for name in args.methods]
    table.add_row("time of the selection", "", *times, style="dim")
    return table


def _grid_table(results: list[GridResult], args: argparse.Namespace) -> Any:
    """One line of totals for each pair."""
    headers = [(text, "right") for text in ("N", "s", "achieved s", *args.methods)]
    table = output.new_table(headers, args.markdown)
    for result in results:
        achieved = "-" if result.achieved_sparsity is None else f"{result.achieved_sparsity:.4f}"
        shares = [_number(result.total(name)) for name in args.methods]
        table.add_row(str(result.block_size), f"{result.sparsity:g}", achieved, *shares)
    return table


def _number(share: float | None) -> str:
    """Per cent without the sign, which the line below the table has."""
    return "-" if share is None else f"{100 * share:.2f}"


def _exhausted(results: list[GridResult]) -> list[str]:
    """A line for every pair at which a method ran out of candidates: its total is a dash there."""
    lines = []
    for result in results:
        for name in result.layers[0].methods if result.layers else ():
            missing = sum(row.methods[name]["retained"] is None for row in result.layers)
            if missing:
                where = f"N = {result.block_size}, s = {result.sparsity:g}"
                lines.append(f"{name} ran out of candidates on {missing} of {len(result.layers)} layers at {where}")
    return lines
