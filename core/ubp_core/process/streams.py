"""The three streams of a command line: closed ones, full ones, and terminals that lack a letter."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress

ESCAPE = "backslashreplace"
"""What becomes of letters that an encoding lacks."""
ENCODING_VARIABLE = "PYTHONIOENCODING"


class OutputText(io.TextIOWrapper):
    """A stream for results: it remembers that it could not be written, also where somebody passes over that."""

    failure: OSError | None = None
    """The first error."""

    def write(self, text: str, /) -> int:
        """Or OSError."""
        try:
            return super().write(text)
        except OSError as error:
            self.failure = self.failure or error
            raise

    def flush(self) -> None:
        """Or OSError."""
        try:
            super().flush()
        except OSError as error:
            self.failure = self.failure or error
            raise


class ForgivingText(io.TextIOWrapper):
    """A stream for remarks: where it can't be written, they are lost, and the work goes on."""

    def write(self, text: str, /) -> int:
        """As much as goes."""
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Where it can be."""
        with suppress(OSError):
            super().flush()


def open_streams() -> None:
    """Makes all three usable.

    What is closed becomes nothing (its number must not fall to the next file that is opened). Letters that the encoding
    lacks are written as \\xe9. Stderr never ends a command.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    out, err = sys.stdout, sys.stderr  # stay alive as sys.__stdout__ and so on, else they would close the buffers
    if out is sys.__stdout__ and type(out) is io.TextIOWrapper:
        out.flush()
        sys.stdout = OutputText(out.buffer, choose_encoding(out), ESCAPE, line_buffering=out.line_buffering)
    if err is sys.__stderr__ and type(err) is io.TextIOWrapper:
        sys.stderr = ForgivingText(err.buffer, choose_encoding(err), ESCAPE, line_buffering=True)


def choose_encoding(stream: io.TextIOWrapper) -> str:
    """That of the stream; on Windows a file or a pipe would get one that has no letters for tables and units."""
    told = sys.platform != "win32" or stream.isatty() or os.environ.get(ENCODING_VARIABLE)
    return stream.encoding if told else "utf-8"


def has_no_reader(error: OSError) -> bool:
    """Whether an error of writing only means that whoever read has gone, which Windows calls a bad argument."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def flush_stdout() -> OSError | None:
    """Writes what is left; returns, once, what keeps it or has kept it from that, and writes nothing more then."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    if not isinstance(sys.stdout, OutputText):
        return None
    failure, sys.stdout.failure = sys.stdout.failure, None
    if failure is not None:
        with suppress(OSError, ValueError):  # the interpreter flushes once more at its end
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, sys.stdout.fileno())
            os.close(nothing)
    return failure
