"""Modelled cycles of kernel_bench for ARM64, by native/bench/armcycles, kept between calls."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from layer_shapes import ROOT

ARMCYCLES = ROOT / "native" / "bench" / "armcycles"
sys.path.append(str(ARMCYCLES))
from tools import missing_tools  # noqa: E402

BIN = ROOT / "build" / "native" / "bin"
CACHE = ROOT / "build" / "bench_kernels.json"
REMEMBERED = ROOT / "build" / "mca"
# Core model -> the kernel set that runs on such a core (native/src/operator/cores.cpp).
VARIANTS = {"neoverse-n1": "wide", "neoverse-n2": "wide", "neoverse-v1": "wide",
            "cortex-a55": "inorder", "cortex-a510": "inorder"}  # fmt: skip
CPUS = tuple(VARIANTS)


def modelled_tables(wanted: Iterable[str]) -> list[str]:
    """Those of the wanted tables that can be modelled here; says why where they can't."""
    line, names = missing_tools(), list(wanted)
    if line and names:
        print(f"SKIPPED {', '.join(names)}: {line}", file=sys.stderr)
    return [] if line else names


class Model:
    """Prices commands of kernel_bench for ARM64 with armcycles; remembers what it has priced."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.program = BIN / "kernel_bench_arm64"
        self.digest = hashlib.sha256(self.program.read_bytes()).hexdigest()[:16]
        self.known: dict[str, list[float]] = json.loads(CACHE.read_text()) if CACHE.exists() else {}

    def price(self, arguments: str, cpus: Sequence[str]) -> list[float]:
        """Modelled cycles of one iteration on each of `cpus`, followed by the multiply-adds."""
        key = f"{self.digest} {','.join(cpus)} {arguments}"
        if key not in self.known:
            command = f"{self.program} {arguments} --iterations"
            options = ["--cpu", ",".join(cpus), "--remember", str(REMEMBERED), "--minus", f"{command} 0"]
            command_line = [sys.executable, str(ARMCYCLES), *options, "--", *shlex.split(f"{command} 1")]
            run = subprocess.run(command_line, capture_output=True, text=True, check=False)
            if run.returncode:
                raise SystemExit(f"{command}: {run.stderr[-500:]}")
            cycles = json.loads(run.stdout.splitlines()[0])["cycles"]
            facts = json.loads(next(line for line in run.stderr.splitlines() if line.startswith("{")))
            self.known[key] = [*(cycles[cpu] for cpu in cpus), facts["multiply_adds"]]
        return self.known[key]

    def rates(self, arguments: str, cpus: Sequence[str] = CPUS) -> list[float]:
        """4-wide multiply-adds per modelled cycle, each core with the kernels that run there."""
        rates: dict[str, float] = {}
        for variant in dict.fromkeys(VARIANTS[cpu] for cpu in cpus):
            these = [cpu for cpu in cpus if VARIANTS[cpu] == variant]
            *cycles, multiply_adds = self.price(f"{arguments} --variant {variant}", these)
            rates.update({cpu: multiply_adds / 4 / c for cpu, c in zip(these, cycles, strict=True)})
        return [rates[cpu] for cpu in cpus]

    def all_rates(self, arguments: Sequence[str], cpus: Sequence[str] = CPUS) -> list[list[float]]:
        with ThreadPoolExecutor(self.jobs) as executor:
            found = list(executor.map(lambda one: self.rates(one, cpus), arguments))
        CACHE.write_text(json.dumps(self.known, indent=0))
        return found
