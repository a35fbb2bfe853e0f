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

from ubp_core.devices.adb_stream import LineSplitter
from ubp_core.devices.device import Execution, Limits, OnLine
from ubp_core.devices.errors import DeviceError, RunCancelled

WAKE_S = 0.1
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
            return self.follow(child, limits, on_line or (lambda line: None), cancel)

    def follow(
        self, child: subprocess.Popen[bytes], limits: Limits, on_line: OnLine, cancel: Event | None
    ) -> Execution:
        """Reads both pipes until they end."""
        assert child.stdout and child.stderr
        started = heard = time.monotonic()
        output, errors = bytearray(), list[str]()

        def take_line(line: str) -> None:
            errors.append(line)
            on_line(line)

        splitter = LineSplitter(take_line)
        sinks = {child.stdout: output.extend, child.stderr: splitter.feed}
        with selectors.DefaultSelector() as selector:
            for pipe in sinks:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(WAKE_S):
                    heard = time.monotonic()
                    if data := os.read(key.fd, 1 << 18):
                        sinks[key.fileobj](data)  # type: ignore[index]
                    else:
                        selector.unregister(key.fileobj)
                now = time.monotonic()
                if cancel and cancel.is_set():
                    end(child)
                    raise RunCancelled(f"{self.name}: cancelled; its program is gone")
                if now - started > limits.total_s:
                    end(child)
                    return Execution(124, bytes(output), "\n".join(errors), now - started, timed_out=True)
                if now - heard > limits.quiet_s:
                    end(child)
                    quiet = f"no sign of life for {now - heard:.0f} s"
                    raise DeviceError(f"{self.name}: the program hangs ({quiet}); its program is gone")
        splitter.finish()
        code = child.wait()
        return Execution(
            code if code >= 0 else 128 - code, bytes(output), "\n".join(errors), time.monotonic() - started
        )


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
        yield
    finally:
        if child.poll() is None:
            end(child)
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()
