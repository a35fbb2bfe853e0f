"""What a block of instructions costs on a core, by LLVM's scheduler models; and which function it is in."""

from __future__ import annotations

import bisect
import hashlib
import os
import re
import subprocess
from pathlib import Path

from tools import LLVM, MC, MCA, NM

ITERATIONS = 200
"""Times that a block is repeated, so that its start no longer shows."""


def disassemble(code: str) -> str:
    """Assembly of a block, a line for each instruction."""
    words = [code[i : i + 8] for i in range(0, len(code), 8)]
    text = "".join(f"0x{w[6:8]} 0x{w[4:6]} 0x{w[2:4]} 0x{w[0:2]}\n" for w in words)
    command = [MC, "--disassemble", "-triple=aarch64", "-mattr=+all"]
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
    lines = [line for line in done.stdout.splitlines() if line.strip() and not line.strip().startswith(".")]
    return "\n".join(lines)


class Prices:
    """Cycles of blocks on cores; remembers them, in a folder too where there is one."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.known: dict[tuple[str, str], float] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def cycles(self, assembly: str, cpu: str) -> float:
        """Cycles of one execution, in steady state; one per instruction where the model has no answer."""
        if (assembly, cpu) not in self.known:
            found = re.search(r"Total Cycles:\s+(\d+)", self._report(assembly, cpu))
            self.known[assembly, cpu] = int(found[1]) / ITERATIONS if found else assembly.count("\n") + 1
        return self.known[assembly, cpu]

    def _report(self, assembly: str, cpu: str) -> str:
        """llvm-mca's report, from the folder where it is there."""
        if self.folder is None:
            return run_mca(assembly, cpu)
        key = hashlib.sha256(f"{LLVM} {ITERATIONS} {cpu}\n{assembly}".encode()).hexdigest()
        path = self.folder / key
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}")
            part.write_text("\n".join(run_mca(assembly, cpu).splitlines()[:6]), encoding="utf-8")
            part.replace(path)
        return path.read_text(encoding="utf-8")


def run_mca(assembly: str, cpu: str) -> str:
    command = [MCA, "-mtriple=aarch64", f"-mcpu={cpu}", "-mattr=+fullfp16,+dotprod", f"-iterations={ITERATIONS}"]
    return subprocess.run(command, input=assembly, capture_output=True, encoding="utf-8", check=False).stdout


class Symbols:
    """Functions of a program by address."""

    def __init__(self, program: str) -> None:
        command = [NM, "-n", "-C", "--defined-only", program]
        text = subprocess.run(command, capture_output=True, encoding="utf-8", check=False).stdout
        rows = [line.split(maxsplit=2) for line in text.splitlines()]
        self.rows = [(int(row[0], 16), row[2]) for row in rows if len(row) == 3 and row[1] in "tTwW"]

    def name_at(self, address: int) -> str:
        index = bisect.bisect_right(self.rows, (address, "\uffff")) - 1
        return self.rows[index][1] if index >= 0 else "?"
