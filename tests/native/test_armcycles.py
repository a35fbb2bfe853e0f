"""native/bench/armcycles: executions are exact, cycles are those of LLVM's models, a missing tool is one line."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "native"), str(ROOT / "native" / "bench" / "armcycles")]

LOOPS, ADDITIONS = 1000, 8
# As many thousand rounds as there are arguments, the program's name among them. Each addition waits for the one before.
SOURCE = f"""
.globl _start
_start:
    ldr x1, [sp]
    mov x2, #{LOOPS}
    mul x1, x1, x2
rounds:
    {"fadd s0, s0, s1;" * ADDITIONS}
    subs x1, x1, #1
    b.ne rounds
    mov x0, #0
    mov x8, #93
    svc #0
"""
LATENCY = {"neoverse-n1": 2, "cortex-a55": 4}
"""Cycles until a sum can be added to: Arm's optimisation guides of the two cores."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for tool in ("qemu-aarch64", "llvm-mca-22"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed: nothing can be priced here")
    folder = tmp_path_factory.mktemp("armcycles")
    (folder / "rounds.s").write_text(SOURCE)
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-musl", "-nostdlib", "-static"]
    subprocess.run([*compiler, str(folder / "rounds.s"), "-o", str(folder / "rounds")], check=True)
    return folder / "rounds"


def armcycles(*arguments: object, path: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "native" / "bench" / "armcycles"), *map(str, arguments)]
    environment = {**os.environ, "PATH": os.environ["PATH"] if path is None else path}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def price(*arguments: object) -> dict[str, object]:
    done = armcycles("--cpu", ",".join(LATENCY), *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[0])
    return found


@functools.cache
def plugin() -> Path:
    from tools import build_plugin

    return build_plugin()


def test_executions_are_counted_to_the_last(program: Path) -> None:
    from blocks import count_blocks

    counts = count_blocks([str(program), "one", "two"], plugin())
    assert sum(n * block.instructions for block, n in counts.items()) == 3 + 3 * LOOPS * (ADDITIONS + 2) + 3
    # The first round runs on from the start: the loop's own block is entered by its branch.
    assert 3 * LOOPS - 1 in counts.values()


def test_what_is_subtracted_leaves_the_rounds_between(program: Path, tmp_path: Path) -> None:
    found = price("--minus", program, "--remember", tmp_path / "known", "--", program, "more", "and", "more")
    assert found["instructions"] == 3 * LOOPS * (ADDITIONS + 2)
    # The models count the cycles until the last of their rounds has ended, a few more than those of the rounds.
    waits = {cpu: 3 * LOOPS * ADDITIONS * wait for cpu, wait in LATENCY.items()}
    assert found["cycles"] == pytest.approx(waits, rel=0.002)
    kept = len(list((tmp_path / "known").iterdir()))
    again = price("--minus", program, "--remember", tmp_path / "known", "--", program, "more", "and", "more")
    assert again == found and kept == len(list((tmp_path / "known").iterdir())) > 0


def test_the_dearest_block_is_shown_with_its_function(program: Path) -> None:
    done = armcycles("--cpu", "cortex-a55", "--top", 1, "--minus", program, "--", program, "more")
    shown = re.search(r"rounds: 1000 x (32.0\d) cycles = 100.0 % on cortex-a55\n", done.stdout)
    assert shown and done.stdout.count("fadd") == ADDITIONS


def test_a_program_that_fails_is_one_line(program: Path, tmp_path: Path) -> None:
    done = armcycles("--", tmp_path / "nothing")
    assert done.returncode == 1 and "exited with" in done.stderr.splitlines()[-1]


def test_missing_tools_are_one_line_with_their_packages(tmp_path: Path) -> None:
    done = armcycles("--", "program", path=str(tmp_path))
    assert done.returncode == 2 and done.stdout == ""
    line = "qemu-aarch64, llvm-mc-22, llvm-mca-22, llvm-nm-22 are missing: apt-get install qemu-user llvm-22"
    assert done.stderr == f"armcycles: {line}\n"


@pytest.mark.parametrize("script", ["bench_kernels", "bench_networks"])
def test_tables_that_can_not_be_modelled_are_named(script: str, tmp_path: Path) -> None:
    table = {"bench_kernels": "micro", "bench_networks": "modelled"}[script]
    command = [sys.executable, str(ROOT / "tests" / "bench" / f"{script}.py"), "--tables", table, "--no-build"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": str(tmp_path)})
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"SKIPPED {table}: qemu-aarch64, ") and done.stderr.count("\n") == 1
