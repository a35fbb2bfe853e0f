"""Runs programs on this machine, directly or through qemu-user, under the same limits as on a phone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from subprocess import Popen, TimeoutExpired
from threading import Event, Thread
from typing import IO

from ubp_core.devices.device import Execution, Limits, OnLine
from ubp_core.devices.error_lines import ErrorLines
from ubp_core.devices.errors import DeviceError, RunCancelled
from ubp_core.process.groups import ask_group_to_end, kill_group, start_group
from ubp_core.process.leftovers import passing_group

WAKE_S = 0.1
PIECE = 1 << 18
TIMED_OUT = 124
END_S = 1.0
"""Between being asked to end and being ended."""

Sink = Callable[[bytes], None]


class LocalSession:
    """See `Session`. Files stay where they are."""

    def __init__(self, name: str, prefix: Sequence[str] = ()) -> None:
        self.name, self.prefix = name, tuple(prefix)

    def place(self, files: Sequence[Path], program: bool = False) -> list[str]:
        """See `Session.place`: nothing is copied."""
        return [str(path.resolve()) for path in files]

    def execute(
        self, argv: Sequence[str], limits: Limits, on_line: OnLine | None = None, cancel: Event | None = None
    ) -> Execution:
        """See `Session.execute`."""
        command = [*self.prefix, *argv]
        try:
            child = start_group(command)
        except OSError as error:
            raise DeviceError(f"{self.name}: {command[0]} can't be started: {error.strerror}") from error
        with passing_group(child.pid):
            return Follower(self.name, child, limits, on_line or (lambda line: None)).follow(cancel)


class Follower:
    """One running program: takes what comes through both of its pipes, and ends it where it takes too long."""

    def __init__(self, name: str, child: Popen[bytes], limits: Limits, on_line: OnLine) -> None:
        self.name, self.child, self.limits = name, child, limits
        self.output, self.errors = bytearray(), ErrorLines(limits, on_line)
        self.pieces: SimpleQueue[tuple[Sink, bytes]] = SimpleQueue()
        """What the readers have read; an empty piece is the end of a pipe."""
        self.started = time.monotonic()

    def follow(self, cancel: Event | None) -> Execution:
        """See `Session.execute`."""
        assert self.child.stdout and self.child.stderr
        sinks = ((self.child.stdout, self.output.extend), (self.child.stderr, self.errors.splitter.feed))
        readers = [Thread(target=self.read, args=both, name="read program", daemon=True) for both in sinks]
        for reader in readers:
            reader.start()
        try:
            return self.take_all(len(readers), cancel)
        finally:
            if self.child.poll() is None:
                end(self.child)
            for reader in readers:  # the pipes' ends, unless a process that has left the group holds them
                reader.join(END_S)

    def read(self, pipe: IO[bytes], sink: Sink) -> None:
        """A thread for each pipe, for Windows can wait for one pipe only."""
        try:
            with pipe:
                while data := pipe.read(PIECE):
                    self.pieces.put((sink, data))
        finally:
            self.pieces.put((sink, b""))

    def take_all(self, pipes: int, cancel: Event | None) -> Execution:
        """Takes pieces until both pipes have ended, and looks meanwhile for reasons to end the program."""
        while pipes:
            with suppress(Empty):
                sink, data = self.pieces.get(timeout=WAKE_S)
                self.errors.note_life()
                sink(data)
                pipes -= 0 if data else 1
            if self.is_late(cancel):
                return self.result(TIMED_OUT, timed_out=True)
        self.errors.splitter.finish()
        code = self.child.wait()
        return self.result(code if code >= 0 else 128 - code)

    def is_late(self, cancel: Event | None) -> bool:
        """Ends the program where it is cancelled (raises RunCancelled), hangs (raises DeviceError) or is too late."""
        now = time.monotonic()
        if cancel and cancel.is_set():
            end(self.child)
            raise RunCancelled(f"{self.name}: cancelled; its program is gone")
        if now - self.started > self.limits.total_s:
            end(self.child)
            return True
        if (silent_s := self.errors.silent_s) > self.errors.quiet_s:
            end(self.child)
            quiet = f"no sign of life for {silent_s:.0f} s"
            raise DeviceError(f"{self.name}: the program hangs ({quiet}); its program is gone")
        return False

    def result(self, code: int, timed_out: bool = False) -> Execution:
        """What came of it."""
        seconds = time.monotonic() - self.started
        return Execution(code, bytes(self.output), self.errors.text, seconds, timed_out)


def end(child: Popen[bytes]) -> None:
    """Ends a program and everything it started."""
    ask_group_to_end(child.pid)
    with suppress(TimeoutExpired):
        child.wait(END_S)
    kill_group(child.pid)
    child.wait()
