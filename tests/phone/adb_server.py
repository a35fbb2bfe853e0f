"""A private adb server: the adb that adbutils ships, on a free port, with a home of its own; disturbs nobody."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import adbutils

START_LIMIT_S = 15.0
ADB = Path(adbutils.__file__).parent / "binaries" / "adb"


class AdbServer:
    """A running adb server; a context manager."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="ubp-adb-"))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.log = self.home / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment for programs that should use this server."""
        return {**os.environ, "HOME": str(self.home), "ANDROID_ADB_SERVER_PORT": str(self.port)}

    def start(self) -> None:
        """Starts the server and waits until it answers; only once, or after `stop`."""
        assert self.process is None or self.process.poll() is not None, "it runs already"
        environment = {"HOME": str(self.home), "TMPDIR": str(self.home), "PATH": os.environ["PATH"],
                       "ADB_USB": "0", "ADB_MDNS": "0", "ADB_LOCAL_TRANSPORT_MAX_PORT": "5554"}  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [ADB, "-L", f"tcp:localhost:{self.port}", "server", "nodaemon"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
        limit = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > limit or self.process.poll() is not None:
                    self.close()
                    raise RuntimeError(f"adb server did not start: {self.log}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Kills the server, as `adb kill-server` or a crash does."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """Ends the server and removes its home."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
