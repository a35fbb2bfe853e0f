"""Streams of a command on Windows: files and pipes get UTF-8, and a reader that has gone is told as a bad argument."""

from __future__ import annotations

import errno
import io
import sys

import pytest

from ubp_core.errors import ExitCode
from ubp_core.process import streams
from ubp_core.process.ending import run_program

LINE = "┃ 3.2 µs █\n"


class Pipe(io.RawIOBase):
    """Keeps what is written; fails once, where it is told to."""

    def __init__(self, error: int = 0) -> None:
        self.content, self.error = b"", error

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        error, self.error = self.error, 0
        if error:
            raise OSError(error, "no more")
        piece = bytes(data)  # type: ignore[call-overload]
        self.content += piece
        return len(piece)


def redirect(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stdout leads into the pipe, in an encoding that has few letters."""
    stream = io.TextIOWrapper(io.BufferedWriter(pipe), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "__stdout__", stream)


@pytest.mark.parametrize(
    ("platform", "told", "expected"),
    [
        ("win32", "", LINE.encode()),
        ("win32", "cp1252", b"\\u2503 3.2 \xb5s \\u2588\n"),
        ("linux", "", b"\\u2503 3.2 \xb5s \\u2588\n"),
    ],
)
def test_tables_stay_tables_in_files_and_pipes(
    platform: str, told: str, expected: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = Pipe()
    redirect(pipe, monkeypatch)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(streams.ENCODING_VARIABLE, told)

    def work() -> int:
        print(LINE, end="")
        return 0

    assert run_program("test", work) == 0
    assert pipe.content == expected


@pytest.mark.parametrize(
    ("platform", "error", "code"),
    [
        ("win32", errno.EINVAL, ExitCode.PIPE_CLOSED),
        ("win32", errno.ENOSPC, ExitCode.FAILED),
        ("linux", errno.EPIPE, ExitCode.PIPE_CLOSED),
        ("linux", errno.EINVAL, ExitCode.FAILED),
    ],
)
def test_a_reader_that_has_gone_is_no_news(
    platform: str, error: int, code: ExitCode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    redirect(Pipe(error), monkeypatch)
    monkeypatch.setattr(sys, "platform", platform)

    def work() -> int:
        print(LINE, flush=True)
        return 0

    assert run_program("test", work) == code
    assert capsys.readouterr().err.count("\n") == (code == ExitCode.FAILED)
