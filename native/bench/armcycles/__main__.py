"""Counts the instructions of an ARM64 program under qemu-user and prices its hot blocks with LLVM's models of cores.

    python native/bench/armcycles [--cpu neoverse-n1,cortex-a55] [--top 5] [--minus "PROGRAM ARGS"] -- PROGRAM ARGS

Prints one JSON object: `instructions`, and per core `cycles`. `--minus` runs a second command and subtracts it (the
same program with fewer iterations), which removes start-up. `--top` also lists the blocks that cost most on the first
core: function, executions, cycles of one execution, share, assembly.

The figure is modelled: every block repeats in steady state, no cache misses, no branch is mispredicted. It is the same
at every call, so it ranks kernels; it is not a latency. Needs Debian's qemu-user and llvm-22 (LLVM=23: that version).
The program's own output goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blocks import Block, count_blocks
from prices import Prices, Symbols, disassemble
from tools import build_plugin, missing_tools

CPUS = "neoverse-n1,neoverse-n2,neoverse-v1,cortex-a55,cortex-a510"
PRICED = 0.999
"""Share of the instructions that the models price; the rest counts as two instructions per cycle."""


@dataclass
class Bill:
    """What a program costs."""

    instructions: int
    cycles: dict[str, float]  # per core
    hot: list[tuple[float, Block, str]]  # cycles on the first core, block, assembly


def make_bill(counts: Counter[Block], cpus: Sequence[str], prices: Prices) -> Bill:
    """Prices blocks by their share of the instructions until nearly all are priced."""
    weights = {block: executions * block.instructions for block, executions in counts.items()}
    bill = Bill(sum(weights.values()), dict.fromkeys(cpus, 0.0), [])
    seen = 0
    for block in sorted(weights, key=lambda block: -abs(weights[block])):
        if seen < PRICED * bill.instructions:
            assembly = disassemble(block.code)
            costs = [counts[block] * prices.cycles(assembly, cpu) for cpu in cpus]
            bill.hot.append((costs[0], block, assembly))
        else:
            costs = [weights[block] / 2] * len(cpus)
        for cpu, cost in zip(cpus, costs, strict=True):
            bill.cycles[cpu] += cost
        seen += weights[block]
    return bill


def print_hot(bill: Bill, counts: Counter[Block], program: str, top: int) -> None:
    """The blocks that cost most on the first core."""
    cpu, symbols = next(iter(bill.cycles)), Symbols(program)
    for cost, block, assembly in sorted(bill.hot, key=lambda row: -row[0])[:top]:
        share = 100 * cost / max(bill.cycles[cpu], 1)
        each = cost / counts[block] if counts[block] else 0.0
        print(f"\n{block.address:#x} {symbols.name_at(block.address)}: {counts[block]} x {each:.2f} cycles"
              f" = {share:.1f} % on {cpu}\n{assembly}")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="armcycles", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--cpu", default=CPUS, help="cores that LLVM has a model of; default: %(default)s")
    parser.add_argument("--top", type=int, default=0, help="blocks to list")
    parser.add_argument("--minus", default="", help="command to subtract")
    parser.add_argument("--remember", type=Path, help="folder that keeps the models' answers for the next call")
    parser.add_argument("program", help="ARM64 program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if line := missing_tools():
        print(f"armcycles: {line}", file=sys.stderr)
        return 2
    plugin = build_plugin()
    counts = count_blocks([options.program, *options.arguments], plugin)
    if options.minus:
        counts.subtract(count_blocks(shlex.split(options.minus), plugin))
    bill = make_bill(counts, options.cpu.split(","), Prices(options.remember))
    cycles = {cpu: round(value) for cpu, value in bill.cycles.items()}
    print(json.dumps({"instructions": bill.instructions, "cycles": cycles}))
    if options.top:
        print_hot(bill, counts, options.program, options.top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
