"""The version, where modules below the package's own names can import it, and what is said of files of a newer one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__version__ = "0.1.0"


def newer_line(path: Path, found: int, known: int) -> str:
    """Why a file is left as it is, and what to do.

    Args:
        path: of the file.
        found: the version of its form.
        known: the highest one that is read here.
    """
    return (
        f"{path}: written by a newer ubp-tui (form {found}, this one knows {known}) and left as it is; update ubp-tui"
    )
