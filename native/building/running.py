"""Runs ninja for the asked targets: one build at a time in a clone, with progress for whoever waits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from building.compilers import zig_environment
from building.ninja_file import FILE, write_ninja_file
from building.object_cache import ObjectCache
from building.places import BUILD, object_cache
from building.targets import TARGETS

LOG: Final = BUILD / "log"
"""What the build that is under way has said so far."""
_POLL_S: Final = 0.2
_STEP: Final = re.compile(r"\[(\d+)/(\d+)\] (.*)")


class BuildFailed(Exception):
    """A compiler failed; the text is what it said."""


@dataclass(frozen=True)
class Step:
    """One edge that has been made."""

    done: int
    total: int
    what: str

    def __str__(self) -> str:
        return f"[{self.done}/{self.total}] {self.what}"


Report = Callable[[Step], None]


def build(names: Iterable[str], report: Report = lambda step: None) -> list[Path]:
    """Builds the named targets.

    Args:
        names: of `TARGETS`.
        report: told every step, also those of another build in this clone that has to end first.

    Returns:
        The outputs.

    Raises:
        BuildFailed: a compiler failed.
    """
    targets = [TARGETS[name] for name in names]
    for target in targets:
        target.output.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(report):
        write_ninja_file(targets)
        made = _run_ninja([target.output for target in targets], report)
        if made:
            ObjectCache(object_cache()).prune()
    return [target.output for target in targets]


def _run_ninja(outputs: Iterable[Path], report: Report) -> int:
    """Makes the outputs; returns how many steps that took."""
    import ninja

    command = [str(Path(ninja.BIN_DIR) / "ninja"), "-f", str(FILE), *map(str, outputs)]
    environment = {**os.environ, "NINJA_STATUS": "[%f/%t] ", **_shared_zig()}
    steps, said = 0, []
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
                         errors="replace", env=environment) as child,
    ):  # fmt: skip
        assert child.stdout is not None
        for line in child.stdout:
            log.write(line)
            log.flush()
            if step := _read_step(line):
                steps += 1
                report(step)
            else:
                said.append(line)
    if child.returncode:
        raise BuildFailed("".join(said).strip())
    return steps


def _shared_zig() -> dict[str, str]:
    """What lets clones share zig's own libraries; where the user's cache can't be written, each has its own."""
    try:
        return zig_environment(object_cache().parent)
    except OSError:
        return {}


def _read_step(line: str) -> Step | None:
    """A step, where the line is one of ninja's own."""
    found = _STEP.match(line)
    return Step(int(found[1]), int(found[2]), found[3].strip()) if found else None


@contextmanager
def _one_at_a_time(report: Report) -> Iterator[None]:
    """Waits for another build in this clone (the app, make and tests may all want something), and tells its steps."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("a+") as stream:
        seen = -1
        while not _try_lock(stream):
            seen = _tell_steps(max(seen, 0), report)
            time.sleep(_POLL_S)
        if seen >= 0:
            _tell_steps(seen, report)  # those since the last look
        try:
            yield
        finally:
            _unlock(stream)


def _tell_steps(seen: int, report: Report) -> int:
    """Tells the steps of another build that came after the first `seen` characters of its log."""
    text = LOG.read_text(encoding="utf-8", errors="replace") if LOG.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    for line in whole[seen:].splitlines() if len(whole) > seen else ():
        if step := _read_step(line):
            report(step)
    return len(whole)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(stream: IO[str]) -> bool:
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(stream: IO[str]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(stream: IO[str]) -> bool:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(stream: IO[str]) -> None:
        fcntl.flock(stream, fcntl.LOCK_UN)
