"""What a pickle may hold beside tensors: numpy's numbers and arrays, paths and options of training scripts.

Owns the stand-ins for their classes: small objects of our own that keep plain data and call nothing. A file gets these
instead of the real classes, so that no constructor of numpy or of the standard library runs on what it says.
"""

from __future__ import annotations

import argparse
import re
from collections import OrderedDict
from typing import Any

import numpy as np
import torch

_PLAIN = re.compile(r"[biufc][0-9]{1,2}")


class StoredType:
    """`numpy.dtype` as pickled: a code such as f4, then its byte order; other kinds are kept as unknown."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        self.code = code if isinstance(code, str) and _PLAIN.fullmatch(code) else None
        self.order = "="

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "="):
            self.order = state[1]

    def read(self, data: Any) -> np.ndarray[Any, Any] | None:
        """The numbers of a byte string, None where it is no plain numbers."""
        if self.code is None:
            return None
        raw = data.encode("latin1") if isinstance(data, str) else data
        if not isinstance(raw, bytes):
            return None
        values = np.frombuffer(raw, np.dtype(self.order + self.code))
        return values.astype(values.dtype.newbyteorder("="))


class StoredArray:
    """`numpy.ndarray` as pickled: its numbers, as many as its bytes hold."""

    def __init__(self) -> None:
        self.values: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, data = state
        values = kind.read(data) if isinstance(kind, StoredType) else None
        if values is not None:
            self.values = values.reshape(shape, order="F" if fortran else "C")

    def tensor(self) -> torch.Tensor | None:
        """The array as a tensor, None where torch has no such type."""
        if self.values is None:
            return None
        try:
            return torch.from_numpy(np.ascontiguousarray(self.values))
        except TypeError:
            return None


def make_array(*_: Any) -> StoredArray:
    """Stands for numpy's `_reconstruct(class, shape, type)`, which would allocate whatever shape it is told."""
    return StoredArray()


def make_scalar(kind: Any = None, data: Any = b"") -> Any:
    """Stands for numpy's `scalar(type, bytes)`: a plain number, or None."""
    values = kind.read(data) if isinstance(kind, StoredType) else None
    return values[0].item() if values is not None and values.size == 1 else None


def make_path(*parts: Any) -> str:
    """Stands for paths: their text."""
    return "/".join(str(part) for part in parts if isinstance(part, str))


def make_nothing(*_: Any) -> None:
    """Stands for plain types, such as the default of a `defaultdict`."""


def make_mapping(*_: Any) -> OrderedDict[Any, Any]:
    """Stands for `defaultdict`, whose default is dropped."""
    return OrderedDict()


ALLOWED: tuple[Any, ...] = (
    argparse.Namespace,
    (StoredType, "numpy.dtype"),
    (StoredArray, "numpy.ndarray"),
    *((make_array, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
    *((make_scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    *((make_path, f"pathlib.{kind}Path") for kind in ("Posix", "PurePosix", "Windows", "PureWindows")),
    *((make_path, f"pathlib._local.{kind}Path") for kind in ("Posix", "PurePosix", "Windows", "PureWindows")),
    *((make_nothing, f"builtins.{kind}") for kind in ("int", "float", "bool", "str", "list", "dict", "tuple")),
    (make_mapping, "collections.defaultdict"),
)
"""Beside torch's own list; none of them does anything. `argparse.Namespace`: scripts save their options so."""
