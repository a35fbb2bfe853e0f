"""The cache: a folder with a tag, by which backups know it for one (bford.info/cachedir) and we know it for ours.

The tag names the layout of what lies there. Only a folder with the tag is ever emptied: one that `UBP_HOME` names may
hold a folder of the same name that is somebody else's.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ubp_core.errors import UbpError
from ubp_core.installation.version import newer_line
from ubp_core.storage.disk_use import bytes_of, files_below
from ubp_core.storage.folders import cache_folder
from ubp_core.storage.set_aside import set_aside

LAYOUT: Final = 1
TAG: Final = "CACHEDIR.TAG"
_HEAD: Final = "Signature: 8a477f597d28d172789f06886806bc55\n# This is a cache of ubp-tui, layout "
_TAG: Final = re.compile(re.escape(_HEAD) + r"([0-9]{1,9})\n")


class CacheError(UbpError):
    """A cache that can't be used or emptied."""


@dataclass(frozen=True)
class Emptied:
    """What was removed from the cache."""

    files: int
    size_bytes: int


def make_folder(folder: Path) -> None:
    """Makes a folder, and where it is in the cache, that with its tag first.

    A cache of an older layout is set aside.

    Raises:
        CacheError: the cache is of a newer layout, or the folder was somebody else's before; nothing was changed.
        OSError: it can't be made.
    """
    cache = cache_folder()
    if cache in (folder, *folder.parents):
        _prepare(cache)
    folder.mkdir(parents=True, exist_ok=True)


def empty_cache() -> Emptied:
    """Removes everything in the cache but its tag; links are removed, never followed.

    Raises:
        CacheError: the folder is not ours, or something can't be removed.
    """
    cache = cache_folder()
    if not _holds_anything(cache):
        return Emptied(0, 0)
    if _read_layout(cache) is None:
        raise CacheError(f"{cache}: is not emptied, for it is no cache of ubp-tui (its {TAG} would say so)")
    found = [entry for entry in cache.iterdir() if entry.name != TAG]
    files = [file for entry in found for file in files_below(entry)]
    size_bytes = bytes_of(files)
    for entry in found:
        _remove(entry)
    return Emptied(len(files), size_bytes)


def _remove(entry: Path) -> None:
    """Removes a file, a link, or a folder with everything in it."""
    try:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    except OSError as error:
        raise CacheError(f"{error.filename or entry}: can't be removed: {error.strerror or error}") from error


def _prepare(cache: Path) -> None:
    """Makes the cache with its tag."""
    layout = _read_layout(cache)
    if layout is None and _holds_anything(cache):
        raise CacheError(f"{cache}: is there already and no cache of ubp-tui; name another folder in UBP_HOME")
    if layout is not None and layout > LAYOUT:
        raise CacheError(newer_line(cache, layout, LAYOUT))
    if layout is not None and layout < LAYOUT:
        set_aside(cache)
    cache.mkdir(parents=True, exist_ok=True)
    if layout != LAYOUT:
        (cache / TAG).write_text(f"{_HEAD}{LAYOUT}\n", encoding="ascii")


def _read_layout(cache: Path) -> int | None:
    """The layout that the tag names; None where there is no tag of ours."""
    try:
        found = _TAG.match((cache / TAG).read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        return None
    return int(found[1]) if found else None


def _holds_anything(folder: Path) -> bool:
    """Whether there is something in a folder."""
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False
