"""Which files of a folder are plans, to offer them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

MOST: Final = 30
"""Files that are looked into, the newest first."""
HEAD_BYTES: Final = 4096
"""Where the line of a plan's version must be."""


def find_plans(folder: Path) -> list[tuple[str, str]]:
    """Names of the plans in a folder and when they were written, the newest first."""
    times: dict[Path, float] = {}
    try:
        for path in folder.iterdir():
            if path.suffix in (".yaml", ".yml") and path.is_file():
                times[path] = path.stat().st_mtime
    except OSError:
        return []
    newest = sorted(times, key=lambda path: -times[path])[:MOST]
    return [(path.name, f"{datetime.fromtimestamp(times[path]):%Y-%m-%d %H:%M}") for path in newest if is_plan(path)]


def is_plan(path: Path) -> bool:
    """Whether a file begins as plans do; the reader checks the rest."""
    try:
        with path.open("rb") as stream:
            return any(line.startswith(b"plan:") for line in stream.read(HEAD_BYTES).splitlines())
    except OSError:
        return False
