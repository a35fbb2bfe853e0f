"""`ubp train`: trains a network on a folder of pictures while pruning it, and packs the result."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ubp_core.budgets import no_kernel
from ubp_core.cli import output
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.cli.train.progress import TrainProgress
from ubp_core.errors import ConfigError, ExitCode, ModelError
from ubp_core.process.ending import BY_SIGNAL, SIGNALS, Ended
from ubp_core.units import format_block, format_share, format_size

if TYPE_CHECKING:
    import torch

    from ubp_core.training.config import TrainConfig
    from ubp_core.training.data import Pictures
    from ubp_core.training.loop import TrainingLoop

DESCRIPTION = """\
Train a network on a folder of pictures while pruning it in blocks. What to do stands in a YAML file:

  data:     {train: pictures/train, validation: pictures/test, image_size: 224, augment: crop}
  model:    {name: mobilenet_v2, weights: default}          # or random, or a checkpoint's path
  pruning:
    sparsity: 0.75
    block_size: 4
    method: optimal                                         # abp, greedy, bed, optimal, unstructured
    schedule: {kind: cubic, begin: 1, end: 6, every: 50}    # epochs, epochs, steps
  training: {epochs: 10, batch_size: 64, optimizer: sgd, learning_rate: 0.02}
  output:   {folder: runs/first}

pictures/train holds one sub-folder for each class. docs/pruning.md lists every key.

