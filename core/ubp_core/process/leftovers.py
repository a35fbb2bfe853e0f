"""What must not outlive the process: files and folders on their way, and programs that run for it.

Everything is noted before it is made, so that there is no moment at which an end would leave it behind.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from ubp_core.process.groups import kill_group

LONGEST = 60
"""Characters of a target's name that its passing one has: in UTF-8, with what is added, below the usual 255 bytes."""

_paths: set[Path] = set()
_groups: set[int] = set()
_owner = os.getpid()


@contextmanager
def passing_file(target: Path) -> Iterator[Path]:
    """A name beside `target` for a file on its way; whatever is there goes at the end.

    Args:
        target: what the file is to become.

    Yields:
        A name that nothing has, and that any folder can hold where it holds `target`.
    """
    path = target.with_name(f".{target.name[:LONGEST]}.{secrets.token_hex(4)}.tmp")
    with _noted(path):
        yield path


@contextmanager
def passing_folder(prefix: str) -> Iterator[Path]:
    """A new folder among the system's temporary files, readable for nobody else; it goes at the end."""
    path = Path(tempfile.gettempdir(), f"{prefix}{secrets.token_hex(8)}")
    with _noted(path):
        path.mkdir(0o700)
        yield path


@contextmanager
def _noted(path: Path) -> Iterator[None]:
    _paths.add(path)
    try:
        yield
    finally:
        _remove(path)
        _paths.discard(path)


@contextmanager
def passing_group(number: int) -> Iterator[None]:
    """A group of processes that whoever runs it ends itself, unless the process ends first.

    Args:
        number: of the process that leads it.
    """
    _groups.add(number)
    try:
        yield
    finally:
        _groups.discard(number)


def remove_leftovers() -> None:
    """Ends and removes what is still there; in a forked child nothing, for it is the parent's."""
    if os.getpid() != _owner:
        return
    for number in list(_groups):
        kill_group(number)
    for path in list(_paths):
        _remove(path)


def end_at_once(code: int) -> NoReturn:
    """Ends the process without waiting for anybody, and leaves nothing behind."""
    remove_leftovers()
    os._exit(code)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
    if os.path.isdir(path):  # Path.is_dir raises on a name that is too long
        shutil.rmtree(path, ignore_errors=True)
