"""Wine for tests: a prefix of its own for as long as it is wanted, and programs that run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pytest

WINE = "/usr/lib/wine/wine64"  # where Debian has it; other systems have it on the path


class Wine:
    """A prefix that is ready to run programs."""

    def __init__(self, program: str, prefix: Path) -> None:
        self._program = program
        # No offers to install .NET or a browser; letters of file names are those of UTF-8.
        silent = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}
        self._environment = {**os.environ, **silent, "WINEPREFIX": str(prefix), "LC_ALL": "C.UTF-8"}

    def run(
        self, *command: str | Path, folder: Path | None = None, text: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs a program to its end, with `text` on its standard input.

        Through files: Wine's services, which the first program starts, would keep the other end of a pipe for seconds.
        """
        words = [self._program, *map(str, command)]
        with TemporaryFile() as given, TemporaryFile() as told, TemporaryFile() as complained:
            given.write(text)
            given.seek(0)
            streams: dict[str, IO[bytes]] = {"stdin": given, "stdout": told, "stderr": complained}
            done = subprocess.run(words, cwd=folder, env=self._environment, timeout=300, check=False, **streams)
            return subprocess.CompletedProcess(words, done.returncode, read_all(told), read_all(complained))

    def end(self) -> None:
        """Ends Wine's server of this prefix, and everything in it."""
        server = shutil.which("wineserver") or Path(self._program).with_name("wineserver")
        subprocess.run([server, "-k"], env=self._environment, check=False)


def read_all(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read()


@contextmanager
def open_wine(folder: Path) -> Iterator[Wine]:
    """A new prefix in `folder`, removed at the end: it holds some hundreds of MB."""
    program = shutil.which("wine64") or shutil.which(WINE)
    if program is None:
        pytest.skip("wine64 is not installed: programs for Windows can't be run here")
    prefix = folder / "prefix"
    wine = Wine(str(Path(program).resolve()), prefix)
    try:
        made = wine.run("wineboot", "--init")
        assert made.returncode == 0, made.stderr.decode()
        yield wine
    finally:
        wine.end()
        shutil.rmtree(prefix, ignore_errors=True)
