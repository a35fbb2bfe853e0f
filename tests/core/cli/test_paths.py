"""`ubp paths`: what there is, how much it is, in every form; emptying the cache and nothing else."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from ubp_core.cli.main import main
from ubp_core.cli.paths import Place, places_table
from ubp_core.storage.cache import TAG, make_folder
from ubp_core.storage.folders import cache_folder, history_file, log_file, session_file

NAMES = ["history", "session", "recent", "tour", "log", "cache", "weights", "passing", "phone"]


@pytest.fixture(autouse=True)
def moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home for these tests, and a folder of temporary files that is empty."""
    for variable in ("UBP_HISTORY", "TORCH_HOME"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "passing").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "passing"))
    monkeypatch.setenv("UBP_HOME", str(tmp_path / "moved"))
    return tmp_path / "moved"


def fill(path: Path, size: int) -> None:
    """A file of this size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    """The places by name."""
    assert main(["paths", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return {place["name"]: place for place in found["places"]}


def test_nothing_is_there_and_nothing_is_made(moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = listed(capsys)
    assert list(places) == NAMES
    assert {name: place["exists"] for name, place in places.items()} == {**dict.fromkeys(NAMES, False), "phone": None}
    assert all(place["size_bytes"] is None for place in places.values()) and not moved.exists()
    assert str(places["phone"]["path"]).startswith("/data/local/tmp/")


def test_sizes_hold_what_belongs_to_a_file(moved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(history_file(), 1000)
    fill(history_file().with_name("history.sqlite-wal"), 280)
    fill(session_file(), 30)
    fill(session_file().with_name("last-session.refused-2.yaml"), 5)
    fill(log_file(), 0)
    make_folder(cache_folder() / "weights")
    fill(cache_folder() / "weights" / "w.pth", 9000)
    fill(tmp_path / "passing" / "ubp-bench-1" / "layers.ubp", 70)
    fill(tmp_path / "passing" / "other" / "theirs", 70)
    places = listed(capsys)
    tag = (cache_folder() / TAG).stat().st_size
    assert {name: (place["files"], place["size_bytes"]) for name, place in places.items()} == {
        "history": (2, 1280), "session": (2, 35), "recent": (0, None), "tour": (0, None), "log": (1, 0),
        "cache": (2, 9000 + tag), "weights": (1, 9000), "passing": (1, 70), "phone": (None, None),
    }  # fmt: skip
    assert main(["paths", "--csv"]) == 0
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert (rows["history"]["size"], rows["weights"]["size"], rows["log"]["size"]) == ("1.28 kB", "9.00 kB", "0 B")
    assert rows["recent"]["size"] == "-" and rows["session"]["path"] == str(session_file())


def test_where_the_weights_are_torch_s_they_are_said_to_be_shared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed(capsys)["weights"]["what"] == "downloaded weights: in the cache"
    monkeypatch.setenv("TORCH_HOME", "/torch")
    assert "torch's own folder" in str(listed(capsys)["weights"]["what"])


def test_cleaning_empties_the_cache_only(moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (history_file(), session_file(), log_file()):
        fill(path, 10)
    make_folder(cache_folder() / "weights")
    fill(cache_folder() / "weights" / "w.pth", 9000)
    kept = {path for path in moved.rglob("*") if path.is_file()} - {cache_folder() / "weights" / "w.pth"}
    assert main(["paths", "--clean", "cache"]) == 0
    assert capsys.readouterr().out == f"cache: removed 1 file, 9.00 kB are free again ({cache_folder()})\n"
    assert {path for path in moved.rglob("*") if path.is_file()} == kept
    assert main(["paths", "--clean", "cache", "--json"]) == 0
    record = {"name": "cache", "path": str(cache_folder()), "files": 0, "size_bytes": 0}
    assert json.loads(capsys.readouterr().out) == {"command": "paths", "cleaned": record}


@pytest.mark.parametrize("name", ["history", "Cache", "", "/", "cache/weights"])
def test_nothing_else_is_cleaned(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    fill(history_file(), 10)
    assert main(["paths", "--clean", name]) == 2
    assert capsys.readouterr().err == f"ubp: error: --clean {name}: is not emptied; what can be: cache\n"
    assert history_file().exists()


def test_a_cache_of_somebody_else_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    fill(cache_folder() / "theirs", 3)
    assert main(["paths", "--clean", "cache"]) == 2
    err = capsys.readouterr().err
    assert "is not emptied, for it is no cache of ubp-tui" in err and err.count("\n") == 1


@pytest.mark.parametrize(("width", "whole"), [(160, True), (80, True), (48, False)])
def test_paths_are_whole_where_they_fit_and_else_folded(moved: Path, width: int, whole: bool) -> None:
    places = [Place("session", "/home/somebody/.local/state/ubp-tui/last-session.yaml", "what it is " * 5, (), False)]
    console = Console(width=width, file=io.StringIO())
    console.print(places_table(places, width))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert (places[0].path in shown) == whole and ("what it is" in shown) == (width == 160)
    assert places[0].path in "".join(shown.split()).replace("notshown", " ") and "…" not in shown
