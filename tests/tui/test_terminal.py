"""The real command in a real terminal (tmux): start, look, quit; the terminal is as it was before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
PATIENCE = 90.0


class Terminal:
    """A shell in a tmux server of its own."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        environment = {**os.environ, "PS1": "$ ", "PYTHONPATH": os.pathsep.join(sys.path)}
        environment.pop("NO_COLOR", None)
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "sh"]
        subprocess.run(command, env=environment, cwd=folder, check=True)

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(["tmux", "-S", self._socket, *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def type(self, line: str) -> None:
        self.tmux("send-keys", "-l", line)
        self.tmux("send-keys", "Enter")

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def modes(self) -> str:
        """Alternate screen, mouse reporting, cursor: what an app must put back."""
        return self.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").strip()

    def wait_for(self, text: str) -> str:
        end = time.monotonic() + PATIENCE
        while text not in (shown := self.screen()):
            assert time.monotonic() < end, f"no {text!r} in:\n{shown}"
            time.sleep(0.05)  # A poll of another process, bounded above.
        return shown

    def start(self, *arguments: str) -> None:
        words = " ".join([sys.executable, "-m", "ubp_tui", *arguments])
        self.type(f"clear; {words}; echo code=$?")

    def close(self) -> None:
        self.tmux("kill-server")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_start_explore_and_quit(terminal: Terminal, key: str) -> None:
    before = terminal.modes()
    terminal.start("mobilenet_v1", "--weights", "random", "--width", "0.25", "--method", "optimal")
    terminal.wait_for("RANDOM WEIGHTS")
    shown = terminal.wait_for("network keeps")
    assert "retained" in shown and "Layers" in shown
    assert terminal.modes() != before
    terminal.tmux("send-keys", "2")
    terminal.wait_for("Block map")
    terminal.tmux("send-keys", key)
    terminal.wait_for("code=0")
    assert terminal.modes() == before
    assert "Traceback" not in terminal.screen()


def test_quitting_while_the_model_loads(terminal: Terminal) -> None:
    before = terminal.modes()
    terminal.start("mobilenet_v1", "--weights", "random", "--width", "8")
    terminal.wait_for("Loading mobilenet_v1")
    terminal.tmux("send-keys", "q")
    terminal.wait_for("code=0")
    assert terminal.modes() == before


def test_a_model_that_does_not_load_leaves_its_line_on_stderr(terminal: Terminal) -> None:
    before = terminal.modes()
    terminal.start("missing.safetensors", ">out.txt")
    terminal.wait_for("can't be loaded")
    terminal.tmux("send-keys", "Enter")
    shown = terminal.wait_for("code=2")
    assert "ubp-tui: " in shown and "missing.safetensors" in shown and "Traceback" not in shown
    terminal.type("clear; wc -c <out.txt; rm out.txt; echo done")
    assert terminal.wait_for("done\n").split()[0] == "0"
    assert terminal.modes() == before
