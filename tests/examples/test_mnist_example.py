"""The example on MNIST: a run is repeatable, finished runs are kept, tables and picture come from them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "mnist"
sys.path.insert(0, str(FOLDER))

import experiment  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402

TIMES = ("selection_seconds", "cpu_seconds", "wall_seconds")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few steps instead of hundreds."""
    monkeypatch.setattr(experiment, "PRETRAIN_STEPS", 6)
    monkeypatch.setattr(experiment, "TUNE_STEPS", 6)
    monkeypatch.setattr(experiment, "GRADUAL", experiment.CubicSchedule(begin=1, end=4, every=1))


def test_the_table_has_every_method_seed_by_seed() -> None:
    tasks = run.all_tasks(5)
    assert len(tasks) == len(set(tasks)) == 5 * 2 * (1 + 2 * 3 * (1 + 2 * 4))
    assert [task.seed for task in tasks] == sorted(task.seed for task in tasks)


@pytest.mark.usefixtures("quick")
def test_runs_are_repeatable_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = [
        experiment.Task("small_resnet", "dense", 0, 0.0, "one-shot", 0),
        experiment.Task("small_resnet", "abp", 4, 0.8, "one-shot", 0),
        experiment.Task("small_resnet", "bed", 4, 0.8, "one-shot", 0),
        experiment.Task("small_resnet", "greedy", 8, 0.8, "gradual", 0),
    ]
    rows = [experiment.run_task(task, tmp_path) for task in tasks]
    again = experiment.run_task(tasks[3], tmp_path)
    assert without_times(again) == without_times(rows[3])
    assert [row["achieved_sparsity"] for row in rows] == pytest.approx([0, 0.8, 0.8, 0.8], abs=0.002)
    assert rows[2]["retained"] > rows[1]["retained"], "unaligned blocks keep more"
    file = tmp_path / "results.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"half": ')
    assert report.load_results(file, mend=True) == rows
    assert file.read_text().count("\n") == len(rows) and "half" not in file.read_text()
    monkeypatch.setattr("sys.argv", ["run.py", "--report", "--results", str(file), "--plot", str(tmp_path / "a.png")])
    assert run.main() == 0
    told = capsys.readouterr().out
    assert f"| small ResNet | one-shot | 4 | 0.8 | - | {100 * rows[1]['accuracy']:.2f} |" in told
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in TIMES}
