"""The history on disk: round trip, two processes, a writer killed in the middle, bad files, export, comparison."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ubp_core.benchmark import BenchRun, LayerResult, VariantResult
from ubp_core.history import Entry, History, HistoryError, compare_runs, default_path, to_csv, to_json
from ubp_core.history.schema import SCHEMA_VERSION

LIMIT_S = 60

OPENER = """
import sys
from pathlib import Path
from ubp_core.history import History
import ubp_core.history.store
print("ready", flush=True)
sys.stdin.readline()
History(Path(sys.argv[1])).close()
"""

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_history import make_run
from ubp_core.history import History
with History(Path(sys.argv[1])) as history:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[2])):
        print(history.add(make_run(samples=2000)), flush=True)
"""


def make_run(samples: int = 3, **changes: object) -> BenchRun:
    times = tuple(range(200, 200 + samples))
    dense = VariantResult("dense", "dense", 0, 0.0, "dense", "ok", "aa", times, 200, 201.0, 202, celsius_before=30.5)
    pruned = replace(
        VariantResult("bed N=4 s=0.75", "bed", 4, 0.75, "ubp", "ok", "aa", (100,) * samples, 100, 100.5, 101),
        notes=("clock -12 %",),
        file_bytes=10,
    )
    layers = (LayerResult('a, "b"\nÜ', "1x2x3x3", "1x4x3x3", (dense, pruned), ("few samples",)),)
    run = BenchRun(
        "adb:X",
        "adb",
        "latency",
        "Phone",
        started="2025-01-02T03:04:05+00:00",
        model="toy",
        settings={"threads": 1},
        facts={"model": "Phone", "abis": ["arm64-v8a"]},
        layers=layers,
        planned=(layers[0].layer, "second"),
        failure="cancelled",
        seconds=1.5,
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def start_writer(path: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(count), str(Path(__file__).parent)]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout and writer.stdout.readline() == "open\n"
    return writer


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    run = make_run(samples=5000)
    with History(tmp_path / "new" / "history.sqlite") as history:
        number = history.add(run)
    with History(tmp_path / "new" / "history.sqlite") as history:
        assert history.get(number) == Entry(number, run)
        (summary,) = history.list()
    assert (summary.id, summary.layers, summary.planned, summary.failure) == (number, 1, 2, "cancelled")


def test_newest_first_and_deleting(tmp_path: Path) -> None:
    with History(tmp_path / "h") as history:
        numbers = [history.add(make_run(model=name)) for name in "abc"]
        assert [summary.model for summary in history.list()] == ["c", "b", "a"]
        assert [summary.model for summary in history.list(limit=2)] == ["c", "b"]
        history.delete(numbers[1])
        assert [summary.model for summary in history.list()] == ["c", "a"]
        assert history.connection.execute("SELECT count(*) FROM samples").fetchone() == (4,)
        for action in (history.get, history.delete):
            with pytest.raises(HistoryError, match=f"there is no run {numbers[1]}"):
                action(numbers[1])
        assert history.add(make_run()) > numbers[2], "a number must never mean two runs"


def test_many_processes_make_the_file_at_once(tmp_path: Path) -> None:
    for attempt in range(3):
        command = [sys.executable, "-c", OPENER, str(tmp_path / f"h{attempt}")]
        openers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
        ]
        for opener in openers:
            assert opener.stdout and opener.stdout.readline() == "ready\n"
        for opener in openers:
            assert opener.stdin
            opener.stdin.write("go\n")
            opener.stdin.flush()
        for opener in openers:
            opener.communicate(timeout=LIMIT_S)
        assert [opener.returncode for opener in openers] == [0] * 4


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "h"
    writers = [start_writer(path, 20) for _ in range(2)]
    outputs = []
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        out, _ = writer.communicate(timeout=LIMIT_S)
        assert writer.returncode == 0
        outputs.append([int(line) for line in out.split()])
    assert sorted(outputs[0] + outputs[1]) == list(range(1, 41))
    with History(path) as history:
        assert len(history.list()) == 40
        assert history.get(17).run == make_run(samples=2000)


@pytest.mark.parametrize("after", [1, 2, 5, 9])
def test_a_writer_killed_in_the_middle_loses_nothing_that_it_reported(tmp_path: Path, after: int) -> None:
    path = tmp_path / "h"
    writer = start_writer(path, 100_000)
    assert writer.stdin and writer.stdout
    writer.stdin.write("go\n")
    writer.stdin.flush()
    reported = [int(writer.stdout.readline()) for _ in range(after)]
    writer.kill()  # most likely in the middle of the next one
    writer.wait(LIMIT_S)
    reported += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    writer.stdin.close()
    writer.stdout.close()
    with History(path) as history:
        assert history.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        numbers = [summary.id for summary in history.list()]
        assert set(reported) <= set(numbers) and len(numbers) <= len(reported) + 1
        assert all(history.get(number).run == make_run(samples=2000) for number in numbers)
        history.add(make_run())


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    with History(tmp_path / "h") as history:
        history.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(HistoryError, match="written by a newer ubp-tui"):
        History(tmp_path / "h")


