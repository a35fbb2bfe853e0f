"""Which files lie below a path, and how many bytes they are. Links count as themselves and are never followed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def files_below(path: Path) -> list[Path]:
    """The file itself, or all files of a folder and those below it; none where there is nothing, or nobody may look."""
    if not os.path.isdir(path) or os.path.islink(path):
        return [path] if os.path.lexists(path) else []
    found = []
    for place, folders, names in os.walk(path):
        found += [Path(place, name) for name in names]
        found += [link for name in folders if (link := Path(place, name)).is_symlink()]
    return found


def bytes_of(files: Iterable[Path]) -> int:
    """Their sizes together; a file that goes meanwhile has none."""
    total = 0
    for file in files:
        with suppress(OSError):
            total += file.lstat().st_size
    return total
