"""The services `shell`, `shell,v2` and `exec`: runs commands as Android's adbd does, signals and pipes included."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import subprocess
import threading
import time
from typing import IO

from phone.link import Stream

STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = range(5)
ENVIRONMENT = {
    "PATH": "/product/bin:/system/bin:/vendor/bin",
    "HOME": "/",
    "TMPDIR": "/data/local/tmp",
    "USER": "shell",
    "SHELL": "/system/bin/sh",
}


def serve_shell(stream: Stream, name: str, delay_s: float) -> None:
    """Runs the command of service `name` and sends what it writes, and with protocol v2 its exit code."""
    kind, _, command = name.partition(":")
    framed = "v2" in kind.split(",")
    if delay_s:
        time.sleep(delay_s)
    child = subprocess.Popen(
        ["/system/bin/sh", *(["-c", command.encode("utf-8", "surrogateescape")] if command else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if framed else subprocess.STDOUT,
        start_new_session=True,
        env=ENVIRONMENT,
        cwd="/",
    )
    threading.Thread(target=hang_up, args=(stream, child), daemon=True).start()
    threading.Thread(target=feed, args=(stream, child, framed), daemon=True).start()
    pumps = [threading.Thread(target=pump, args=(stream, pipe, number, framed), daemon=True)
             for pipe, number in ((child.stdout, STDOUT), (child.stderr, STDERR)) if pipe]  # fmt: skip
    for thread in pumps:
        thread.start()
    for thread in pumps:
        thread.join()
    code = child.wait()
    if framed:
        stream.send(struct.pack("<BIB", EXIT, 1, code if code >= 0 else 128 - code))


def hang_up(stream: Stream, child: subprocess.Popen[bytes]) -> None:
    """When the other side closes: SIGHUP to the shell alone, and its pipes close (adbd does exactly this)."""
    stream.wait_closed()
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGHUP)
    if child.stdin:
        with contextlib.suppress(OSError):
            child.stdin.close()


def feed(stream: Stream, child: subprocess.Popen[bytes], framed: bool) -> None:
    """Passes what comes in to the command."""
    assert child.stdin
    with contextlib.suppress(ConnectionError, OSError, ValueError):
        while True:
            number, count = struct.unpack("<BI", stream.receive(5)) if framed else (STDIN, 1)
            data = stream.receive(count)
            if number == STDIN:
                child.stdin.write(data)
                child.stdin.flush()
            elif number == CLOSE_STDIN:
                child.stdin.close()


def pump(stream: Stream, pipe: IO[bytes], number: int, framed: bool) -> None:
    """Passes what the command writes on; once nobody listens, drops it."""
    while data := os.read(pipe.fileno(), 32 * 1024):
        with contextlib.suppress(ConnectionError):
            stream.send(struct.pack("<BI", number, len(data)) + data if framed else data)
