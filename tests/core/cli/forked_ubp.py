"""`ubp` again and again from one process that has imported everything: a start of its own takes seconds, most of them
for importing torch. A child has its folder, environment and streams like a fresh process, and ends like one.

Run as a program this is that process: a JSON line asks for a start, a JSON line answers with the wait status.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO

CLOSED, FULL, NOTHING = "closed", "/dev/full", "/dev/null"
"""What a stream may be besides a file."""
LOST = 120
"""Exit code of an interpreter that can't write what was printed."""
_FREE = 10
"""Descriptors from here on are nobody's standard streams."""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    """Exit code; below 0 the signal that ended it."""
    stdout: str
    """What it printed; empty where that went elsewhere."""
    stderr: str


class ForkedUbp:
    """The process that has imported everything."""

    def __init__(self, folder: Path) -> None:
        """Args: for files that take what commands print."""
        self._folder = folder
        command = [sys.executable, __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdin: str = NOTHING,
        stdout: str = "",
        stderr: str = "",
    ) -> Done:
        """Run a command to its end.

        Args:
            arguments: behind `ubp`.
            cwd, env: its folder and whole environment.
            stdin, stdout, stderr: CLOSED, FULL or NOTHING; without, what is printed is kept.
        """
        kept = [self._folder / "stdout", self._folder / "stderr"]
        for path in kept:
            path.write_bytes(b"")
        streams = [stdin, stdout or str(kept[0]), stderr or str(kept[1])]
        job = {"arguments": [*arguments], "cwd": str(cwd), "env": {**env}, "streams": streams}
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        code = os.waitstatus_to_exitcode(json.loads(self._process.stdout.readline()))
        return Done(code, *(path.read_bytes().decode() for path in kept))

    def close(self) -> None:
        """End it."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve() -> None:
    """Fork a child for every line."""
    import torchvision  # noqa: F401 (what most commands load)

    from ubp_core.cli.main import ACTIONS, COMMANDS, command_module

    for name in (*COMMANDS, *ACTIONS):
        command_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(json.loads(line))
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


def become(job: dict[str, Any]) -> NoReturn:
    """In the child: be a fresh process, and end with the command."""
    flags = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)
    opened = [
        None if name == CLOSED else fcntl.fcntl(os.open(name, flag), fcntl.F_DUPFD, _FREE)
        for name, flag in zip(job["streams"], flags, strict=True)
    ]
    os.closerange(3, _FREE)
    for number, source in enumerate(opened):
        os.close(number)
        if source is not None:
            os.dup2(source, number)
            os.close(source)
    sys.stdin = sys.__stdin__ = standard_stream(0, "r", "strict")
    sys.stdout = sys.__stdout__ = standard_stream(1, "w", "strict")
    sys.stderr = sys.__stderr__ = standard_stream(2, "w", "backslashreplace")
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    from ubp_core.cli.main import main

    code = main(job["arguments"])
    atexit._run_exitfuncs()
    os._exit(code if flushed() else LOST)  # the interpreter's own end takes torch apart for a second


def flushed() -> bool:
    """Whether everything that was printed has arrived, which an interpreter looks for at its end."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:
        return False
    return True


def standard_stream(number: int, mode: str, errors: str) -> TextIO:
    """As the interpreter makes it: None where the descriptor is closed."""
    try:
        os.fstat(number)
    except OSError:
        return None  # type: ignore[return-value]
    buffering = 1 if number == 2 else -1
    return open(number, mode, buffering, encoding="utf-8", errors=errors, closefd=False)


if __name__ == "__main__":
    serve()
