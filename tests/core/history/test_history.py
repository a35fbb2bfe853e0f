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

from history_samples import make_run
from ubp_core.benchmark import BenchRun
from ubp_core.history import Entry, History, HistoryError, compare_runs, to_csv, to_json

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
from history_samples import make_run
from ubp_core.history import History
with History(Path(sys.argv[1])) as history:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[2])):
        print(history.add(make_run(samples=2000)), flush=True)
"""


def start_writer(path: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(count), str(Path(__file__).parents[1])]
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


def in_half(run: BenchRun) -> BenchRun:
    """The same run in fp16."""
    (layer,) = run.layers
    halves = tuple(replace(one, label=f"{one.label} fp16", dtype="fp16", checksum="cc") for one in layer.variants)
    return replace(run, layers=(replace(layer, variants=halves),))


def test_other_types_are_compared_only_where_there_is_no_same_one_and_it_is_said() -> None:
    run = make_run()
    half = in_half(run)
    result = compare_runs(Entry(1, run), Entry(2, half))
    assert [v.label for v in result.variants] == ["dense fp32/fp16", "bed N=4 s=0.75 fp32/fp16"]
    assert "type differs: 2 ratios are between fp32 and fp16" in result.notes
    back = compare_runs(Entry(2, half), Entry(1, run))
    assert [v.label for v in back.variants] == ["dense fp16/fp32", "bed N=4 s=0.75 fp16/fp32"]
    both = replace(run, layers=(replace(run.layers[0], variants=(*run.layers[0].variants, *half.layers[0].variants)),))
    for one, other in ((both, half), (half, both)):
        result = compare_runs(Entry(1, one), Entry(2, other))
        assert [v.label for v in result.variants] == ["dense fp16", "bed N=4 s=0.75 fp16"]
        assert not any("type differs" in note for note in result.notes)
        assert "2 variants are in one run only" in result.notes


def test_lists_and_exports_say_the_types(tmp_path: Path) -> None:
    with History(tmp_path / "h") as history:
        for run in (make_run(), in_half(make_run())):
            history.add(run)
        assert [line.dtypes for line in history.list()] == [("fp16",), ("fp32",)]
        text = to_csv([history.get(1), history.get(2)])
    assert [line["dtype"] for line in csv.DictReader(io.StringIO(text))] == ["fp32", "fp32", "fp16", "fp16"]


def test_runs_without_times_have_no_ratio() -> None:
    run = make_run()
    untimed = replace(run.layers[0].variants[0], samples_ns=(), median_ns=None)
    other = replace(run, layers=(replace(run.layers[0], variants=(untimed,)),), figure="not timed")
    result = compare_runs(Entry(1, run), Entry(2, other))
    assert [v.ratio for v in result.variants] == [None]
    assert "figure differs: latency and not timed" in result.notes
    assert "1 variant is in one run only" in result.notes


@pytest.mark.parametrize("number", [0, -1, 1 << 63, -(1 << 63) - 1, 99999999999999999999])
def test_numbers_that_the_file_can_not_hold_are_no_runs(tmp_path: Path, number: int) -> None:
    with History(tmp_path / "h") as history:
        for action in (history.get, history.delete):
            with pytest.raises(HistoryError, match=f"there is no run {number}: ubp history lists what there is"):
                action(number)


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
    code, out, err = ubp_history(path, "list", "--force")
    assert (code, out) == (2, "") and "unrecognized arguments: --force" in err


FORMS = ("--json", "--csv", "--markdown")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_empty_history(tmp_path: Path, form: str) -> None:
    code, out, _ = ubp_history(tmp_path / "none", "list", form)
    titles = "run,started,device,what,model,layer,N,sparsity,type,layers,figures,ended"
    assert (code, out.strip()) == (0, {"--json": "[]", "--csv": titles, "--markdown": ""}[form])
    assert list(tmp_path.iterdir()) == [], "nothing is made for reading"


def test_lists_say_what_ran_in_every_form(tmp_path: Path) -> None:
    path = tmp_path / "h"
    with History(path) as history:
        first, second = (history.add(make_run(failure="", model=name)) for name in ("a [b", "c|d"))
    runs = json.loads(ubp_history(path, "--json")[1])
    assert [run["id"] for run in runs] == [second, first] and runs[0]["layer_names"] == ['a, "b"\nÜ', "second"]
    assert [runs[0][key] for key in ("methods", "block_sizes", "sparsities")] == [["bed"], [4], [0.75]]
    rows = list(csv.DictReader(io.StringIO(ubp_history(path, "--csv")[1])))
    assert [(row["run"], row["N"], row["sparsity"]) for row in rows] == [("2", "4", "0.75"), ("1", "4", "0.75")]
    assert rows[0]["layer"] == 'a, "b"?Ü +1' and rows[0]["model"] == "c|d"
    code, out, _ = ubp_history(path, "--markdown")
    table = [line for line in out.splitlines() if line.startswith("|")]
    assert code == 0 and len(table) == 4 and set(table[1]) <= set("|-: ")
    compared = json.loads(ubp_history(path, "compare", "1", "2", "--json")[1])
    assert [variant["first_ns"] for variant in compared["variants"]] == [201.0, 100.5]
    for form in FORMS[1:]:
        for arguments in (("show", "1"), ("compare", "1", "2")):
            code, out, err = ubp_history(path, *arguments, form)
            assert (code, err) == (0, "") and "bed N=4 s=0.75" in out


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [3, 2, 1]),
        ({"model": "mobilenet_v1"}, [2, 1]),
        ({"model": "mobilenet_v1 (width 0.25)"}, [2]),
        ({"model": "MOBILE*"}, [2, 1]),
        ({"model": "mobilenet"}, []),
        ({"layer": "blocks[3].conv"}, [1]),
        ({"layer": "blocks*"}, [2, 1]),
        ({"layer": "second"}, [3, 2, 1]),
        ({"device": "host"}, [3]),
        ({"device": "phone"}, [2, 1]),
        ({"since": "2025-06-01"}, [3, 2]),
        ({"since": "2025-06-01T00:00:01"}, [3]),
        ({"since": "2025-06-01T02:00:00+02:00"}, [3, 2]),
        ({"since": "2025-02-01", "device": "adb:X"}, [2]),
    ],
)
def test_filters_of_lists_and_exports(tmp_path: Path, options: dict[str, str], kept: list[int]) -> None:
    path = tmp_path / "h"
    layer = make_run().layers[0]
    with History(path) as history:
        history.add(make_run(model="mobilenet_v1", layers=(replace(layer, layer="blocks[3].conv"),)))
        history.add(make_run(model="mobilenet_v1 (width 0.25)", layers=(replace(layer, layer="blocks3.conv"),),
                             started="2025-06-01T00:00:00+00:00"))  # fmt: skip
        history.add(make_run(model="other", device="host", title="PC", started="2025-07-01T00:00:00+00:00"))
        history.connection.execute("UPDATE run SET started = 'damaged' WHERE id > 3")
    arguments = [f"--{name}={value}" for name, value in options.items()]
    assert [run["id"] for run in json.loads(ubp_history(path, "list", "--json", *arguments)[1])] == kept
    exported = json.loads(ubp_history(path, "export", *arguments)[1])["runs"]
    assert [run["id"] for run in exported] == kept[::-1]
    if not kept:
        assert "none of the 3 runs is one of these" in ubp_history(path, *arguments)[2]


def test_options_that_would_have_no_effect_or_no_sense(tmp_path: Path) -> None:
    path = tmp_path / "h"
    with History(path) as history:
        history.add(make_run())
    for arguments, words in (
        (("export", "1", "--model", "x"), "--model: the runs are named by their numbers"),
        (("--since", "yesterday"), "need a day as 2026-01-31"),
        (("show", "1", "2"), "unrecognized arguments: 2"),
        (("show",), "required: ID"),
        (("show", "x"), "need a run's number"),
        (("compare", "1"), "arguments are required: ID"),
        (("compare", "1", "7"), "there is no run 7: ubp history lists what there is"),
        (("export", "1", "7"), "there is no run 7"),
        (("delete", "1", "7"), "there is no run 7"),
        (("delete", "-1"), ""),
    ):
        code, out, err = ubp_history(path, *arguments)
        assert (code, out) == (2, "") and words in err
    with History(path, reading=True) as history:
        assert len(history.list()) == 1, "one wrong number, and none of them is deleted"
    assert ubp_history(path, "delete", "1", "1")[::2] == (0, "ubp: note: deleted run 1\n")


def test_digits_and_plurals(tmp_path: Path) -> None:
    path = tmp_path / "h"
    with History(path) as history:
        history.add(make_run())
        slow = replace(make_run().layers[0].variants[1], median_ns=147.361)
        history.add(make_run(layers=(replace(make_run().layers[0], variants=(slow,)),)))
    rows = list(csv.DictReader(io.StringIO(ubp_history(path, "compare", "1", "2", "--csv")[1])))
    assert [row["ratio"] for row in rows] == ["0.68x"]
    assert "1 variant is in one run only" in ubp_history(path, "compare", "1", "2")[1]
    for numbers, words in (("1",), "1 run"), (("1", "2"), "2 runs"):
        _, _, err = ubp_history(path, "export", *numbers, "-o", str(tmp_path / "o.json"), "--force")
        assert err == f"ubp: note: wrote {words} to {tmp_path / 'o.json'}\n"
