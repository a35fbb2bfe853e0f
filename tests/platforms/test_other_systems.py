"""Windows and macOS, as far as this system can stand in for them: what they lack is taken away."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "other_system.py"
LIMIT_S = 300
MODEL = ["mobilenet_v1", "--weights", "random", "--width", "0.25"]
LAYER = ["--layers", "blocks.5.pointwise"]
COMMANDS = (
    ["layers", *MODEL, "--csv"],
    ["select", *MODEL, "--layer", LAYER[1], "--json"],
    ["plan", *MODEL, "--sparsity", "0.5", "-o", "{system}.yaml"],
    ["pack", *MODEL, *LAYER, "-o", "{system}.ubp"],
    ["show", "{system}.ubp", "--json"],
    ["bench", *MODEL, *LAYER, "--device", "host", "--runs", "2", "--warmup", "0", "--csv"],
    ["history", "list", "--csv"],
)


def test_every_module_is_loaded_and_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UBP_HISTORY", str(tmp_path / "history.sqlite"))
    command = [sys.executable, str(PROGRAM), "win32,darwin", *map(json.dumps, COMMANDS)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} >= {"win32.ubp", "win32.yaml", "darwin.ubp", "darwin.yaml"}
    assert "host time, ARM64" in done.stdout  # of the Mac
