"""One run: a pre-trained network, pruned by one method in one way, fine-tuned, tested. Prints and draws nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from networks import Digits, build_network, load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from ubp_core import BlockPruner, CubicSchedule, OneShotSchedule, recalibrate_batchnorm

BATCH = 64
PRETRAIN_STEPS, TUNE_STEPS = 600, 280
GRADUAL = CubicSchedule(begin=8, end=160, every=8)
"""19 mask updates that prune; then the masks are frozen for the remaining 120 steps."""
PRETRAIN_RATE, TUNE_RATE = 0.1, 0.05


@dataclass(frozen=True)
class Task:
    """What identifies a run."""

    network: str
    method: str
    """One of `ubp_core.METHODS`, or "dense"."""
    block_size: int
    """0 for dense, 1 for unstructured."""
    sparsity: float
    mode: str
    """"one-shot" or "gradual"."""
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What a run found."""

    accuracy: float
    """Share of the test images that are classified rightly, after fine-tuning."""
    accuracy_untuned: float | None
    """The same right after pruning, batch norm recalibrated, no weight trained; one-shot only."""
    retained: float
    """Retained importance at the last mask update: mean over the layers, weighted by their weights."""
    achieved_sparsity: float
    """Of all prunable layers together, counted in the final weights."""
    selection_seconds: float
    """Processor time of all mask updates."""
    cpu_seconds: float
    """Processor time of the run without the shared pre-training."""
    wall_seconds: float


def run_task(task: Task, cache_folder: Path) -> dict[str, Any]:
    """Carry out one run; the same task gives the same figures but for times."""
    torch.set_num_threads(1)
    network = load_pretrained(task.network, task.seed, cache_folder)
    wall, cpu = time.perf_counter(), time.process_time()
    outcome = _prune_and_tune(task, network)
    times = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall}
    return {**asdict(task), **outcome, **times}


def _prune_and_tune(task: Task, network: nn.Module) -> dict[str, Any]:
    """Everything of `Outcome` but the times of the whole."""
    digits = _digits()
    if task.method == "dense":
        train(network, digits, TUNE_STEPS, TUNE_RATE, task.seed + 1_000)
        accuracy = test(network, digits)
        return asdict(Outcome(accuracy, None, 1.0, 0.0, 0.0, 0.0, 0.0))
    one_shot = task.mode == "one-shot"
    schedule = OneShotSchedule() if one_shot else GRADUAL
    pruner = BlockPruner(network, task.block_size, task.sparsity, task.method, schedule, regrow=not one_shot, threads=1)
    selection_seconds, untuned = 0.0, None
    if one_shot:
        started = time.process_time()
        pruner.update_masks()
        selection_seconds = time.process_time() - started
        untuned = _test_untuned(network, digits, task.seed)
    selection_seconds += train(network, digits, TUNE_STEPS, TUNE_RATE, task.seed + 1_000, pruner)
    pruner.finalize()
    report = pruner.report()
    weights = [layer.shape[0] * layer.shape[1] for layer in report]
    retained = sum(layer.retained * n for layer, n in zip(report, weights, strict=True)) / sum(weights)
    zeros = sum(int((network.get_submodule(layer.name).weight == 0).sum()) for layer in report)  # type: ignore[operator]
    accuracy = test(network, digits)
    return asdict(Outcome(accuracy, untuned, retained, zeros / sum(weights), selection_seconds, 0.0, 0.0))


def train(
    network: nn.Module, digits: Digits, steps: int, rate: float, seed: int, pruner: BlockPruner | None = None
) -> float:
    """SGD with momentum, the rate falling to zero along a cosine.

    Returns:
        Processor time spent in mask updates.
    """
    optimizer = torch.optim.SGD(network.parameters(), rate, momentum=0.9, weight_decay=5e-4, nesterov=True)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    network.train()
    selecting = 0.0
    for images, labels in _batches(digits, steps, seed):
        optimizer.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()
        decay.step()
        if pruner is not None:
            started, updates = time.process_time(), pruner.updates
            pruner.step()
            selecting += time.process_time() - started if pruner.updates > updates else 0.0
    return selecting


@torch.no_grad()
def test(network: nn.Module, digits: Digits) -> float:
    """Share of the test images that are classified rightly."""
    network.eval()
    chunks = zip(digits.test_images.split(250), digits.test_labels.split(250), strict=True)
    right = sum(int((network(images).argmax(1) == labels).sum()) for images, labels in chunks)
    return right / len(digits.test_labels)


def _test_untuned(network: nn.Module, digits: Digits, seed: int) -> float:
    """Accuracy with recalibrated batch norm; the network's own statistics are put back."""
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    recalibrate_batchnorm(network, _batches(digits, 8, seed), 8)
    accuracy = test(network, digits)
    for name, buffer in network.named_buffers():
        buffer.copy_(buffers[name])
    return accuracy


def pretrain(which: tuple[str, int], folder: Path) -> None:
    """Have the dense network of a name and seed in the cache, for all runs that begin with it."""
    torch.set_num_threads(1)
    load_pretrained(*which, folder)


def load_pretrained(name: str, seed: int, folder: Path) -> nn.Module:
    """The dense network of that seed: from the cache, or trained now."""
    torch.manual_seed(seed)
    network = build_network(name)
    file = folder / f"{name}-{seed}.pt"
    if file.exists():
        network.load_state_dict(torch.load(file, weights_only=True))
        return network
    train(network, _digits(), PRETRAIN_STEPS, PRETRAIN_RATE, seed)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    torch.save(network.state_dict(), temporary)
    temporary.replace(file)
    return network


def _batches(digits: Digits, steps: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Random batches, epoch by epoch; an epoch's incomplete last batch is left out."""
    generator = torch.Generator().manual_seed(seed)
    done = 0
    while True:
        for chunk in torch.randperm(len(digits.train_labels), generator=generator).split(BATCH):
            if len(chunk) < BATCH:
                continue
            if done == steps:
                return
            done += 1
            yield digits.train_images[chunk], digits.train_labels[chunk]


_digits = cache(load_digits)
