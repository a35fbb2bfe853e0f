"""Prints the tables of docs/performance.md about whole networks, from end to end.

    python tests/bench/bench_networks.py [--tables modelled,modelled16,host,...] [--networks mobilenet_v1,resnet50]

Files are exported once with random weights (times do not depend on them) into build/networks; remove them where kernels
of fp16 have changed, for the export asks these which layers sum in fp32. `modelled`: cycles of one run on one thread,
by native/bench/armcycles (see bench_kernels.py); `modelled16`, `modelled8`: the same in fp16 and int8, the latter with
blocks of 4 x 4 too (`grouped`); --peers: beside others. Files of int8 are calibrated on one array of random numbers and
rounded to nearest, which changes what they compute and not how. `host`:
medians of runs that take turns with PyTorch's own eager run in one process, processor time of one thread; only the
ratios mean anything. `profile`: where the time of a run goes on this machine. `memory`, `memory16`: what a run holds
beside its mapped file. Judges nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from bench_kernels import header, row
from kernel_model import CACHE, VARIANTS, Model, modelled_tables
from layer_shapes import ROOT

NETWORKS = ROOT / "build" / "networks"
FORMS = {"dense": ["--dense"], "abp": ["--method", "abp"], "ubp": ["--method", "bed"]}
"""Arguments of `ubp export`; block size 4 and sparsity 0.75 are its defaults."""
INTEGER_FORMS = {"dense": ("", 0), "abp": ("abp", 1), "ubp": ("bed", 1), "grouped": ("bed", 4)}
"""Method and columns of a block, of the same block size and sparsity."""
SIZE = 224
PEERS = {
    "fp32": {"ncnn": (81.0, 51.0, 422.1), "MNN": (83.1, 55.3, 432.9)},
    "fp16": {"ncnn": (42.6, 27.5, 227.1), "MNN": (43.8, 28.9, 226.1), "LiteRT": (49.4, 31.6, 325.5)},
    "int8": {
        "ncnn": (30.9, 49.5, 173.3),
        "LiteRT": (33.4, 27.6, 190.0),
        "MNN, partly fp32": (33.1, 36.5, 307.5),
        "onnxruntime": (38.9, 34.6, 208.2),
    },
}
"""Million cycles of others' dense networks on neoverse-n1, in the order of PRICED: see docs/performance.md."""
PRICED = ("mobilenet_v1", "mobilenet_v2", "resnet50")
TYPES_OF_TABLES = {"modelled": "fp32", "modelled16": "fp16", "modelled8": "int8"}
Run = Callable[[], Any]


def network_file(name: str, form: str, dtype: str = "fp32") -> Path:
    """Exports the network, unless it is there."""
    path = NETWORKS / (f"{name}-{form}.ubp" if dtype == "fp32" else f"{name}-{form}-{dtype}.ubp")
    if not path.exists():
        NETWORKS.mkdir(parents=True, exist_ok=True)
        if dtype == "int8":
            export_integer_network(name, form, path)
            return path
        command = [sys.executable, "-m", "ubp_core.cli.main", "export", name, "--weights", "random", *FORMS[form]]
        command += ["--dtype", dtype]
        subprocess.run([*command, "-o", str(path)], check=True, stdout=subprocess.DEVNULL)
    return path


def export_integer_network(name: str, form: str, path: Path) -> None:
    """Without what the command spends on exact weights."""
    from ubp_core import importance, select_blocks
    from ubp_core.budgets import dense_reason
    from ubp_core.models import load_model
    from ubp_core.quantisation.exports.exporting import Calibrating, export_integers
    from ubp_core.quantisation.quantising import Recipe

    model, shape = load_model(name, weights="random"), (1, 3, SIZE, SIZE)
    method, columns = INTEGER_FORMS[form]
    pruned = [one for one in model.prunable if method and not dense_reason((one.rows, one.columns), 4, 0.75)]
    selections = {
        one.name: select_blocks(importance(one.weight), 4, 0.75, method, block_columns=columns) for one in pruned
    }
    random = Calibrating.of_random_numbers(shape)
    recipe = Recipe(least_squares=False, correct_bias=False)
    quick = replace(random, images=random.images[:1], recipe=recipe)
    export_integers(model, selections, shape, quick).packed.save(path)


