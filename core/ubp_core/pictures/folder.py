"""Pictures of a folder and those below it: found, chosen evenly, decoded. What can't be read is named, not fatal."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import FileError
from ubp_core.pictures.preparation import Preparation

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Pictures:
    """Inputs made of files."""

    images: NDArray[np.float32]
    """[pictures, channels, height, width]."""
    paths: tuple[Path, ...]
    """The file of each."""
    unreadable: tuple[tuple[Path, str], ...]
    """Files that are no pictures after all, each with the reason in a line."""

    def __str__(self) -> str:
        """How many."""
        return "1 picture" if len(self.paths) == 1 else f"{len(self.paths)} pictures"


def read_pictures(
    folder: Path, preparation: Preparation, limit: int, step: Callable[[int, int], None] = lambda done, total: None
) -> Pictures:
    """Decodes pictures of a folder.

    Args:
        folder: with those below it.
        preparation: what is done to each.
        limit: at most so many, taken evenly from all in the order of their names; others stand in for broken ones.
        step: called before each with how many are done, and how many there will be.

    Raises:
        FileError: the folder can't be read, or holds no picture that can.
    """
    found = find_pictures(folder)
    chosen = dict.fromkeys(spread(found, limit))
    pictures: dict[Path, NDArray[np.float32]] = {}
    unreadable: dict[Path, str] = {}
    for path in (*chosen, *(path for path in found if path not in chosen)):  # the others stand in for broken ones
        if len(pictures) == len(chosen):
            break
        step(len(pictures), len(chosen))
        try:
            pictures[path] = read_picture(path, preparation)
        except Exception as error:  # whatever a decoder makes of a broken file
            unreadable[path] = (str(error).splitlines() or [type(error).__name__])[0]
    if not pictures:
        path, reason = next(iter(unreadable.items()))
        raise FileError(f"{folder}: none of {len(unreadable)} pictures can be read; {path.name}: {reason}")
    order = sorted(pictures)
    return Pictures(np.stack([pictures[path] for path in order]), tuple(order), tuple(sorted(unreadable.items())))


def read_picture(path: Path, preparation: Preparation) -> NDArray[np.float32]:
    """One file as an input, [channels, height, width]; raises what Pillow raises."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, and of very large pictures
        with Image.open(path) as picture:
            return preparation.apply(picture)


def in_batches(images: NDArray[np.float32], batch: int) -> list[NDArray[np.float32]]:
    """The images [batch, channels, height, width]; the last ones are filled up from the beginning."""
    count = len(images)
    return [images[np.arange(first, first + batch) % count] for first in range(0, count, batch)]


def find_pictures(folder: Path) -> list[Path]:
    """All files that are called as pictures are, sorted; hidden ones and links to folders are left out.

    Raises:
        FileError: the folder can't be read, or there is none.
    """
    from PIL import Image

    suffixes = {suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN}

    def refuse(error: OSError) -> None:
        raise FileError(f"{error.filename}: {error.strerror}") from error

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in sorted(names) if not name.startswith(".")]
    pictures = [path for path in found if path.suffix.lower() in suffixes]
    if not pictures:
        raise FileError(f"{folder}: no picture in it (of {len(found)} files); JPEG, PNG and the like are read")
    return pictures


def spread(items: Sequence[Item], limit: int) -> list[Item]:
    """At most `limit` of the items, evenly from the first on."""
    count = min(len(items), limit)
    return [items[i * len(items) // count] for i in range(count)]
