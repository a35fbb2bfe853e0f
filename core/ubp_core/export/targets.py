"""Which files there are to take away, and whether they may be written. Writes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ubp_core.atomic_file import refuse_existing
from ubp_core.errors import FileError

KINDS = {
    "state_dict": (".safetensors", "the network's state_dict with exact zeros; loads into PyTorch"),
    "masks": (".npz", "true where a weight stays, for every pruned layer, with its blocks"),
    "packed": (".ubp", "the pruned layers in packed form, which kernels run from"),
    "network": (".ubp", "the whole network, which runs from end to end; as `ubp export` writes it"),
    "table": (".csv", "a line for every layer: shape, choice, sparsities, retained, costs"),
    "plan": (".yaml", "the plan itself"),
}
"""Kinds of files: the ending of the name, and what is in it."""


@dataclass(frozen=True)
class ExportTarget:
    """One file to write."""

    kind: str
    """One of KINDS."""
    path: Path
    """Where."""


def check_targets(targets: Sequence[ExportTarget], overwrite: bool) -> None:
    """Looks for what would go wrong, before any work is done.

    Raises:
        FileError: a name with another ending, a folder that can't be written, two files of one name, or a file that is
            there already and may not be replaced.
    """
    seen: set[str] = set()
    for target in targets:
        ending, _ = KINDS[target.kind]
        path = target.path
        if path.suffix != ending and not (ending == ".yaml" and path.suffix == ".yml"):
            raise FileError(f"{path}: the name of a file of kind {target.kind} ends in {ending}")
        folder = path.parent
        if not folder.is_dir():
            raise FileError(f"{path}: there is no folder {folder}")
        if not os.access(folder, os.W_OK):
            raise FileError(f"{path}: the folder {folder} can't be written")
        place = find_place(path)
        if place in seen:
            raise FileError(f"{path}: stands there twice")
        seen.add(place)
        if path.is_dir():
            raise FileError(f"{path}: is a folder")
        if not overwrite:
            refuse_existing(path)


def find_place(path: Path) -> str:
    """Where a file comes to lie, the same for all names of that place."""
    place = os.path.realpath(path)  # Path.resolve raises on links in a circle
    return place.casefold() if sys.platform in ("darwin", "win32") else place
