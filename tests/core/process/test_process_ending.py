"""SIGTERM and SIGHUP at any moment: nothing is left behind, and the exit code is the signal's.

Python hears of a signal where a function begins and where a call of a built-in one returns: a forked child gets it at
the n-th such place in what writes and tidies, for every n.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from ubp_core import atomic_file
from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.process import ending, leftovers
from ubp_core.process.ending import Ended, catching_signals, run_program
from ubp_core.process.leftovers import passing_folder

LIMIT_S = 120
TRACED = (atomic_file.__file__, leftovers.__file__, ending.__file__)
OLD, NEW = "old text", "new text " * 1000


def run_with_signal(number: int, at: int, work: Callable[[], int]) -> int:
    """The wait status of a forked child that gets a signal at its `at`-th moment in TRACED."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    code = 99
    try:
        os.close(2)
        leftovers._owner = os.getpid()
        for ended in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(ended, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        left = at

        def watch(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal left
            if event in ("call", "c_return") and frame.f_code.co_filename in TRACED:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), number)

        sys.setprofile(watch)
        code = run_program("test", work)
        sys.setprofile(None)
        code = code if left <= 0 else 100
    except KeyboardInterrupt:
        code = 130  # as the interpreter ends then
    finally:
        os._exit(code)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_signal_at_every_moment_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, overwrite: bool
) -> None:
    target, passing = tmp_path / "out" / "file.txt", tmp_path / "tmp"
    target.parent.mkdir()
    passing.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(passing))

    def work() -> int:
        with passing_folder("test-") as folder:
            write_text(folder / "part", NEW)
            write_atomically(target, lambda place: write_text(place, NEW), overwrite=overwrite)
        return 0

    found = set()
    for at in range(1, 10_000):
        if overwrite:
            target.write_text(OLD)
        else:
            target.unlink(missing_ok=True)
        status = run_with_signal(number, at, work)
        code = os.waitstatus_to_exitcode(status)
        if code == 100:
            break
        assert code in (128 + number, -number), f"moment {at}"
        assert list(passing.iterdir()) == [], f"moment {at}"
        assert {entry.name for entry in target.parent.iterdir()} <= {"file.txt"}, f"moment {at}"
        text = target.read_text() if target.exists() else ""
        assert text in (OLD if overwrite else "", NEW), f"moment {at}"
        found.add((code, text))
    assert at > 40 and {(128 + number, NEW), (128 + number, OLD if overwrite else "")} <= found


def test_a_second_signal_does_not_wait_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def work() -> int:
        with passing_folder("test-") as folder:
            (folder / "part").touch()
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os.kill(os.getpid(), signal.SIGHUP)
                threading.Event().wait()
        return 0

    assert os.waitstatus_to_exitcode(run_with_signal(signal.SIGTERM, 0, work)) == 129
    assert list(tmp_path.iterdir()) == []


def test_a_signal_in_a_destructor_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    class Deaf:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(9):  # where the handler runs
                pass

    def work() -> int:
        with passing_folder("test-"):
            deaf = Deaf()
            del deaf
        return 0

    assert os.waitstatus_to_exitcode(run_with_signal(signal.SIGTERM, 0, work)) == 143
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["n" * 255, "\u00e9" * 127, "\U0001f600" * 63])
def test_the_longest_name_that_a_folder_holds_can_be_written(tmp_path: Path, name: str) -> None:
    write_atomically(tmp_path / name, lambda place: write_text(place, NEW))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_is_too_long_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / ("n" * 256)

    def work() -> int:
        write_atomically(target, lambda place: write_text(place, NEW), overwrite=False)
        return 0

    assert run_program("test", work) == 2
    assert capsys.readouterr().err == f"test: error: {target}: File name too long\n"
    assert list(tmp_path.iterdir()) == []


def test_signals_that_are_ignored_stay_so_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with catching_signals():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN and signal.getsignal(signal.SIGTERM) != before
            with pytest.raises(Ended):
                os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) == before
    finally:
        signal.signal(signal.SIGHUP, ignored)


def test_a_forked_child_takes_nothing_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with catching_signals(), passing_folder("test-") as folder:
        child = os.fork()
        if child == 0:
            try:
                leftovers.remove_leftovers()
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
        assert folder.is_dir()


def test_programs_end_with_the_process() -> None:
    code = """
import os, signal, sys
from ubp_core.devices.device import Limits
from ubp_core.devices.local_session import LocalSession
from ubp_core.process.ending import run_program
def end_twice(line):
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
def work():
    stubborn = "trap '' TERM; echo ready >&2; while :; do sleep 1; done"
    LocalSession("host").execute(["sh", "-c", stubborn], Limits(), end_twice)
sys.exit(run_program("test", work))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 143, done.stderr  # and whoever still had stderr open would have kept this waiting
