"""Prints the tables of docs/performance.md: modelled cycles of kernels and operators, and ratios timed on this machine.

    python tests/bench/bench_kernels.py [--tables micro,micro16,micro8,operator,operator16,ratio,...,winograd,few,host]

The modelled tables are priced by native/bench/armcycles, which needs qemu-user and LLVM: without them they are skipped,
loudly, and the exit code is 1. Modelled figures are the same at every run and are kept in build/bench_kernels.json, by
binary and arguments. Must not judge: it prints figures beside the bars of the project.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import geometric_mean, mean

import numpy as np
from kernel_model import BIN, CACHE, CPUS, Model, modelled_tables
from layer_shapes import ROOT, Shape, network_shapes, over_layers, read_shapes

SELECTIONS = ROOT / "build" / "bench_selections"
MICRO_BARS = {4: (1.6, 1.95, 3.85, 0.95, 1.35), 8: (1.6, 1.92, 3.75, 0.9, 1.25), 16: (1.5, 1.85, 3.6, 0.8, 1.1),
              2: (1.3, 1.85, 3.4, 0.6, 1.0), 1: (0.9, 1.4, 2.4, 0.4, 0.7)}  # fmt: skip
HALF_BARS = {4: (12.2, 15.4, 30.7, 6.3, 8.4), 8: (15.0, 15.4, 30.7, 8.3, 10.4), 0: (15.5, 15.7, 31.2, 10, 13.5)}
"""Of fp16, in multiply-adds per cycle; 0: dense."""
BYTE_BARS = {(1, 4): (15, 18, 32, 6, 9), (1, 8): (16, 20, 36, 6, 8), (4, 4): (22, 26, 50, 9, 14),
             (4, 8): (23, 26, 48, 9, 13), (1, 0): (27.1, 29.4, 58.4, 9.3, 15.2)}  # fmt: skip
"""Of int8 by block columns and block size, in multiply-adds per cycle: to be reached; dense: a prototype's."""
BYTE_TILES = {(1, 4): (4, 6), (1, 8): (2, 3), (4, 4): (4, 6), (4, 8): (2, 3), (1, 0): (3,)}
"""Vectors of the tiles that the best is taken of for each core."""


def selection_file(shape: Shape, block_size: int, sparsity: float, method: str) -> Path:
    """A file with the blocks that `method` selects for Gaussian weights of this shape."""
    from ubp_core.selection import select_blocks

    SELECTIONS.mkdir(parents=True, exist_ok=True)
    path = SELECTIONS / f"{method}-{shape.rows}x{shape.columns}-n{block_size}-s{sparsity}.bin"
    if not path.exists():
        weight = np.random.default_rng(shape.rows * 65537 + shape.columns).standard_normal((shape.rows, shape.columns))
        selection = select_blocks(np.abs(weight).astype(np.float32), block_size, sparsity, method)
        arrays = (np.array([len(selection.rows)]), selection.rows, selection.columns)
        path.write_bytes(b"".join(np.ascontiguousarray(array, np.int32).tobytes() for array in arrays))
    return path


def blocks_option(shape: Shape, block_size: int, sparsity: float) -> str:
    paths = [selection_file(shape, block_size, sparsity, method) for method in ("bed", "abp")]
    return f"--block-size {block_size} --blocks {paths[0]} --aligned-blocks {paths[1]}"


def row(title: str, values: Iterable[float], digits: int = 2) -> str:
    return f"| {title} | " + " | ".join(f"{value:.{digits}f}" for value in values) + " |"


def header(title: str, columns: Iterable[str]) -> str:
    names = list(columns)
    return f"| {title} | " + " | ".join(names) + " |\n| --- |" + " --- |" * len(names)


def geometric_means(shapes: Sequence[Shape], rates: Sequence[Sequence[float]]) -> list[float]:
    return [geometric_mean(over_layers(shapes, column)) for column in zip(*rates, strict=True)]