The folder of the run gets log.jsonl, last.pt and best.pt, and at the end pruned.safetensors, layers.ubp (the pruned
layers), network.ubp (the whole network, as of `ubp export`) and report.json. Stop it whenever you like, also by
kill -9: the same command goes on from the last checkpoint and ends with the same weights."""

EXAMPLES = """\
  ubp train run.yaml
  ubp train run.yaml --check       read everything and say which layers will be packed; train nothing
  ubp train run.yaml --restart     forget the run in the output folder and begin anew"""

OWN_FILES = ("last.pt", "best.pt", "log.jsonl", "pruned.safetensors", "layers.ubp", "network.ubp", "report.json")
"""What --restart removes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp train`."""
    parser.add_argument("config", type=Path, metavar="CONFIG.yaml", help="what to train and how")
    parser.add_argument("--check", action="store_true", help="train nothing; check the file, the pictures, the layers")
    parser.add_argument("--restart", action="store_true", help="remove what an earlier run left in the output folder")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Read, train, pack and print."""
    with output.narrate(f"reading {args.config}") as tell:
        from ubp_core.training.config import read_config

        config = read_config(args.config)
        tell("loading torch")
        loop = _prepare(config, tell)
    if args.check:
        _print_layers(loop, args.json)
        return ExitCode.OK
    if args.restart:
        _remove_run(Path(config.output.folder))
    resumed = loop.resume()
    from ubp_core.training.results import finish_run, read_finished

    report = read_finished(loop) if resumed else None
    if report is not None:
        _print_result(report, args.json)
        output.note(f"finished: {loop.folder} has all {loop.total_steps:,} steps and its files; --restart begins anew")
        return ExitCode.OK
    if resumed:
        output.note(f"goes on at step {loop.step:,} of {loop.total_steps:,} from {loop.folder}")
    with _signals() as stop, TrainProgress(loop.total_steps, loop.step, stop) as progress:
        finished = loop.run(progress)
    if not finished:
        output.note(f"stopped at step {loop.step:,} of {loop.total_steps:,}; the same command goes on from there")
        return BY_SIGNAL + stop[0]
    with output.narrate("packing"):
        report = finish_run(loop)
    _print_result(report, args.json)
    written = [name for name in OWN_FILES[3:] if (loop.folder / name).exists()]
    output.note(f"wrote {', '.join(written)} to {loop.folder}")
    return ExitCode.OK


def _print_result(report: dict[str, Any], as_json: bool) -> None:
    """What came out."""
    if as_json:
        output.print_json({"command": "train", **report})
        return
    _print_report(report)
    for layer in report["layers"]:
        if layer.get("note"):
            output.note(f"{layer['name']}: {layer['note']}")
    if report["network_refusal"]:
        output.note(f"no network.ubp: {report['network_refusal']}")


def _prepare(config: TrainConfig, tell: Any) -> TrainingLoop:
    """Pictures, network and loop; everything that can be refused is refused here."""
    from ubp_core.training.data import open_pictures
    from ubp_core.training.loop import TrainingLoop
    from ubp_core.training.networks import choose_device, make_network

    sizes = [config.pruning.block_size, *(getattr(r, "block_size", None) for r in config.pruning.overrides.values())]
    for size in sizes:
        if size is not None and (reason := no_kernel(size)):
            raise ConfigError(f"pruning.block_size: {reason}")
    device: torch.device = choose_device(config.training.device)
    pictures: Pictures = open_pictures(config.data, config.training.seed)
    network = make_network(config, len(pictures.classes), tell)
    return TrainingLoop(config, network, pictures, device)


def _remove_run(folder: Path) -> None:
    for name in OWN_FILES:
        (folder / name).unlink(missing_ok=True)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Ctrl-C, SIGTERM and SIGHUP ask for a checkpoint and an end; a second one does not wait for that.

    Yields:
        A list that gets the signal's number.
    """
    caught: list[int] = []

    def catch(number: int, frame: FrameType | None) -> None:
        if caught:
            raise KeyboardInterrupt if number == signal.SIGINT else Ended(number)
        caught.append(number)

    heard = [number for number in (signal.SIGINT, *SIGNALS) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, catch) for number in heard}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_layers(loop: TrainingLoop, as_json: bool) -> None:
    """What `check_deployable` says of the network, and what the file asks of each layer."""
    from ubp_core.pruning import check_deployable
    from ubp_core.training.setup import small_layers

    small = small_layers(loop.config.pruning, loop.network)
    asked = {layer.name for layer in loop.pruner.report()}
    checks = check_deployable(loop.network, loop.config.pruning.block_size)
    records: list[dict[str, Any]] = [
        {
            "name": c.name,
            "kind": c.kind,
            "shape": list(c.shape),
            "packed": c.name in asked,
            "reason": small.get(c.name, c.reason),
        }
        for c in checks
    ]
    for record in records:
        if not record["packed"] and not record["reason"]:
            record["reason"] = "left out by the file"
    refusal = export_refusal(loop)
    if as_json:
        head = {"command": "train", "check": True, "steps": loop.total_steps, "network_refusal": refusal}
        data = {"classes": list(loop.pictures.classes), "skipped_files": list(loop.pictures.skipped)}
        output.print_json({**head, **data, "layers": records})
        return
    table = Table(
        [Column("layer", "name"), Column("kind", yields=1), *numbers("weight"), Column("will be packed", "text")]
    )
    for record in records:
        verdict = "yes" if record["packed"] else f"no: {record['reason']}"
        table.add_row(record["name"], record["kind"], format_size(record["shape"]), verdict)
    output.open_console().print(table)
    pictures = loop.pictures
    print(
        f"{len(asked)} of {len(records)} layers; {len(pictures.train):,} pictures to train on, "
        f"{len(pictures.validation):,} to validate, {len(pictures.classes)} classes; {loop.total_steps:,} steps"
    )
    if pictures.skipped:
        more = f" and {len(pictures.skipped) - 5:,} more" if len(pictures.skipped) > 5 else ""
        output.note(f"left out, hidden or no picture: {', '.join(pictures.skipped[:5])}{more}")
    print("the whole network can be exported" if refusal is None else f"the network can't be exported: {refusal}")


def export_refusal(loop: TrainingLoop) -> str | None:
    """Why there will be no network.ubp; None if nothing is in the way."""
    from ubp_core.network.capture import capture

    size = loop.config.data.image_size
    try:
        capture(loop.network.eval(), (1, 3, size, size), loop.config.model.name)
    except ModelError as error:
        return str(error)
    return None


def _print_report(report: dict[str, Any]) -> None:
    """Layers, then the whole network's figures."""
    columns = [Column("layer", "name"), *numbers("R x K", yields=2), *numbers("N"), Column("method", yields=1)]
    table = Table([*columns, *numbers("requested", "achieved", "retained")])
    for layer in report["layers"]:
        shares = [format_share(layer[key]) for key in ("requested", "achieved", "retained")]
        block = format_block(layer["block_size"], layer["block_columns"])
        table.add_row(layer["name"], format_size(layer["shape"]), block, layer["method"], *shares)
    output.open_console().print(table)
    after = report["accuracy_after_recalibration"]
    share = report["packed_bytes"] / max(report["dense_bytes"], 1)
    print(f"sparsity        {format_share(report['achieved_sparsity'])} of the layers above")
    print(f"accuracy        {format_share(report['validation_accuracy'])} on the validation pictures", end="")
    print(f" ({format_share(report['accuracy_before_recalibration'])} before recalibration)" if after else "")
    if report["dense_accuracy"] is not None:
        print(f"dense accuracy  {format_share(report['dense_accuracy'])} after step {report['dense_step']:,}, ", end="")
        print("just before anything was pruned")
    print(f"packed layers   {report['packed_bytes']:,} bytes, dense {report['dense_bytes']:,} ({share:.3f}x)")
    print(f"mask updates    {report['selection_seconds']:.2f} s in all")
    sys.stdout.flush()
