"""Compiles the native code of a clone behind whatever uses it, so that an app can open before that is done.

A package from a wheel has it. In a clone one process may begin a `BackgroundBuild`; whoever in this process needs one
of its outputs waits for it in `wait_for`, and goes on by itself.
"""

from __future__ import annotations

import io
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ubp_core.errors import BuildError
from ubp_core.installation.binaries import LIBRARY
from ubp_core.printable import printable
from ubp_core.process.groups import ask_group_to_end, start_group

SCRIPT: Final = Path(__file__).resolve().parents[3] / "native" / "build.py"
"""The build's command, in a clone."""
WISH: Final = "UBP_BUILD"
"""Variable of the environment that asks to bring a clone's native code up to date, which `make tui` sets."""
TARGETS: Final = ("host", "bench-host", "bench-arm64", *(("qemu-count",) if sys.platform == "linux" else ()))
"""What is built, in the order in which it is needed; qemu-user, which loads the counter, is for Linux."""
_STOPPED: Final = "the native code was not compiled to its end: the build was stopped"
_STEP: Final = re.compile(r"\[(\d+)/(\d+)\] ")


@dataclass(frozen=True)
class BuildProgress:
    """How far one target is."""

    target: str
    """One of `TARGETS`; empty once all of them are there."""
    done: int
    total: int
    """Steps; 0 while they are not known."""
    failure: str = ""
    """Why there will be no such target, in one line."""


Report = Callable[[BuildProgress], object]


def wants_build() -> bool:
    """Whether this is a clone whose native code is missing, or is to be brought up to date."""
    return SCRIPT.is_file() and (not LIBRARY.is_file() or bool(os.environ.get(WISH)))


class BackgroundBuild:
    """One build of all targets, by a thread that starts the build's command."""

    def __init__(self, report: Report, script: Path = SCRIPT, targets: tuple[str, ...] = TARGETS) -> None:
        """Args: told of every step, by the thread; the command; what it is to build."""
        self._report, self._script = report, script
        self._ended = {target: threading.Event() for target in targets}
        self._failures: dict[str, str] = {}
        self._child: int | None = None
        self._stopped = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._build_all, name="build the native code", daemon=True)

    def start(self) -> None:
        """Begins; from now on `wait_for` waits."""
        global _under_way
        _under_way = self
        self._thread.start()

    def stop(self) -> None:
        """Ends it early; who waits is told so. What was compiled stays and is not compiled again."""
        with self._lock:
            self._stopped = True
            if self._child is not None:
                ask_group_to_end(self._child)
        self._thread.join()

    def wait(self, target: str) -> None:
        """Waits until a target has been built.

        Raises:
            BuildError: it was not; the line says why.
        """
        if target in self._ended:
            self._ended[target].wait()
            if failure := self._failures.get(target):
                raise BuildError(failure)

    def _build_all(self) -> None:
        """The thread."""
        for target, ended in self._ended.items():
            failure = self._build(target)
            if failure:
                self._failures[target] = failure
            ended.set()
            if failure:
                self._report(BuildProgress(target, 0, 0, failure))
        if not self._failures:
            self._report(BuildProgress("", 0, 0))

    def _build(self, target: str) -> str:
        """Builds one target; returns why that failed."""
        self._report(BuildProgress(target, 0, 0))
        with self._lock:
            if self._stopped:
                return _STOPPED
            child = start_group([sys.executable, str(self._script), target])
            self._child = child.pid
        said: list[str] = []
        errors = threading.Thread(target=lambda: said.extend(_lines(child.stderr)), daemon=True)
        errors.start()
        for line in _lines(child.stdout):
            if step := _STEP.match(line):
                self._report(BuildProgress(target, int(step[1]), int(step[2])))
        errors.join()
        with self._lock:
            code, self._child = child.wait(), None
            return "" if code == 0 else _STOPPED if self._stopped else _explain(target, said)


def _lines(stream: IO[bytes] | None) -> Iterator[str]:
    """What a program writes, line by line as it comes."""
    assert stream is not None
    with io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8", errors="replace") as text:  # type: ignore[type-var]
        yield from text


_under_way: BackgroundBuild | None = None


def wait_for(target: str) -> None:
    """Waits for a target where this process builds it; elsewhere it returns at once.

    Raises:
        BuildError: it could not be built; one line.
    """
    if _under_way is not None:
        _under_way.wait(target)


def _explain(target: str, said: list[str]) -> str:
    """One line of what the build said when it failed."""
    first = next((line for line in said if "error" in line.lower()), said[-1] if said else "no reason given")
    return printable(
        f"{target} of the native code can't be compiled: {first.strip()}; `python native/build.py` says more"
    )