def table_micro(model: Model) -> None:
    """The micro-kernels alone, stores included: R = K = 512, s = 0.8."""
    print(header("micro-kernel, R = K = 512, s = 0.8", CPUS))
    for block_size, bars in MICRO_BARS.items():
        print(row(f"N = {block_size}, ubp", model.rates(f"micro --block-size {block_size}")))
        print(row(f"N = {block_size}, abp", model.rates(f"micro --block-size {block_size} --aligned 1")))
        print(row(f"N = {block_size}, bar", bars))
    print(row("dense", model.rates("micro --block-size 0")))


def half_rates(model: Model, arguments: str) -> list[float]:
    """Multiply-adds per modelled cycle of fp16 kernels."""
    return [4 * rate for rate in model.rates(f"{arguments} --dtype fp16")]


def table_micro16(model: Model) -> None:
    """The micro-kernels of fp16, in multiply-adds (not vectors of them) per cycle."""
    print(header("fp16 micro-kernel, R = K = 512, s = 0.8, multiply-adds per cycle", CPUS))
    for block_size in (4, 8, 16, 2, 1):
        print(row(f"N = {block_size}, ubp", half_rates(model, f"micro --block-size {block_size}"), 1))
        print(row(f"N = {block_size}, abp", half_rates(model, f"micro --block-size {block_size} --aligned 1"), 1))
        if block_size in HALF_BARS:
            print(row(f"N = {block_size}, bar", HALF_BARS[block_size], 1))
    print(row("dense", half_rates(model, "micro --block-size 0"), 1))
    print(row("dense, bar", HALF_BARS[0], 1))


def byte_rates(model: Model, arguments: str, tiles: Sequence[int]) -> list[float]:
    """Multiply-adds per modelled cycle of int8 kernels, of the best of some tiles on each core."""
    found = [model.rates(f"micro --dtype int8 {arguments} --vectors {vectors}") for vectors in tiles]
    return [4 * max(rates) for rates in zip(*found, strict=True)]


def table_micro8(model: Model) -> None:
    """The micro-kernels of int8; where bytes have limits of their own or sums are long, others run."""
    print(header("int8 micro-kernel, R = K = 512, s = 0.8, multiply-adds per cycle", CPUS))
    for (columns, block_size), bars in BYTE_BARS.items():
        name = f"{'zipped' if columns == 1 else 'grouped'}, N = {block_size}" if block_size else "dense"
        options, tiles = f"--block-size {block_size} --block-columns {columns}", BYTE_TILES[columns, block_size]
        unaligned = byte_rates(model, options, tiles)
        print(row(f"{name}, ubp" if block_size else name, unaligned, 1))
        print(row(f"{name}, reach" if block_size else "dense, bar", bars, 1))
        print(row(f"{name}, by a pass", byte_rates(model, f"{options} --passed 1", tiles), 1))
        if block_size:
            aligned = byte_rates(model, f"{options} --aligned 1", tiles)
            print(row(f"{name}, abp", aligned, 1))
            print(row(f"{name}, ubp over abp", (a / u for a, u in zip(aligned, unaligned, strict=True)), 3))


def table_operator(model: Model) -> None:
    """The whole operator on every layer: N = 4, s = 0.75, selections by bed."""
    shapes = network_shapes()
    rates = model.all_rates([f"operator {shape.option} {blocks_option(shape, 4, 0.75)}" for shape in shapes])
    print(header("operator, N = 4, s = 0.75, bed", CPUS))
    for shape, values in zip(shapes, rates, strict=True):
        print(row(f"{shape.network} {shape.name}", values))
    print(row("geometric mean", geometric_means(shapes, rates)))
    print(row("bar", (1.4, 1.65, 3.2, 0.75, 1.1)))


def table_operator16(model: Model) -> None:
    """The same in fp16, in multiply-adds per cycle, and dense."""
    shapes = network_shapes()
    print(header("fp16 operator, multiply-adds per cycle", CPUS))
    for title, options in (("N = 4, s = 0.75, bed", None), ("dense", "--kernel dense")):
        arguments = [options or blocks_option(shape, 4, 0.75) for shape in shapes]
        found = model.all_rates([f"operator {shape.option} {words} --dtype fp16"
                                 for shape, words in zip(shapes, arguments, strict=True)])  # fmt: skip
        rates = [[4 * rate for rate in values] for values in found]
        for shape, values in zip(shapes, rates, strict=True):
            print(row(f"{title}, {shape.network} {shape.name}", values, 1))
        print(row(f"{title}, geometric mean", geometric_means(shapes, rates), 1))