def forms_of(dtype: str) -> list[str]:
    """In which networks are priced."""
    return list(INTEGER_FORMS if dtype == "int8" else FORMS)


def table_modelled(names: list[str], cpus: list[str], model: Model, dtype: str) -> None:
    """Million cycles of one run, dense, aligned and unaligned, and their ratios."""
    print(header(f"modelled, {dtype}, N = 4, s = 0.75, million cycles", cpus), flush=True)
    for name in names:
        cycles = {form: network_cycles(network_file(name, form, dtype), cpus, model) for form in forms_of(dtype)}
        for form, found in cycles.items():
            print(row(f"{name} {form}", [value / 1e6 for value in found], 1), flush=True)
        pairs = {"dense over ubp": ("dense", "ubp"), "ubp over abp": ("ubp", "abp")}
        for label, (one, other) in pairs.items():
            ratios = [a / b for a, b in zip(cycles[one], cycles[other], strict=True)]
            print(row(f"{name} {label}", ratios, 3), flush=True)


def table_peers(model: Model, dtype: str) -> None:
    """Million cycles on neoverse-n1 beside those of others."""
    print(header(f"{dtype}, million cycles, neoverse-n1", PRICED))
    for peer, cycles in PEERS[dtype].items():
        print(row(f"{peer}, dense", cycles, 1))
    titles = [("dense", "dense", "")]
    if dtype != "int8":
        titles.append(("dense, `--winograd 0`", "dense", " --winograd 0"))
    titles += [(f"{form}, N = 4, s = 0.75", form, "") for form in forms_of(dtype) if form not in ("dense", "abp")]
    for title, form, more in titles:
        found = [network_cycles(network_file(name, form, dtype), ["neoverse-n1"], model, more) for name in PRICED]
        print(row(title, [cycles / 1e6 for (cycles,) in found], 1), flush=True)


def network_cycles(path: Path, cpus: list[str], model: Model, more: str = "") -> list[float]:
    """Modelled cycles of one run on every core, each with the kernels that run there."""
    cycles: dict[str, float] = {}
    for variant in dict.fromkeys(VARIANTS[cpu] for cpu in cpus):
        these = [cpu for cpu in cpus if VARIANTS[cpu] == variant]
        *found, _ = model.price(f"network --file {path} --variant {variant}{more}", these)
        CACHE.write_text(json.dumps(model.known, indent=0))
        cycles |= dict(zip(these, found, strict=True))
    return [cycles[cpu] for cpu in cpus]


def open_runs(name: str) -> dict[str, Run]:
    """One run of PyTorch's dense network, and of ours in each form."""
    import torch

    from ubp_core.models import load_model
    from ubp_core.network.network import Network

    torch.set_num_threads(1)
    module = load_model(name, weights="random").module.eval()
    image = np.random.default_rng(0).standard_normal((1, 3, SIZE, SIZE), np.float32)
    tensor = torch.from_numpy(image)

    def run_torch() -> object:
        with torch.inference_mode():
            return module(tensor)

    runs: dict[str, Run] = {"torch": run_torch}
    for form in FORMS:
        network = Network.load(network_file(name, form))
        runs[form] = lambda network=network: network.run(image)
    return runs


def table_host(names: list[str], rounds: int) -> None:
    """Medians of runs that take turns."""
    columns = ("torch ms", "dense ms", "abp ms", "ubp ms", "dense/torch", "ubp/torch", "dense/ubp", "ubp/abp")
    print(header("host, processor time of one thread", columns))
    for name in names:
        runs = open_runs(name)
        samples: dict[str, list[float]] = defaultdict(list)
        for turn in range(rounds + 2):
            for form, run in runs.items():
                begin = time.thread_time()
                run()
                if turn >= 2:
                    samples[form].append(1000 * (time.thread_time() - begin))
        torch, dense, abp, ubp = (median(samples[form]) for form in ("torch", "dense", "abp", "ubp"))
        print(row(name, (torch, dense, abp, ubp, dense / torch, ubp / torch, dense / ubp, ubp / abp)), flush=True)


