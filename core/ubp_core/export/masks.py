"""Masks as a numpy archive: `LAYER.mask`, `.rows`, `.columns`, `.block_size`, `.block_columns` and, where these are 4,
`.column_order`; and `ubp`, a JSON text."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.atomic_file import create_file, write_atomically
from ubp_core.errors import FileError
from ubp_core.export.state_dict import describe
from ubp_core.printable import printable

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.selection import Selection

MOST_NAME_BYTES = 65_500
"""A member's name has at most 65,535 bytes, with what follows the layer's name."""


def save_masks(
    path: Path, model: LoadedModel, selections: Mapping[str, Selection], criterion: str = "", overwrite: bool = False
) -> None:
    """Writes the archive; it loads without pickle.

    `mask` is bool in the weight's shape ([out, in, kh, kw] or [out, in]); `rows` and `columns` are int32 [B], the first
    row and the column of each N x 1 block in the matrix [R, K], sorted by (row, column): a block of four columns is
    four of these. `column_order` is of layers with such blocks only.

    Raises:
        FileError: it can't be written, a file is there and `overwrite` is not set, or a layer's name can't stand in it.
    """
    for name in selections:
        check_name(path, name)
    arrays = {"ubp": np.array(json.dumps(describe(model, selections, criterion)))}
    for name, selection in selections.items():
        arrays |= {
            f"{name}.mask": selection.mask().reshape(model.layer(name).shape),
            f"{name}.rows": selection.rows,
            f"{name}.columns": selection.columns,
            f"{name}.block_size": np.array(selection.block_size),
            f"{name}.block_columns": np.array(selection.block_columns),
        }
        arrays |= {f"{name}.{key}": value for key, value in column_order(selection).items()}

    def write(place: Path) -> None:
        with os.fdopen(create_file(place), "wb") as stream:
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # numpy 2.0 has no allow_pickle

    write_atomically(path, write, overwrite=overwrite)


def column_order(selection: Selection) -> dict[str, NDArray[Any]]:
    """`column_order`, u16 [K]: four that follow one another form a group; nothing where blocks have one column."""
    return {} if selection.groups is None else {"column_order": selection.groups.order}


def check_name(path: Path, name: str) -> None:
    """Refuses what a member of an archive can't be called: it would get another name, or none.

    A name such as ../x is harmless: numpy reads members, it never unpacks them.

    Raises:
        FileError: the line has the name.
    """
    size = len(name.encode(errors="replace"))
    reason = "holds a zero character" if "\0" in name else f"has {size:,} bytes" if size > MOST_NAME_BYTES else ""
    if not reason and any("\ud800" <= char <= "\udfff" for char in name):
        reason = "is no valid text"
    if reason:
        short = printable(name if len(name) <= 60 else f"{name[:60]}...")
        raise FileError(f"{path}: the layer's name {short!r} {reason}, so no archive can hold its mask: rename it")
