"""Runs programs on this machine, directly or through qemu-user, under the same limits as on a phone."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

from ubp_core.devices.device import Execution, Limits, OnLine
from ubp_core.devices.error_lines import ErrorLines
from ubp_core.devices.errors import DeviceError, RunCancelled
from ubp_core.process.leftovers import passing_group

WAKE_S = 0.1
TIMED_OUT = 124
END_S = 1.0
"""Between SIGTERM and SIGKILL."""


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
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
        except OSError as error:
            raise DeviceError(f"{self.name}: {command[0]} can't be started: {error.strerror}") from error
        with ended(child):
            return Follower(self.name, child, limits, on_line or (lambda line: None)).follow(cancel)


class Follower:
    """One running program: reads both of its pipes, and ends it where it takes too long."""

    def __init__(self, name: str, child: subprocess.Popen[bytes], limits: Limits, on_line: OnLine) -> None:
        self.name, self.child, self.limits = name, child, limits
        self.output, self.errors = bytearray(), ErrorLines(limits, on_line)
        self.started = time.monotonic()

    def follow(self, cancel: Event | None) -> Execution:
        """See `Session.execute`."""
        assert self.child.stdout and self.child.stderr
        sinks = {self.child.stdout: self.output.extend, self.child.stderr: self.errors.splitter.feed}
        with selectors.DefaultSelector() as selector:
            for pipe in sinks:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(WAKE_S):
                    self.errors.note_life()
                    if data := os.read(key.fd, 1 << 18):
                        sinks[key.fileobj](data)  # type: ignore[index]
                    else:
                        selector.unregister(key.fileobj)
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


def end(child: subprocess.Popen[bytes]) -> None:
    """Ends a program and everything it started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(END_S)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


@contextmanager
def ended(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leaves no process and no open pipe, whatever happens."""
    try:
        with passing_group(child.pid):
            yield
    finally:
        if child.poll() is None:
            end(child)
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()
