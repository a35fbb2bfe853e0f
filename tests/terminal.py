"""A shell in a real terminal (tmux), of any size."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

PATIENCE = 90.0
"""Seconds that a text is waited for."""


class Terminal:
    """In a tmux server of its own."""

    def __init__(self, folder: Path, variables: Mapping[str, str], size: tuple[int, int] = (100, 30)) -> None:
        """Args: where it begins, its environment beside that of the tests, columns and lines."""
        self._socket = str(folder / "tmux")
        environment = {**os.environ, "PS1": "$ ", **variables}
        environment.pop("NO_COLOR", None)
        columns, lines = map(str, size)
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines, "sh"]
        subprocess.run(command, env=environment, cwd=folder, check=True)

    def tmux(self, *arguments: str) -> str:
        """One command of tmux."""
        done = subprocess.run(["tmux", "-S", self._socket, *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def type(self, line: str) -> None:
        """A line and enter."""
        self.tmux("send-keys", "-l", line)
        self.tmux("send-keys", "Enter")

    def screen(self) -> str:
        """What stands on it."""
        return self.tmux("capture-pane", "-p")

    def modes(self) -> str:
        """Alternate screen, mouse reporting, cursor: what an app must put back."""
        return self.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").strip()

    def wait_for(self, text: str, limit_s: float = PATIENCE) -> str:
        """The screen, once a text stands on it."""
        end = time.monotonic() + limit_s
        while text not in (shown := self.screen()):
            assert time.monotonic() < end, f"no {text!r} in:\n{shown}"
            time.sleep(0.05)  # A poll of another process, bounded above.
        return shown

    def find_child(self) -> int:
        """Process number of the command that the shell runs."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        done = subprocess.run(["ps", "-o", "pid=", "--ppid", shell], capture_output=True, text=True, check=True)
        return int(done.stdout.split()[0])

    def close(self) -> None:
        """Ends the shell and what it runs."""
        self.tmux("kill-server")
