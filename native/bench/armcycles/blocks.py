"""What an ARM64 program executes: its blocks and how often each ran, counted by a plugin of qemu-user."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tools import QEMU

PAGE = 4096
"""Of the emulated program: qemu ends a block where a page does."""


class Block(NamedTuple):
    """A run of instructions with one entry."""

    address: int
    code: str  # eight hex digits per instruction

    @property
    def instructions(self) -> int:
        return len(self.code) // 8

    @property
    def end(self) -> int:
        return self.address + 4 * self.instructions

    @property
    def branches(self) -> bool:
        """Whether its last instruction is a branch, or another of that class."""
        return int(self.code[-8:], 16) >> 26 & 7 == 5


def count_blocks(command: Sequence[str], plugin: Path) -> Counter[Block]:
    """Executions of every block of a command; its own output goes to standard error.

    Raises:
        SystemExit: The command failed, with its exit status.
    """
    with tempfile.NamedTemporaryFile(suffix=".blocks") as out:
        line = [QEMU, "-plugin", f"{plugin},out={out.name}", *command]
        done = subprocess.run(line, stdout=subprocess.PIPE, check=False)
        sys.stderr.buffer.write(done.stdout)
        sys.stderr.flush()
        if done.returncode:
            raise SystemExit(f"armcycles: {' '.join(command)} exited with {done.returncode}")
        return join_pages(read_counts(Path(out.name).read_text(encoding="utf-8")))


def read_counts(text: str) -> Counter[Block]:
    """The lines that the plugin wrote."""
    counts: Counter[Block] = Counter()
    for line in text.splitlines():
        address, executions, code = line.split()
        counts[Block(int(address, 16), code)] += int(executions)
    return counts


def join_pages(counts: Counter[Block]) -> Counter[Block]:
    """The same with blocks that only the end of a page has cut made one again, as often as both parts ran.

    A cut loop would be priced as two that repeat by themselves, and where the cut is depends on the linker.
    """
    joined, behind = Counter(counts), {block.address: block for block in counts if block.address % PAGE == 0}
    for block in counts:
        rest = behind.get(block.end)
        if rest is None or block.branches:
            continue
        times = min(joined[block], joined[rest])
        joined[Block(block.address, block.code + rest.code)] += times
        joined[block] -= times
        joined[rest] -= times
    return +joined
