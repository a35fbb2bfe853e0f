"""A terminal that is closed: the app ends and keeps the session, also where no signal tells it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shlex
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from ubp_tui.session.file import load_session
from ubp_tui.terminal.driver import ForgivingFile

PATIENCE = 90.0
SIZE = (30, 100)


class Closable:
    """A shell that runs the app on a terminal which is nobody's controlling terminal: closing it sends no signal."""

    def __init__(self, folder: Path, *arguments: str, program: Sequence[str] = ("-m", "ubp_tui")) -> None:
        self.folder = folder
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        command = shlex.join([sys.executable, *program, "mobilenet_v1", "--weights", "random", *arguments])
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path)}
        environment["UBP_HOME"] = str(folder / "kept")
        environment["TMPDIR"] = str(folder)
        (folder / "kept" / "state").mkdir(parents=True)
        (folder / "kept" / "state" / "tour-seen").touch()
        self.shell = subprocess.Popen(
            ["sh", "-c", f"{command}; echo $? >code"],
            stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=folder, start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def wait_for(self, text: str) -> None:
        """Read until a text was drawn."""
        shown, end = b"", time.monotonic() + PATIENCE
        while text.encode() not in shown:
            assert time.monotonic() < end, f"no {text!r} in {shown[-3000:]!r}"
            if select.select([self._master], [], [], 0.2)[0]:
                shown += os.read(self._master, 65536)

    def press(self, key: str) -> None:
        """A key."""
        os.write(self._master, key.encode())

    def wait(self) -> int:
        """Read what is drawn until the app has ended; its exit code."""
        end = time.monotonic() + PATIENCE
        while self.shell.poll() is None:
            assert time.monotonic() < end, "the app does not end"
            if select.select([self._master], [], [], 0.2)[0]:
                with suppress(OSError):
                    os.read(self._master, 65536)
        return int((self.folder / "code").read_text())

    def hang_up(self) -> int:
        """Close the terminal; the app's exit code."""
        os.close(self._master)
        self.shell.wait(PATIENCE)
        return int((self.folder / "code").read_text())

    def kill(self) -> None:
        """End what is left after a failure."""
        if self.shell.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.shell.pid, 9)
            self.shell.wait()


@pytest.fixture
def started() -> Iterator[list[Closable]]:
    every: list[Closable] = []
    yield every
    for each in every:
        each.kill()


def test_a_lost_terminal_ends_the_app_and_keeps_the_session(tmp_path: Path, started: list[Closable]) -> None:
    terminal = Closable(tmp_path, "--width", "0.25", "--method", "optimal", "--session", "here.yaml")
    started.append(terminal)
    terminal.wait_for("of |w|")
    assert terminal.hang_up() == 129
    kept = load_session(tmp_path / "here.yaml")
    assert kept.spec.name == "mobilenet_v1" and kept.choices.default.method == "optimal"


def test_a_terminal_lost_while_the_model_loads(tmp_path: Path, started: list[Closable]) -> None:
    terminal = Closable(tmp_path, "--width", "8")
    started.append(terminal)
    terminal.wait_for("mobilenet_v1")
    assert terminal.hang_up() == 129


def test_writes_to_a_lost_terminal_are_dropped() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as pipe:
        forgiving = ForgivingFile(pipe)
        assert forgiving.write("line\n") == 5
        forgiving.flush()
        with suppress(OSError):
            pipe.close()


STUCK_PACKING = """
import sys, threading
from pathlib import Path
from ubp_tui import main
from ubp_tui.bench import job as bench_job
def pack(job, options, on_layer, cancel):  # as torch.export: looks at no cancel, and takes long
    Path(job.folder, "half.ubp").write_text("half")
    on_layer("PACKING-BEGAN", 1)
    threading.Event().wait()
bench_job.PackedJob.pack = pack
sys.exit(main.main())
"""


def test_leaving_does_not_wait_for_packing(tmp_path: Path, started: list[Closable]) -> None:
    terminal = Closable(tmp_path, "--width", "0.25", "--session", "here.yaml", program=("-c", STUCK_PACKING))
    started.append(terminal)
    terminal.wait_for("of |w|")
    terminal.press("B")
    terminal.wait_for("PACKING-BEGAN")
    assert list(tmp_path.glob("ubp-tui-*/half.ubp"))
    terminal.press("q")
    terminal.wait_for("A benchmark is under way")
    terminal.press("q")
    assert terminal.wait() == 0
    assert load_session(tmp_path / "here.yaml").spec.name == "mobilenet_v1"
    assert not list(tmp_path.glob("ubp-tui-*")), "files that go with the process"
