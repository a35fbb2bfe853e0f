"""Programs on this machine: both streams, time limits, cancelling; nothing is left of them, on Windows' ways too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from ubp_core.devices.device import Execution, Limits, OnLine
from ubp_core.devices.errors import DeviceError, RunCancelled
from ubp_core.devices.local_session import LocalSession

LONG = 60
MANY_LINES = 30_000
WAITS = f"import sys, time; print('ready', file=sys.stderr, flush=True); time.sleep({LONG})"
FAMILY = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep({LONG})"])
print(child.pid, file=sys.stderr, flush=True)
child.wait()
"""


def execute(program: str, limits: Limits, on_line: OnLine | None = None, cancel: Event | None = None) -> Execution:
    return LocalSession("host").execute([sys.executable, "-c", program], limits, on_line, cancel)


def is_running(number: int) -> bool:
    """Whether a process is there, and is not only remembered by a parent that doesn't ask for it."""
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for_end(number: int) -> None:
    until = time.monotonic() + LONG
    while is_running(number):
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture(params=["posix", "windows"])
def system(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yields the log of `taskkill`. On Windows' ways groups have no signals: that program ends the tree."""
    log = tmp_path / "log"
    if request.param == "windows":
        program = tmp_path / "System32" / "taskkill.exe"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\necho "$@" >> {log}\nkill -9 -$4\n', encoding="utf-8")
        program.chmod(0o755)
        start = subprocess.Popen

        def start_there(command: Any, creationflags: int = 0, **options: Any) -> subprocess.Popen[bytes]:
            assert "start_new_session" not in options
            return start(command, start_new_session=creationflags & 0x200 != 0, **options)

        monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
        monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
        monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x8000000, raising=False)
        monkeypatch.setattr(subprocess, "Popen", start_there)
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.delattr(os, "killpg")
        monkeypatch.delattr(signal, "SIGKILL")
    before = threading.enumerate()
    yield log
    assert threading.enumerate() == before


def test_both_streams_are_read_side_by_side(system: Path) -> None:
    lines: list[str] = []
    program = f"""
import sys
for number in range({MANY_LINES}):
    print(number, "out")
    print(number, "err", file=sys.stderr)
print("last", end="", file=sys.stderr)
sys.exit(7)
"""

    def on_line(line: str) -> float | None:
        lines.append(line)
        return None if line.startswith(("0 ", "last")) else 1.0

    done = execute(program, Limits(), on_line)
    assert (done.exit_code, done.timed_out, done.stderr) == (7, False, "0 err\nlast")
    assert done.stdout.decode().splitlines() == [f"{number} out" for number in range(MANY_LINES)]
    assert lines == [*(f"{number} err" for number in range(MANY_LINES)), "last"]


def test_a_program_that_cannot_be_started_says_why(system: Path) -> None:
    with pytest.raises(DeviceError, match="host: no-such-program can't be started: No such file"):
        LocalSession("host").execute(["no-such-program"], Limits())


def test_cancelling_ends_all_that_the_program_started(system: Path) -> None:
    cancel, numbers = Event(), list[int]()

    def on_line(line: str) -> None:
        numbers.append(int(line))
        cancel.set()

    with pytest.raises(RunCancelled, match="host: cancelled; its program is gone"):
        execute(FAMILY, Limits(), on_line, cancel)
    wait_for_end(numbers[0])
    assert not system.exists() or system.read_text(encoding="utf-8").startswith("/F /T /PID ")


def test_a_program_that_takes_too_long_is_ended_and_what_it_said_stays(system: Path) -> None:
    done = execute(WAITS, Limits(total_s=0.5))
    assert done.timed_out and done.exit_code == 124


def test_a_program_that_is_silent_hangs(system: Path) -> None:
    with pytest.raises(DeviceError, match=r"the program hangs .* its program is gone"):
        execute(WAITS, Limits(quiet_s=0.5))


def test_whoever_follows_may_fail_and_the_program_ends(system: Path) -> None:
    numbers: list[int] = []

    def on_line(line: str) -> None:
        numbers.append(int(line))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        execute(FAMILY, Limits(), on_line)
    wait_for_end(numbers[0])


def test_a_program_that_a_signal_ended_has_its_number() -> None:
    assert execute("import os; os.kill(os.getpid(), 11)", Limits()).exit_code == 128 + 11


def test_a_process_that_has_left_the_group_keeps_nobody_waiting() -> None:
    cancel, numbers = Event(), list[int]()
    deserter = FAMILY.replace("])\n", "], start_new_session=True)\n", 1)

    def on_line(line: str) -> None:
        numbers.append(int(line))
        cancel.set()

    try:
        with pytest.raises(RunCancelled):
            execute(deserter, Limits(), on_line, cancel)
        assert is_running(numbers[0])  # with both pipes in its hands
    finally:
        os.kill(numbers[0], signal.SIGKILL)
