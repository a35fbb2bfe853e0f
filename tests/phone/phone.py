"""Starts and ends test phones, and says why this machine can't have one."""

from __future__ import annotations

import json
import os
import platform
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from phone.model import PhoneModel
from phone.tree import QEMU, SHELL, TOYBOX

ANSWER_S = 60.0
"""A phone answers at once; a loaded machine may take a while."""


class NoPhone(Exception):
    """This machine can't run a test phone; the text says what is missing."""


class Phone:
    """A running test phone; a context manager that leaves nothing behind."""

    def __init__(self, model: PhoneModel | None = None) -> None:
        check_machine()
        self.model = model or PhoneModel()
        self.root = Path(tempfile.mkdtemp(prefix="ubp-phone-"))
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "phone.daemon", self.model.to_json(), str(self.root), str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            cwd=Path(__file__).parents[1],
            text=True,
        )
        listener.close()
        try:
            self.answer()
        except BaseException:
            self.close()
            raise

    @property
    def serial(self) -> str:
        """What adb calls it."""
        return self.address

    def answer(self) -> Any:
        assert self.process.stdout and self.process.stderr
        if not select.select([self.process.stdout], [], [], ANSWER_S)[0]:
            raise TimeoutError("the test phone does not answer")
        line = self.process.stdout.readline()
        if not line:
            reason = self.process.stderr.read().strip().splitlines() or ["it ended without a word"]
            raise NoPhone(f"the test phone can't run here: {reason[-1]}")
        return json.loads(line)

    def order(self, order: str) -> Any:
        """Gives an order (see `phone.daemon`) and returns the answer."""
        assert self.process.stdin
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return self.answer()

    def processes(self) -> list[str]:
        """Command lines of everything that runs on the phone."""
        found: list[str] = self.order("processes")
        return found

    def close(self) -> None:
        """Ends the phone and everything on it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_machine() -> None:
    """Raises NoPhone where the machine lacks what a test phone needs."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoPhone("the test phone needs Linux and root")
    missing = [path for path in (SHELL, TOYBOX, QEMU) if not Path(path).exists()]
    if missing:
        raise NoPhone(f"the test phone needs {', '.join(missing)}: run sh tests/install_tools.sh")
    version = tuple(int(part) for part in platform.release().split(".")[:2])
    if version < (6, 7):
        raise NoPhone(
            f"the test phone needs Linux 6.7 or newer (binfmt_misc per user namespace), this is {platform.release()}"
        )
