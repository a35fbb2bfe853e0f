"""Files that are never half there: written under another name beside their place, then renamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ubp_core.errors import FileError
from ubp_core.process.leftovers import passing_file


def write_atomically(
    path: str | Path,
    write: Callable[[Path], None],
    *,
    overwrite: bool = True,
    check: Callable[[Path], object] | None = None,
) -> None:
    """Makes a file appear at `path` in one step; when anything goes wrong, nothing there has changed.

    Args:
        path: where the file is wanted; the folder must exist.
        write: creates the file under the name it is given.
        overwrite: whether a file that is already there may be replaced.
        check: reads the finished file before it gets its name; an error it raises stops everything.

    Raises:
        FileError: the folder can't be written, or a file is there that may not be replaced.
    """
    target = Path(path)
    if not overwrite:
        refuse_existing(target)
    with passing_file(target) as temporary:
        try:
            write(temporary)
            _sync(temporary, os.O_RDWR)  # Windows brings only what may be written to the disk
            if check is not None:
                check(temporary)
            _give_name(temporary, target, overwrite)
            with suppress(OSError):  # Windows opens no folder, and not every other system can sync one
                _sync(target.parent, os.O_RDONLY)
        except OSError as error:
            raise FileError(f"{target}: {error.strerror or error}") from error
        except FileError as error:
            raise FileError(str(error).replace(str(temporary), str(target), 1)) from None


def refuse_existing(path: Path) -> None:
    """Raises FileError where there is something at `path`."""
    if os.path.lexists(path):
        raise FileError(f"{path}: is there already; --force replaces it")


def create_file(path: Path) -> int:
    """Opens a new file (which must not exist) for writing, with the user's default mode."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)


def write_text(path: Path, text: str) -> None:
    """A `write` for texts: UTF-8, line ends as they are."""
    with os.fdopen(create_file(path), "w", encoding="utf-8", newline="") as stream:
        stream.write(text)


def _give_name(temporary: Path, target: Path, overwrite: bool) -> None:
    """Renames; without `overwrite`, a file that appeared meanwhile is left alone where the system can tell."""
    if not overwrite:
        try:
            os.link(temporary, target)
            return
        except FileExistsError:
            refuse_existing(target)
        except OSError:  # no hard links here
            refuse_existing(target)
    os.replace(temporary, target)


def _sync(path: Path, mode: int) -> None:
    """Waits until a file, or a folder's names, are on the disk."""
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
