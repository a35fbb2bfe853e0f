"""The history on disks that are full or read-only, and files that are none: the cause by its name, nothing thrown away.

The disks are real ones: tmpfs mounts in a namespace of the test's own.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from history_samples import make_run
from ubp_core.history import History, HistoryError, LayerFigures, opening, read_figures
from ubp_core.models import LoadedModel

LIMIT_S = 120

HEAD = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from history_samples import make_run
from ubp_core.cli.main import main
from ubp_core.history import History, HistoryError
here = Path(sys.argv[1]); path = here / "h.sqlite"

def fill():
    with open(here / "filler", "wb", buffering=0) as filler:
        try:
            while filler.write(bytes(1 << 12)):
                pass
        except OSError:
            pass

def seal():
    assert os.system(f"mount -o remount,ro '{here}'") == 0

def names():
    return sorted(entry.name for entry in here.iterdir())

def refused(deed):
    try:
        deed()
    except HistoryError as error:
        return str(error).removeprefix(f"{path}: ")
    raise SystemExit("not refused")
"""


@cache
def namespace() -> tuple[str, ...]:
    """The command before a program that may mount; () where none is allowed."""
    for command in (("unshare", "-m"), ("unshare", "-rm")):
        mount = [*command, "mount", "-t", "tmpfs", "none", "/tmp"]
        try:
            done = subprocess.run(mount, capture_output=True, timeout=LIMIT_S)
        except OSError:
            continue
        if done.returncode == 0:
            return command
    return ()


def on_disk(tmp_path: Path, script: str, size: str = "4m") -> subprocess.CompletedProcess[str]:
    """Runs a script that finds `here`, a new disk, and `path`, the history's place on it."""
    if not namespace():
        pytest.skip("no mount is allowed here: needs root, or user namespaces")
    mount = ["sh", "-c", 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"', "sh", size, str(tmp_path)]
    program = [sys.executable, "-c", HEAD + script, str(tmp_path), str(Path(__file__).parents[1])]
    done = subprocess.run([*namespace(), *mount, *program], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return done


OTHER_USER = """
import os, sys
from pathlib import Path
from ubp_core.history import History, HistoryError
import ubp_core.history.store
if os.getuid() == 0:
    os.setgroups([]); os.setresgid(12345, 12345, 12345); os.setresuid(12345, 12345, 12345)
try:
    History(Path(sys.argv[1]), reading=sys.argv[2] == "True")
except HistoryError as error:
    print(error)
"""

FULL = "the history can't be written: no space left on the disk"
READ_ONLY = "the history can't be written: the disk is read-only"


def test_a_disk_that_is_too_small_for_a_history(tmp_path: Path) -> None:
    done = on_disk(
        tmp_path, "print(refused(lambda: History(path)))\nassert main(['history', '--history', str(path)]) == 0", "64k"
    )
    assert done.stdout == f"{FULL}\n" and "the history is empty" in done.stderr


def test_a_full_disk_is_read_and_its_history_stays(tmp_path: Path) -> None:
    script = """
with History(path) as history:
    history.add(make_run())
fill()
before = path.read_bytes(), names()
for arguments in ([], ["show", "1"], ["compare", "1", "1"], ["export", "1"]):
    assert main(["history", *arguments, "--history", str(path)]) == 0
assert main(["history", "delete", "9", "--history", str(path)]) == 2
assert (path.read_bytes(), names()) == before, names()
print(refused(lambda: History(path).add(make_run(samples=50_000))))
(here / "filler").unlink()
with History(path) as history:
    assert history.add(make_run()) == 2 and len(history.list()) == 2
"""
    done = on_disk(tmp_path, script)
    assert "adb:X" in done.stdout and done.stdout.endswith(f"{FULL}\n"), done.stdout


def test_a_disk_that_fills_while_a_run_is_added(tmp_path: Path) -> None:
    script = """
with History(path) as history:
    history.add(make_run())
    fill()
    print(refused(lambda: [history.add(make_run(samples=50_000)) for _ in range(9)]))
    (here / "filler").unlink()
    assert [run.id for run in history.list()] == list(range(len(history.list()), 0, -1))
    history.add(make_run())
"""
    assert on_disk(tmp_path, script).stdout == f"{FULL}\n"


def test_a_read_only_disk_is_read(tmp_path: Path) -> None:
    script = """
with History(path) as history:
    history.add(make_run())
before = names()
seal()
for arguments in ([], ["show", "1"], ["export", "1"]):
    assert main(["history", *arguments, "--history", str(path)]) == 0
print(refused(lambda: History(path)))
print(refused(lambda: History(here / "new" / "h.sqlite")).partition("h.sqlite: ")[2])
assert main(["history", "delete", "1", "--history", str(path)]) == 2
assert names() == before
"""
    done = on_disk(tmp_path, script)
    assert done.stdout.endswith(f"\n{READ_ONLY}\n{READ_ONLY}\n")
    assert done.stderr == f"ubp: error: {tmp_path / 'h.sqlite'}: {READ_ONLY}\n" and "adb:X" in done.stdout


def test_a_log_on_a_read_only_disk_counts(tmp_path: Path) -> None:
    script = """
if os.fork() == 0:  # ends without closing: its run is in the log only
    history = History(path)
    history.connection.execute("PRAGMA wal_autocheckpoint = 0")
    history.add(make_run())
    os._exit(0)
assert os.wait()[1] == 0 and (here / "h.sqlite-wal").stat().st_size
(here / "h.sqlite-shm").unlink()
before = names()
seal()
with History(path, reading=True) as history:
    print([run.id for run in history.list()], history.get(1).run == make_run())
assert names() == before
"""
    assert on_disk(tmp_path, script).stdout == "[1] True\n"


def test_a_read_only_home_without_a_history(tmp_path: Path) -> None:
    script = """
os.environ |= {"HOME": str(here), "XDG_DATA_HOME": ""}
for variable in ("UBP_HISTORY", "UBP_HOME"):
    os.environ.pop(variable, None)
seal()
assert main(["history"]) == 0 and main(["history", "--json"]) == 0 and names() == []
"""
    done = on_disk(tmp_path, script)
    assert done.stdout == "[]\n" and done.stderr == "ubp: note: the history is empty: `ubp bench` fills it\n"


@pytest.mark.parametrize("reading", [True, False])
def test_what_can_not_be_a_history_is_named(tmp_path: Path, reading: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "file").write_text("text")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, words in (
        (Path(os.devnull), "it is no ordinary file: name a file"),
        (pipe, "it is no ordinary file: name a file"),
        (tmp_path, "it is a folder: name a file"),
        (tmp_path / "file", "is no database; move the file away to begin anew"),
        (tmp_path / "file" / "below", "the history can't be opened: Not a directory"),
        (tmp_path / "loop", "the history can't be opened: Too many levels of symbolic links"),
        (tmp_path / ("n" * 300), "the history can't be opened: File name too long"),
    ):
        with pytest.raises(HistoryError, match=words) as refusal:
            History(path, reading=reading)
        assert ("move the file away" in str(refusal.value)) == (path.name == "file" and path.is_file())
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.parametrize("reading", [True, False])
def test_a_file_without_permission(reading: bool) -> None:
    with TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        path = Path(folder) / "h"
        History(path).close()
        path.chmod(0)
        Path(folder).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", OTHER_USER, str(path), str(reading)], capture_output=True, text=True, timeout=LIMIT_S
        )
        Path(folder).chmod(0o755)
    words = "read: Permission denied" if reading else "written: no permission to write there"
    assert done.stdout == f"{path}: the history can't be {words}\n", done.stderr


@pytest.mark.parametrize("reading", [True, False])
def test_a_history_that_another_program_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reading: bool) -> None:
    path = tmp_path / "h"
    History(path).close()
    monkeypatch.setattr(opening, "WAIT_S", 0.0)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(HistoryError, match="another program holds the history"):
        History(path, reading=reading)
    holder.close()
    History(path, reading=reading).close()


