"""Builds and runs ubp_bench for tests: on this machine, and the ARM64 program under qemu."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "native"))


@functools.cache
def build_bench(target: str) -> Path:
    from building.running import build

    return build([target])[0]


class Bench:
    """One of the two programs."""

    def __init__(self, target: str) -> None:
        self.path = build_bench(target)
        self.command = [str(self.path)]
        if target == "bench-arm64":
            if not shutil.which("qemu-aarch64"):
                pytest.skip("qemu-aarch64 is not installed: the ARM64 program can't be run here")
            self.command.insert(0, "qemu-aarch64")

    def run(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs and expects this exit code."""
        result = subprocess.run([*self.command, *map(str, arguments)], capture_output=True, text=True, timeout=300)
        assert result.returncode == code, result.stderr + result.stdout
        return result

    def rows(self, *arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
        """Runs with --json and returns the results."""
        results: list[dict[str, Any]] = json.loads(self.run(*arguments, "--json", code=code).stdout)["results"]
        return results

    def refusal(self, *arguments: str | Path) -> str:
        """Runs what must be refused, and returns the one line."""
        result = self.run(*arguments, code=2)
        assert result.stdout == "" and result.stderr.count("\n") == 1
        assert result.stderr.startswith("ubp_bench: ")
        return result.stderr.removeprefix("ubp_bench: ").rstrip("\n")