def table_ratio(model: Model) -> None:
    """Time of unaligned blocks over that of aligned ones, same budget, mean over all layers."""
    print_ratios(model, "ubp over abp, s = 0.75", "", (1.05, 1.05, 1.05, 1.10, 1.10))


def table_ratio16(model: Model) -> None:
    """The same in fp16."""
    print_ratios(model, "fp16, ubp over abp, s = 0.75", " --dtype fp16", (1.03, 1.03, 1.03, 1.06, 1.06))


def print_ratios(model: Model, title: str, dtype: str, bar_of_eight: Sequence[float]) -> None:
    shapes = network_shapes()
    print(header(title, CPUS))
    for block_size, bar in ((4, (1.03, 1.03, 1.03, 1.06, 1.06)), (8, bar_of_eight)):
        options = [f"operator {shape.option} {blocks_option(shape, block_size, 0.75)}{dtype}" for shape in shapes]
        unaligned = model.all_rates(options)
        aligned = model.all_rates([f"{option} --kernel abp" for option in options])
        ratios = [[a / u for a, u in zip(*pair, strict=True)] for pair in zip(aligned, unaligned, strict=True)]
        means = [mean(over_layers(shapes, column)) for column in zip(*ratios, strict=True)]
        print(row(f"N = {block_size}, mean", means, 3))
        print(row(f"N = {block_size}, bar", bar, 3))


def table_dense(model: Model) -> None:
    """The dense operator, by plain code, on the layers with R and K of at least 256, wide cores."""
    shapes = [shape for shape in network_shapes() if min(shape.rows, shape.columns) >= 256]
    rates = model.all_rates([f"operator {shape.option} --kernel dense --winograd 0" for shape in shapes], CPUS[:3])
    print(header("dense operator, R and K >= 256", CPUS[:3]))
    for shape, values in zip(shapes, rates, strict=True):
        print(row(f"{shape.network} {shape.name}", values))
    print(row("least", [min(column) for column in zip(*rates, strict=True)]))
    print(row("geometric mean", geometric_means(shapes, rates)))
    print(row("bar", (1.7, 1.9, 3.8)))


def table_winograd(model: Model) -> None:
    """Modelled kilocycles of the 3x3 layers of stride 1: dense by plain code and by Winograd, and pruned."""
    print_winograd(model, "3x3 layer, kilocycles", "")


def table_winograd16(model: Model) -> None:
    """The same in fp16."""
    print_winograd(model, "fp16 3x3 layer, kilocycles", " --dtype fp16")


def print_winograd(model: Model, title: str, dtype: str) -> None:
    print(header(title, CPUS))
    for shape in (shape for shape in network_shapes() if (shape.kernel_h, shape.stride) == (3, 1)):
        ways = {"dense, plain": "--kernel dense --winograd 0", "dense, Winograd": "--kernel dense"}
        ways |= {f"ubp, N = 4, s = {s}": blocks_option(shape, 4, s) for s in (0.5, 0.75)}
        for way, option in ways.items():
            cycles = kilocycles(model, f"operator {shape.option} {option}{dtype}")
            print(row(f"{shape.network} {shape.name}, {way}", cycles, 0), flush=True)
    CACHE.write_text(json.dumps(model.known, indent=0))


def kilocycles(model: Model, arguments: str) -> list[float]:
    """Of one run on every core."""
    adds = model.price(f"{arguments} --variant wide", CPUS[:3])[-1]
    return [adds / 4 / rate / 1000 for rate in model.rates(arguments)]


