"""Files that can't be used are kept: renamed beside their place, so that a new one can have it. Nothing is deleted."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path


def set_aside(path: Path) -> Path:
    """Renames a file or folder, and returns its new name.

    Raises:
        OSError: it can't be renamed.
    """
    aside = _free_name(path)
    path.replace(aside)
    return aside


def names_aside(path: Path) -> list[Path]:
    """What was set aside of a file; empty where its folder can't be read."""
    try:
        return sorted(path.parent.glob(f"{path.stem}.refused*{path.suffix}"))
    except OSError:
        return []


def _free_name(path: Path) -> Path:
    """A name beside `path` that is not taken: what was set aside before stays."""
    words = ("refused" if number == 1 else f"refused-{number}" for number in count(1))
    names = (path.with_name(f"{path.stem}.{word}{path.suffix}") for word in words)
    return next(name for name in names if not os.path.lexists(name))
