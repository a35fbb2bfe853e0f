"""Where messages go while the app has the terminal: a file, and the last lines of it for the log panel.

Libraries warn through `logging`, through `warnings`, and native ones straight to file descriptor 2. All three would be
written across the picture, so all three lead to the file, and Textual draws on a duplicate of the terminal.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
MAX_BYTES: Final = 1_000_000
"""A longer file is begun anew."""
MAX_WORDS: Final = 200
"""Characters of an unexpected error's text that are shown."""
TAIL_BYTES: Final = 20_000
"""As much of the end of the file as the panel shows."""


def read_tail(path: Path) -> str:
    """The last lines of a log; empty where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return text if size <= TAIL_BYTES else text.partition("\n")[2]


def describe_crash(error: BaseException, log: Path | None) -> str:
    """An unexpected error in one short line: its kind, the beginning of its text, and where the rest is."""
    words = f"{type(error).__name__}: {error}".splitlines()[0][:MAX_WORDS]
    return f"unexpected error, {words}" + (f"; the traceback is in {log}" if log is not None else "")


@contextmanager
def logging_to_file(path: Path) -> Iterator[None]:
    """Lead logs, warnings and file descriptor 2 to a file; where it can't be written, they are dropped."""
    file = _open_log(path)
    terminal = os.dup(2)
    handler = logging.StreamHandler(os.fdopen(os.dup(file), "w", buffering=1, encoding="utf-8", errors="replace"))
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    warnings.simplefilter("default")
    before = sys.stderr, sys.__stderr__
    sys.stderr = sys.__stderr__ = os.fdopen(terminal, "w", encoding="utf-8")  # type: ignore[misc]
    os.dup2(file, 2)
    os.close(file)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        sys.stderr, sys.__stderr__ = before  # type: ignore[misc]
        root.removeHandler(handler)
        handler.stream.close()


def _open_log(path: Path) -> int:
    """A descriptor of the log, to append to."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_TRUNC if path.exists() and path.stat().st_size > MAX_BYTES else 0
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | flags, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