def table_few(model: Model) -> None:
    """Modelled kilocycles on 7x7 positions as sparsity grows; the last row is the dense operator."""
    (shape,) = read_shapes("few_pixels")
    print(header("7x7, 512 x 1024, kilocycles", CPUS))
    cases = [
        (f"ubp, s = {s}", f"operator {shape.option} {blocks_option(shape, 4, s)}") for s in (0.5, 0.6, 0.7, 0.8, 0.9)
    ]
    for title, arguments in [*cases, ("dense", f"operator {shape.option} --kernel dense")]:
        print(row(title, kilocycles(model, arguments), 0))
    CACHE.write_text(json.dumps(model.known, indent=0))


def time_layer(shape: Shape, block_size: int, kernels: str, rounds: int) -> dict[str, dict[str, float]]:
    command = f"{BIN / 'kernel_bench'} compare {shape.option} {blocks_option(shape, block_size, 0.75)}"
    run = subprocess.run(
        shlex.split(f"{command} --kernels {kernels} --rounds {rounds}"), capture_output=True, check=True
    )
    found: dict[str, dict[str, float]] = json.loads(run.stdout)
    return found


def time_torch(shape: Shape, rounds: int) -> float:
    """Median seconds of processor time of torch's own convolution on one thread."""
    import time

    import torch

    torch.set_num_threads(1)
    x = torch.randn(1, shape.channels, shape.height, shape.width)
    weight = torch.randn(shape.rows, shape.channels, shape.kernel_h, shape.kernel_w)
    spent = []
    with torch.inference_mode():
        for _ in range(rounds + 2):
            begin = time.thread_time()
            torch.nn.functional.conv2d(x, weight, stride=shape.stride, padding=shape.pad)
            spent.append(time.thread_time() - begin)
    return float(np.median(spent[2:]))


def table_host(rounds: int) -> None:
    """Medians of interleaved runs on this machine, processor time of one thread; only the ratios mean anything."""
    shapes = network_shapes()
    ratios = []
    print(header("host, s = 0.75", ("ubp/abp N=4", "ubp/abp N=8", "dense/ubp N=4", "dense/torch")))
    for shape in shapes:
        four, eight = time_layer(shape, 4, "ubp,abp,dense", rounds), time_layer(shape, 8, "ubp,abp", rounds)
        ns = {name: facts["median_ns"] for name, facts in four.items()}
        ratios.append((ns["ubp"] / ns["abp"], eight["ubp"]["median_ns"] / eight["abp"]["median_ns"],
                       ns["dense"] / ns["ubp"], ns["dense"] / 1e9 / time_torch(shape, rounds)))  # fmt: skip
        print(row(f"{shape.network} {shape.name}", ratios[-1]), flush=True)
    print(row("mean", [mean(over_layers(shapes, column)) for column in zip(*ratios, strict=True)], 3))
    print(row("geometric mean", geometric_means(shapes, ratios), 3))
    print("| bar | 1.05 | 1.05 | 3.00 | as it is |")


MODELLED: dict[str, Callable[[Model], None]] = {
    "micro": table_micro, "micro16": table_micro16, "micro8": table_micro8, "operator": table_operator,
    "operator16": table_operator16, "ratio": table_ratio, "ratio16": table_ratio16, "dense": table_dense,
    "winograd": table_winograd, "winograd16": table_winograd16, "few": table_few,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", default=",".join([*MODELLED, "host"]), help="comma-separated; default: %(default)s")
    parser.add_argument("--jobs", type=int, default=2, help="commands priced at a time")
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds per layer on the host")
    parser.add_argument("--no-build", action="store_true", help="use the binaries that are there")
    options = parser.parse_args()
    wanted = options.tables.split(",")
    asked = [name for name in wanted if name in MODELLED]
    if not options.no_build:
        subprocess.run(
            [sys.executable, str(ROOT / "native" / "build.py"), "kernel_bench", "kernel_bench_arm64"], check=True
        )
    if modelled := modelled_tables(asked):
        model = Model(options.jobs)
        for name in modelled:
            MODELLED[name](model)
            print(flush=True)
    if "host" in wanted:
        table_host(options.rounds)
    return int(modelled != asked)


if __name__ == "__main__":
    sys.exit(main())
