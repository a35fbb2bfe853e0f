"""Histories of other versions: older ones, written by their own code, are brought up to date; newer ones stay as they
are, and what would be kept there is still done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from history_samples import make_newer, make_older, make_run
from ubp_core.benchmark import BenchRun
from ubp_core.cli.bench.command import keep
from ubp_core.cli.main import main
from ubp_core.history import History, HistoryError
from ubp_core.history.schema import SCHEMA_VERSION, STEPS, read_version
from ubp_core.models import Layer

OLDER = range(1, SCHEMA_VERSION)


def medians(run: BenchRun) -> list[float | None]:
    """Of all variants of all layers."""
    return [variant.median_ns for layer in run.layers for variant in layer.variants]


def content(version: int) -> dict[int, list[float | None]]:
    """What the older files hold: medians by number of the run."""
    if version == 1:
        return {1: [201.0, 100.5], 2: [201.0, 100.5]}
    return {1: [1000.0, 400.0, 1001.0, 401.0], 2: [900.0, 300.0, 901.0, 301.0]}


def read_all(history: History) -> dict[int, list[float | None]]:
    """The same of an open history."""
    return {entry.id: medians(history.get(entry.id).run) for entry in history.list()}


def test_every_older_version_has_a_file_here() -> None:
    folder = Path(__file__).with_name("older")
    assert sorted(path.stem for path in folder.iterdir()) == [f"version_{version}" for version in OLDER]
    assert len(STEPS) == SCHEMA_VERSION


@pytest.mark.parametrize("version", OLDER)
def test_an_older_history_is_read_and_stays_as_it_is(tmp_path: Path, version: int) -> None:
    path = tmp_path / "h"
    make_older(path, version)
    before = path.read_bytes()
    samples_ns = (200, 201, 202, 203, 204) if version == 1 else (1,)
    with History(path, reading=True) as history:
        assert read_all(history) == content(version)
        assert history.get(1).run.layers[0].variants[0].samples_ns == samples_ns
    assert path.read_bytes() == before and [entry.name for entry in tmp_path.iterdir()] == ["h"]


@pytest.mark.parametrize("version", OLDER)
def test_an_older_history_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = tmp_path / "h"
    make_older(path, version)
    with History(path) as history:
        assert read_version(history.connection) == SCHEMA_VERSION and read_all(history) == content(version)
        assert history.add(make_run()) == 3
        history.delete(1)
        plan = history.connection.execute("EXPLAIN QUERY PLAN SELECT 1 FROM figure WHERE run_id = 1").fetchall()
        assert "figure_of_run" in plan[0][-1]
    with History(path) as history:
        assert list(read_all(history)) == [3, 2] and read_all(history)[2] == content(version)[2]


def test_figures_that_an_older_version_kept_are_found(tmp_path: Path) -> None:
    make_older(tmp_path / "h", 2)
    conv = Layer("conv", "conv", np.ones((8, 4, 1, 1), np.float32), output_hw=(5, 6))
    with History(tmp_path / "h") as history:
        found = history.newest_figures("toy", [conv])
        assert (found.of("conv"), found.of("conv", "bed", 4, 0.75)) == (900.0, 300.0)


@pytest.mark.parametrize("reading", [True, False])
def test_a_newer_history_stays_as_it_is(tmp_path: Path, reading: bool) -> None:
    path = tmp_path / "h"
    make_newer(path)
    before = path.read_bytes()
    with pytest.raises(HistoryError) as refusal:
        History(path, reading=reading)
    forms = f"(form {SCHEMA_VERSION + 1}, this one knows {SCHEMA_VERSION})"
    assert str(refusal.value) == (
        f"{path}: written by a newer ubp-tui {forms} and left as it is; update ubp-tui, or name another history in "
        "UBP_HISTORY"
    )
    assert path.read_bytes() == before and [entry.name for entry in tmp_path.iterdir()] == ["h"]


def test_a_benchmark_that_can_not_be_kept_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_newer(tmp_path / "h")
    monkeypatch.setenv("UBP_HISTORY", str(tmp_path / "h"))
    assert keep((make_run(), make_run())) == [None, None]
    note = capsys.readouterr().err
    assert note.startswith("ubp: note: not kept: ") and "update ubp-tui" in note and note.count("\n") == 1
    assert main(["history"]) == 2
    assert "update ubp-tui" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("home", "words"),
    [("/proc/none", "the history can't be written: No such file or directory"), ("nowhere", "need a whole path")],
)
def test_nor_is_one_where_the_folder_can_not_be_used(
    home: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("UBP_HISTORY", raising=False)
    monkeypatch.setenv("UBP_HOME", home)
    assert keep((make_run(),)) == [None]
    note = capsys.readouterr().err
    assert note.startswith("ubp: note: not kept: ") and words in note and note.count("\n") == 1
