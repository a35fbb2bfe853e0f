"""The end of a run: the best network, batch norm recalibrated, as plain weights, packed layers and a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.errors import ModelError, UbpError
from ubp_core.models.layer_extraction import extract_module_layers
from ubp_core.models.layers import LoadedModel
from ubp_core.models.trace import trace_output_sizes
from ubp_core.network.exporting import export_network
from ubp_core.packed.file import PackedFile
from ubp_core.packed.layer_packing import head_texts, pack_layer
from ubp_core.pruning.batchnorm import recalibrate_batchnorm
from ubp_core.selection import Selection
from ubp_core.training.checkpoints import BEST, LAST, load_checkpoint
from ubp_core.training.data import epoch_batches
from ubp_core.training.loop import TrainingLoop, evaluate

WEIGHTS, PACKED, NETWORK, REPORT = "pruned.safetensors", "layers.ubp", "network.ubp", "report.json"


def finish_run(loop: TrainingLoop) -> dict[str, Any]:
    """Turn a trained run into files in its folder.

    Args:
        loop: at its end.

    Returns:
        The report, as it stands in `report.json`.

    Raises:
        UbpError: a file that can't be written, or a pruned weight that is not zero.
    """
    best = load_checkpoint(loop.folder / BEST) or load_checkpoint(loop.folder / LAST)
    assert best is not None
    loop.restore_weights(best)
    accuracy = _recalibrate(loop)
    pruner = loop.pruner
    layers, requested, achieved = pruner.report(), pruner.requested_sparsity, pruner.achieved_sparsity
    selections = pruner.finalize()
    network = loop.network.cpu().eval()
    check_zeros(network, selections)
    model = _as_loaded(loop, network)
    criterion = loop.config.pruning.criterion
    packed = _pack(model, selections, criterion)
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    write_atomically(loop.folder / WEIGHTS, partial(save_file, state))
    if packed.layers:
        packed.save(loop.folder / PACKED)
    else:  # everything stays dense
        (loop.folder / PACKED).unlink(missing_ok=True)
    refusal = _export(model, selections, criterion, loop.folder / NETWORK)
    report = {
        "model": loop.config.model.name,
        "classes": list(loop.pictures.classes),
        "best_step": best["step"],
        "steps": loop.total_steps,
        **accuracy,
        "dense_accuracy": None if loop.dense is None else loop.dense[0],
        "dense_step": None if loop.dense is None else loop.dense[1],
        "requested_sparsity": requested,
        "achieved_sparsity": achieved,
        "selection_seconds": round(pruner.seconds, 3),
        "layers": [asdict(layer) for layer in layers],
        "packed_bytes": sum(layer.nbytes for layer in packed.layers),
        "dense_bytes": sum(layer.dense_nbytes for layer in packed.layers),
        "files": {
            "weights": WEIGHTS,
            "packed": PACKED if packed.layers else None,
            "network": None if refusal else NETWORK,
        },
        "network_refusal": refusal,
        "config": loop.config.as_dict(),
    }
    write_atomically(loop.folder / REPORT, lambda path: write_text(path, json.dumps(report, indent=2) + "\n"))
    return report


def check_zeros(network: nn.Module, selections: Mapping[str, Selection]) -> None:
    """Every pruned weight must be zero in what is saved.

    Raises:
        UbpError: one is not; the line names the layer.
    """
    for name, selection in selections.items():
        weight = network.get_submodule(name).get_parameter("weight").detach().reshape(selection.shape)
        wrong = int(weight[torch.from_numpy(~selection.mask())].count_nonzero())
        if wrong:
            raise UbpError(f"{name}: {wrong:,} pruned weights are not zero; nothing was saved")


def _recalibrate(loop: TrainingLoop) -> dict[str, float | None]:
    """Validation accuracy with the statistics of training and with fresh ones; the better ones stay."""
    config, data = loop.config, loop.pictures
    _, before = evaluate(loop.network, data.validation, config, loop.device)
    outcome: dict[str, float | None] = {"validation_accuracy": before, "accuracy_before_recalibration": before}
    if not config.training.recalibrate_batches:
        return outcome | {"accuracy_after_recalibration": None}
    saved = {name: buffer.clone() for name, buffer in loop.network.named_buffers()}
    batches = epoch_batches(data.plain, 0, config.training.batch_size, 0, config.data.workers)
    count = config.training.recalibrate_batches
    used = recalibrate_batchnorm(loop.network, islice(batches, count), count)
    _, after = evaluate(loop.network, data.validation, config, loop.device)
    if after < before:
        for name, buffer in loop.network.named_buffers():
            buffer.copy_(saved[name])
    return {
        "validation_accuracy": max(before, after),
        "accuracy_before_recalibration": before,
        "accuracy_after_recalibration": after if used else None,
    }


def _as_loaded(loop: TrainingLoop, network: nn.Module) -> LoadedModel:
    """The trained network as other parts of the library take networks."""
    name, size = loop.config.model.name, loop.config.data.image_size
    layers = extract_module_layers(network, trace_output_sizes(network, name, size))
    return LoadedModel(name, f"ubp train, {loop.total_steps:,} steps", False, layers, size, network)


def _pack(model: LoadedModel, selections: Mapping[str, Selection], criterion: str) -> PackedFile:
    """The pruned layers, with their geometry, in one file."""
    layers = [layer for layer in model.layers if layer.name in selections]
    packed = [pack_layer(layer, selections[layer.name], criterion) for layer in layers]
    return PackedFile(tuple(packed), *head_texts(model))


def _export(model: LoadedModel, selections: Mapping[str, Selection], criterion: str, file: Path) -> str | None:
    """The whole network in one file that runs from end to end.

    Returns:
        Why it can't be exported; None if it was.
    """
    assert model.input_size is not None
    file.unlink(missing_ok=True)
    try:
        exported = export_network(model, selections, (1, 3, model.input_size, model.input_size), criterion)
    except ModelError as error:
        return str(error)
    exported.packed.save(file)
    return None


def read_finished(loop: TrainingLoop) -> dict[str, Any] | None:
    """The report of a run that is at its end, where all of its files are there; None where there is work to do."""
    file = loop.folder / REPORT
    if loop.step < loop.total_steps or not file.exists():
        return None
    try:
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        files = [name for name in report["files"].values() if name is not None]
        whole = report["steps"] == loop.total_steps and "dense_accuracy" in report
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    newest = (loop.folder / LAST).stat().st_mtime_ns
    whole = whole and all((loop.folder / name).exists() for name in files) and file.stat().st_mtime_ns >= newest
    return report if whole else None
