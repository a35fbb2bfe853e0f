"""Data-parallel training in two real processes: the same masks on every rank, at every step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def test_masks_are_identical_on_all_ranks(tmp_path: Path) -> None:
    first, second = run_ranks(tmp_path)
    for one, other in zip(first["runs"], second["runs"], strict=True):
        assert one["masks"] == other["masks"]
        assert len(set(one["masks"])) >= 4, "masks must have changed on the way"
        assert one["weights"] == other["weights"]
        assert one["updates"] == other["updates"]
    assert first["error"].startswith("7: importance: every value must be finite")
    assert "failed on rank 0" in second["error"]


def run_ranks(folder: Path) -> list[dict[str, Any]]:
    """What both ranks report, started by torchrun."""
    worker = [str(HERE / "distributed_worker.py"), str(folder)]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", *worker]
    paths = [str(HERE.parent), *(path for path in sys.path if path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]
