"""Times one mask update of ResNet-50 against one training step of the same network on this machine.

    python tests/bench/bench_pruning.py [--threads 2] [--rounds 3] [--batch 32]

Steps and updates take turns. An update is all that `BlockPruner.update_masks` does: importance, selection (`bed`,
N = 4, s = 0.75), masks, and the dense copy that lets weights return. Host times, not a phone's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch.nn import functional as F
from torchvision import models

from ubp_core import BlockPruner

BLOCK_SIZE, SPARSITY = 4, 0.75


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(threads: int, rounds: int, batch: int) -> dict[str, list[float]]:
    """Seconds of every round, by what was done."""
    torch.manual_seed(0)
    network = models.resnet50(weights=None).train()
    optimizer = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9)
    pruners = {
        f"update, scope {scope}": BlockPruner(
            network, BLOCK_SIZE, SPARSITY, "bed", scope=scope, regrow=True, optimizer=optimizer, threads=threads
        )
        for scope in ("layer", "global")
    }
    images, labels = torch.randn(batch, 3, 224, 224), torch.randint(1000, (batch,))

    def train() -> None:
        optimizer.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()

    works: dict[str, Callable[[], object]] = {f"training step, batch {batch}": train}
    works |= {name: pruner.update_masks for name, pruner in pruners.items()}
    works["masks applied again (every step)"] = next(iter(pruners.values())).apply_masks
    samples: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            taken = seconds(work)
            if turn > 0:  # the first turn touches memory for the first time
                samples[name].append(taken)
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    samples = measure(options.threads, options.rounds, options.batch)
    step = statistics.median(next(iter(samples.values())))
    table = Table(title=f"ResNet-50 at 224x224, bed, N = {BLOCK_SIZE}, s = {SPARSITY}, {options.threads} threads")
    for column in ("", "median ms", "slowest ms", "of a step"):
        table.add_column(column, justify="left" if not column else "right")
    for name, values in samples.items():
        median = statistics.median(values)
        table.add_row(name, f"{median * 1e3:,.0f}", f"{max(values) * 1e3:,.0f}", f"{median / step:.3f}x")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
