"""Nothing is written but where `ubp paths` says: real commands and the real app, with a home that is read-only."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

NETWORK = ("mobilenet_v1", "--weights", "random", "--width", "0.25", "--input-size", "32")
COMMANDS = (
    ("--version",),
    ("layers", *NETWORK),
    ("plan", *NETWORK),
    ("bench", *NETWORK, "--layers", "blocks.3.pointwise", "--methods", "bed", "--runs", "2", "--warmup", "0"),
    ("history",),
    ("history", "show", "1"),
    ("paths", "--clean", "cache"),
)
PATIENCE = 90.0
Snapshot = dict[str, tuple[int, int, int]]


class World:
    """A user whose home can't be written, with folders to see what else is."""

    def __init__(self, folder: Path) -> None:
        self.home, self.here, self.passing, self.moved = (folder / name for name in ("home", "here", "tmp", "moved"))
        for made in (self.home, self.here, self.passing):
            made.mkdir()
        (self.home / ".config").mkdir()
        (self.home / ".config" / "theirs").write_text("theirs")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "UBP_", "TORCH_"))}
        self.environment = {**kept, "HOME": str(self.home), "TMPDIR": str(self.passing), "UBP_HOME": str(self.moved)}
        self.environment |= {"PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm-256color"}
        for made in (self.home / ".config", self.home):
            made.chmod(0o555)  # root writes there all the same: what changed is looked for besides

    def outside(self) -> Snapshot:
        """Everything that is not below UBP_HOME: the home, the present folder, and what did not pass."""
        found = [path for top in (self.home, self.here) for path in (top, *top.rglob("*"))]
        found += self.passing.rglob("*")
        stats = {str(path): path.lstat() for path in found}
        return {path: (stat.st_mode, stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of `ubp`."""
        command = [sys.executable, "-m", "ubp_core.cli.main", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=self.here, capture_output=True, text=True, timeout=PATIENCE
        )

    def show_app(self) -> int:
        """Open the app, see the network, quit; its exit code."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        command = [sys.executable, "-m", "ubp_tui", *NETWORK]
        app = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=self.environment, cwd=self.here,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        try:
            self._read(master, app, b"of |w|")
            os.write(master, b"q")
            self._read(master, app, None)
            return app.wait(PATIENCE)
        finally:
            if app.poll() is None:
                app.kill()
                app.wait()
            os.close(master)

    def _read(self, master: int, app: subprocess.Popen[bytes], text: bytes | None) -> None:
        """Read what is drawn until this stands there; None: until the app has ended."""
        drawn, end = b"", time.monotonic() + PATIENCE
        while text not in drawn if text is not None else app.poll() is None:
            assert time.monotonic() < end, f"no {text!r} in {drawn[-3000:]!r}"
            if select.select([master], [], [], 0.2)[0]:
                with suppress(OSError):
                    drawn += os.read(master, 65536)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    for folder in (made.home, made.home / ".config"):
        folder.chmod(0o755)


def test_commands_write_below_the_folder_that_is_named(world: World) -> None:
    before = world.outside()
    for arguments in COMMANDS:
        done = world.run(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert world.outside() == before, arguments
    places = {place["name"]: place for place in json.loads(world.run("paths", "--json").stdout)["places"]}
    assert places["history"]["exists"] and places["history"]["path"] == str(world.moved / "data" / "history.sqlite")
    assert {path.name for path in world.moved.iterdir()} == {"data"}


def test_the_app_writes_below_the_folder_that_is_named(world: World) -> None:
    before = world.outside()
    assert world.show_app() == 0
    assert world.outside() == before
    kept = {str(path.relative_to(world.moved)) for path in world.moved.rglob("*") if path.is_file()}
    assert kept == {"state/last-session.yaml", "state/recent-models.json", "state/tour-seen", "log/ubp-tui.log"}
