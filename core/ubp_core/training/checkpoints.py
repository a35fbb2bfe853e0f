"""Checkpoints that survive being killed at any moment: written aside, flushed to the disk, then renamed.

Owns files in the folder of a run. Runs no code from them.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ubp_core.atomic_file import write_atomically
from ubp_core.errors import FileError

LAST, BEST = "last.pt", "best.pt"


def save_checkpoint(file: Path, content: Mapping[str, Any]) -> None:
    """Replace a checkpoint in one step: readers find the old one or the new one, never a part.

    Raises:
        FileError: the folder can't be written.
    """
    write_atomically(file, lambda path: torch.save(dict(content), path))


def load_checkpoint(file: Path) -> dict[str, Any] | None:
    """The content of a checkpoint, on the CPU; None where there is no file.

    Raises:
        FileError: it can't be read.
    """
    if not file.exists():
        return None
    try:
        content: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        reason = (str(error).splitlines() or ["it is damaged"])[0]
        raise FileError(f"{file}: can't be read ({reason}); --restart begins anew") from error
    return content


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left half-written."""
    for file in folder.glob(".*.tmp"):
        file.unlink(missing_ok=True)
