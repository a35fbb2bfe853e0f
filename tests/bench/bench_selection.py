"""Times the selection on ResNet-50's convolutions against torch.topk on the same weights and threads.

    python tests/bench/bench_selection.py [--threads 2] [--rounds 9]

One process; the contenders take turns layer by layer, so that the machine's mood hits all alike. The figures are host
times (not a phone's); the ratio is what counts.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from ubp_core import importance, select_blocks, select_global
from ubp_core.models import load_model

BLOCK_SIZE, SPARSITY = 4, 0.75
CONTENDERS = ("topk", "abp", "greedy", "bed", "optimal", "unstructured")


def resnet50_weights() -> Iterator[tuple[str, torch.Tensor]]:
    """The 52 convolution weights with more than 3 input channels."""
    model = load_model("resnet50", weights="random")
    for layer in model.layers:
        if layer.kind == "conv" and layer.shape[1] > 3:
            yield layer.name, torch.from_numpy(layer.weight)


def contender(name: str, weight: torch.Tensor, threads: int) -> Callable[[], object]:
    """What is timed. Both sides start from the signed weights of the layer."""
    if name == "topk":
        kept = round((1 - SPARSITY) * weight.numel())
        return lambda: torch.topk(weight.abs().flatten(), kept, sorted=False)
    return lambda: select_blocks(importance(weight), BLOCK_SIZE, SPARSITY, name, threads)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def interleaved_medians(weights: list[torch.Tensor], threads: int, rounds: int) -> dict[str, float]:
    """Sum over the layers of each contender's median time, in seconds."""
    totals = dict.fromkeys(CONTENDERS, 0.0)
    for weight in weights:
        work = {name: contender(name, weight, threads) for name in CONTENDERS}
        samples: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        for _ in range(rounds):
            for name in CONTENDERS:
                samples[name].append(seconds(work[name]))
        for name in CONTENDERS:
            totals[name] += statistics.median(samples[name])
    return totals


def print_network(console: Console, threads: int, rounds: int) -> None:
    layers = list(resnet50_weights())
    weights = [weight for _, weight in layers]
    count = sum(weight.numel() for weight in weights)
    totals = interleaved_medians(weights, threads, rounds)
    table = Table(
        title=f"ResNet-50, {len(layers)} convolutions, {count / 1e6:.1f} million weights, "
        f"N = {BLOCK_SIZE}, s = {SPARSITY}, {threads} threads"
    )
    for column in ("", "ms", "of torch.topk", "ns per weight"):
        table.add_column(column, justify="left" if not column else "right")
    for name in CONTENDERS:
        table.add_row(
            name,
            f"{totals[name] * 1e3:.1f}",
            f"{totals[name] / totals['topk']:.2f}x",
            f"{totals[name] / count * 1e9:.2f}",
        )
    console.print(table)


def print_global(console: Console, threads: int, rounds: int) -> None:
    """One budget over the network against one budget for each layer, in turns."""
    matrices = {name: importance(weight) for name, weight in resnet50_weights()}
    table = Table(title=f"one budget over ResNet-50, N = {BLOCK_SIZE}, s = {SPARSITY}, {threads} threads (ms)")
    for column in ("", "layer by layer", "global", "ratio"):
        table.add_column(column, justify="left" if not column else "right")
    for name in CONTENDERS[1:]:
        alone: list[float] = []
        shared: list[float] = []
        for _ in range(rounds):
            work = partial(select_blocks, block_size=BLOCK_SIZE, sparsity=SPARSITY, method=name, threads=threads)
            alone.append(sum(seconds(partial(work, matrix)) for matrix in matrices.values()))
            shared.append(seconds(partial(select_global, matrices, BLOCK_SIZE, SPARSITY, name, threads=threads)))
        each, whole = statistics.median(alone), statistics.median(shared)
        table.add_row(name, f"{each * 1e3:.0f}", f"{whole * 1e3:.0f}", f"{whole / each:.2f}x")
    console.print(table)


def print_growth(console: Console, threads: int, rounds: int) -> None:
    """Cost at 1x, 4x and 16x the weights, by more columns and by more rows."""
    generator = np.random.default_rng(0)
    table = Table(title="growth with the number of weights (ns per weight)")
    for column in ("shape", "weights", "bed", "optimal"):
        table.add_column(column, justify="right")
    for rows, columns in ((512, 1024), (512, 4096), (512, 16384), (2048, 1024), (8192, 1024)):
        matrix = np.abs(generator.standard_normal((rows, columns), np.float32))
        row = [f"{rows} x {columns}", f"{matrix.size / 2**19:.0f}x"]
        for method in ("bed", "optimal"):
            work = partial(select_blocks, matrix, 4, 0.75, method, threads)
            times = [seconds(work) for _ in range(rounds)]
            row.append(f"{statistics.median(times) / matrix.size * 1e9:.2f}")
        table.add_row(*row)
    console.print(table)


def print_memory(console: Console, threads: int) -> None:
    """Peak memory of a selection beyond its input, in floats per weight, of a layer four times ResNet-50's largest."""
    for method in ("bed", "optimal"):
        peak = peak_growth(method, threads)
        console.print(f"peak memory of {method} on 2048 x 4608 beyond the input: {peak:.2f} floats per weight")


PEAK_PROGRAM = """
import re, sys, numpy as np
from ubp_core import select_blocks
method, threads = sys.argv[1], int(sys.argv[2])
matrix = np.random.default_rng(0).random((2048, 4608), np.float32)
peak = lambda: 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
select_blocks(matrix[:64, :64].copy(), 4, 0.75, method, threads)
before = peak()
select_blocks(matrix, 4, 0.75, method, threads)
print((peak() - before) / 4 / matrix.size)
"""


def peak_growth(method: str, threads: int) -> float:
    """Measured in a fresh process by the system's high-water mark (Linux), which ru_maxrss would inherit from ours."""
    command = [sys.executable, "-c", PEAK_PROGRAM, method, str(threads)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    console = Console(width=100)
    print_network(console, options.threads, options.rounds)
    print_global(console, options.threads, options.rounds)
    print_growth(console, options.threads, options.rounds)
    print_memory(console, options.threads)


if __name__ == "__main__":
    main()