def table_profile(names: list[str], rounds: int) -> None:
    """Share of every kind of step of the pruned network, and its rate, by the shortest run of each step."""
    bench = ROOT / "core" / "ubp_core" / "_lib" / "ubp_bench"
    print(header("host, ubp", ("share of time", "GFLOP/s")))
    for name in names:
        command = [str(bench), str(network_file(name, "ubp")), "--profile", "--json", "--runs", str(rounds)]
        rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["results"]
        spent: dict[str, float] = defaultdict(float)
        work: dict[str, float] = defaultdict(float)
        for step in (found for found in rows if found["scope"] == "step"):
            kind = f"{step['operation']} {step['kernel']}".strip()
            spent[kind] += step["min_ns"]
            work[kind] += 2 * step["multiply_adds"]
        for kind in sorted(spent, key=lambda kind: -spent[kind]):
            print(row(f"{name} {kind}", (spent[kind] / sum(spent.values()), work[kind] / spent[kind]), 3))


def table_memory(names: list[str], dtype: str) -> None:
    """Megabytes that a run of one thread holds, and what was counted beside file and arena on both kinds of core."""
    columns = ("file", "arena", "workspace", "prepared", *(f"beside, {core}" for core in ("wide", "in-order")))
    print(header(f"{dtype}, MB, one thread", (*columns, "ARM64, in-order")))
    for name in names:
        for form in FORMS:
            wide, inorder = (
                held_memory("network_memory", network_file(name, form, dtype), core, 1) for core in ("wide", "inorder")
            )
            arm64 = held_memory("network_memory_arm64", network_file(name, form, dtype), "inorder", 0)
            parts = [wide[part] for part in ("file", "arena", "workspace", "prepared")]
            parts += [found["most_held"] - found["arena"] for found in (wide, inorder, arm64)]
            print(row(f"{name} {form}", [part / 2**20 for part in parts]), flush=True)


def held_memory(program: str, file: Path, core: str, runs: int) -> dict[str, int]:
    """Bytes as native/tests/network/network_memory.cpp counts them; the program for ARM64 runs under qemu."""
    command = ["qemu-aarch64"] if program.endswith("arm64") else []
    command += [str(ROOT / "build" / "native" / "bin" / program), str(file), core, str(runs)]
    found: dict[str, int] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    tables = "modelled,modelled16,modelled8,host,profile,memory,memory16"
    parser.add_argument("--tables", default=tables, help="default: %(default)s")
    parser.add_argument("--peers", action="store_true", help="modelled tables beside others' networks, too")
    parser.add_argument("--networks", default="mobilenet_v1,resnet50", help="default: %(default)s")
    parser.add_argument("--cpus", default=",".join(VARIANTS), help="core models; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each on the host")
    parser.add_argument("--no-build", action="store_true", help="use the binaries that are there")
    options = parser.parse_args()
    tables, names = options.tables.split(","), options.networks.split(",")
    if not options.no_build:
        targets = ["host", "bench-host", "kernel_bench_arm64", "network_memory", "network_memory_arm64"]
        subprocess.run([sys.executable, str(ROOT / "native" / "build.py"), *targets], check=True)
    asked = [table for table in TYPES_OF_TABLES if table in tables]
    modelled = modelled_tables(asked)
    for table in modelled:
        model, dtype = Model(jobs=1), TYPES_OF_TABLES[table]
        table_modelled(names, options.cpus.split(","), model, dtype)
        if options.peers:
            table_peers(model, dtype)
    if "host" in tables:
        table_host(names, options.rounds)
    if "profile" in tables:
        table_profile(names, options.rounds)
    for table, dtype in (("memory", "fp32"), ("memory16", "fp16")):
        if table in tables:
            table_memory(names, dtype)
    return int(modelled != asked)


if __name__ == "__main__":
    sys.exit(main())