@pytest.mark.parametrize("reading", [True, False])
def test_a_damaged_history_is_not_to_be_thrown_away(tmp_path: Path, reading: bool) -> None:
    path = tmp_path / "h"
    with History(path) as history:
        for _ in range(9):
            history.add(make_run(samples=2000))
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xa5" * 3996  # the first page but for its head: the tables' names
    path.write_bytes(data)
    with (
        pytest.raises(HistoryError, match="the history is damaged") as refusal,
        History(path, reading=reading) as history,
    ):
        history.list()
    assert "move the file away" not in str(refusal.value) and path.read_bytes() == bytes(data)


def test_nothing_is_made_or_changed_for_reading(tmp_path: Path) -> None:
    with History(tmp_path / "none" / "h", reading=True) as history:
        assert history.list() == []
        with pytest.raises(HistoryError, match="there is no run 1"):
            history.get(1)
        with pytest.raises(HistoryError, match="can't be read"):
            history.add(make_run())
    (tmp_path / "empty").touch()
    with History(tmp_path / "empty", reading=True) as history:
        assert history.list() == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["empty"] and not (tmp_path / "empty").stat().st_size
    model = LoadedModel("toy", "source", False, (), None)
    assert read_figures(model, "host", path=tmp_path / "none") == LayerFigures("host")
    with History(tmp_path / "h") as history:
        history.add(make_run())
    before = (tmp_path / "h").read_bytes()
    with History(tmp_path / "h", reading=True) as history:
        assert len(history.list()) == 1
        with pytest.raises(HistoryError):
            history.delete(1)
    assert (tmp_path / "h").read_bytes() == before and {e.name for e in tmp_path.iterdir()} == {"empty", "h"}
