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


class Block(NamedTuple):
    """A run of instructions with one entry."""

    address: int
    code: str  # eight hex digits per instruction

    @property
    def instructions(self) -> int:
        return len(self.code) // 8


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
        return read_counts(Path(out.name).read_text(encoding="utf-8"))


def read_counts(text: str) -> Counter[Block]:
    """The lines that the plugin wrote."""
    counts: Counter[Block] = Counter()
    for line in text.splitlines():
        address, executions, code = line.split()
        counts[Block(int(address, 16), code)] += int(executions)
    return counts