def test_other_files_are_refused_and_not_changed(tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other"
    text.write_text("no database at all, but a long enough text " * 100)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(HistoryError, match="move the file away"):
        History(text)
    with pytest.raises(HistoryError, match="database of another program"):
        History(other)
    with pytest.raises(HistoryError, match="can't be opened"):
        History(text / "below a file")
    assert other.read_bytes() == before and text.read_text().startswith("no database")


@pytest.mark.parametrize(
    "damage",
    ["UPDATE run SET record = '{'", "UPDATE run SET record = '[]'", "UPDATE samples SET ns = x'00'",
     "UPDATE samples SET layer = layer + 7"],
)  # fmt: skip
def test_a_damaged_entry_is_named(tmp_path: Path, damage: str) -> None:
    with History(tmp_path / "h") as history:
        number = history.add(make_run())
        history.connection.execute(damage)
        with pytest.raises(HistoryError, match=f"run {number} is damaged"):
            history.get(number)


def test_where_the_file_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UBP_HISTORY", raising=False)
    assert default_path().parts[-2:] == ("ubp-tui", "history.sqlite")
    monkeypatch.setenv("UBP_HISTORY", str(tmp_path / "mine"))
    assert default_path() == tmp_path / "mine"


def test_export_holds_every_sample() -> None:
    entry = Entry(7, make_run(samples=4))
    lines = list(csv.DictReader(io.StringIO(to_csv([entry]))))
    assert [line["variant"] for line in lines] == ["dense", "bed N=4 s=0.75"]
    assert lines[0]["layer"] == 'a, "b"\nÜ' and lines[0]["samples_ns"] == "200 201 202 203"
    assert (lines[1]["run"], lines[1]["notes"]) == ("7", "clock -12 %")
    assert float(lines[1]["speedup_over_dense"]) == pytest.approx(2.015)
    (record,) = json.loads(to_json([entry]))["runs"]
    assert record.pop("id") == 7 and BenchRun.from_record(record) == entry.run


def test_two_entries_compared() -> None:
    first = make_run()
    faster = replace(first.layers[0].variants[1], median_ns=67.0, checksum="bb")
    layers = (replace(first.layers[0], variants=(first.layers[0].variants[0], faster), warnings=()),)
    second = replace(first, layers=layers, title="Other", failure="")
    result = compare_runs(Entry(1, first), Entry(2, second))
    assert [(v.label, v.ratio, v.same_output) for v in result.variants] == [
        ("dense", 1.0, True),
        ("bed N=4 s=0.75", 1.5, False),
    ]
    assert result.notes == (
        "device differs: Phone and Other",
        "the first run is not whole: cancelled",
        "the first run has warnings",
    )


def test_runs_without_times_have_no_ratio() -> None:
    run = make_run()
    untimed = replace(run.layers[0].variants[0], samples_ns=(), median_ns=None)
    other = replace(run, layers=(replace(run.layers[0], variants=(untimed,)),), figure="not timed")
    result = compare_runs(Entry(1, run), Entry(2, other))
    assert [v.ratio for v in result.variants] == [None]
    assert "figure differs: latency and not timed" in result.notes
    assert "1 variants are in one run only" in result.notes


@pytest.mark.parametrize("number", [0, -1, 1 << 63, -(1 << 63) - 1, 99999999999999999999])
def test_numbers_that_the_file_can_not_hold_are_no_runs(tmp_path: Path, number: int) -> None:
    with History(tmp_path / "h") as history:
        for action in (history.get, history.delete):
            with pytest.raises(HistoryError, match=f"there is no run {number}: ubp history lists what there is"):
                action(number)


def test_a_full_disk_is_called_by_its_name(tmp_path: Path) -> None:
    opener = "import sys; from pathlib import Path; from ubp_core.history import History; History(Path(sys.argv[1]))"
    script = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" -c "$3" "$1/h.sqlite"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path), sys.executable, opener]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.stderr.endswith("the history can't be written: no space left on the disk\n")


def ubp_history(path: Path, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "ubp_core.cli.main", "history", *arguments, "--history", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=LIMIT_S)
    return done.returncode, done.stdout, done.stderr


def test_json_and_escapes_of_the_command(tmp_path: Path) -> None:
    path = tmp_path / "h"
    assert json.loads(ubp_history(path, "list", "--json")[1]) == []
    with History(path) as history:
        history.add(make_run(title="\x1b[31mEvil", layers=()))
    assert [run["title"] for run in json.loads(ubp_history(path, "--json")[1])] == ["\x1b[31mEvil"]
    assert json.loads(ubp_history(path, "show", "1", "--json")[1])["id"] == 1
    for arguments in (("list",), ("show", "1")):
        _, out, _ = ubp_history(path, *arguments)
        assert "?[31mEvil" in out and "\x1b" not in out
    for arguments in (("compare", "1", "1", "--json"), ("show", "1", "--csv"), ("list", "--force")):
        code, out, err = ubp_history(path, *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1) and "has no effect" in err
