"""The models that were opened lately: a small file of the user's state. What can't be read is no model."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.errors import UbpError
from ubp_core.installation.version import newer_line
from ubp_core.models.spec import ModelSpec
from ubp_core.storage.set_aside import set_aside
from ubp_tui.choices.paths import typed_path

MOST: Final = 10
"""Models that are remembered."""
VERSION: Final = 1
"""Of the file; a bare list of models is what was written before there was a number."""
_TYPES: Final = {"name": str, "weights": str, "arch": str | None, "width": float, "seed": int, "input_size": int}


class NewerList(UbpError):
    """A list that a later version wrote: it is left as it is."""


def read_recent(path: Path | None) -> tuple[ModelSpec, ...]:
    """The models, the last one first; none where the file is missing, was damaged, or is of a later version."""
    try:
        return _load(path) if path is not None else ()
    except (OSError, ValueError, RecursionError, NewerList):
        return ()


def _load(path: Path) -> tuple[ModelSpec, ...]:
    """The models of a file.

    Raises:
        NewerList: a later version wrote it.
        OSError, ValueError, RecursionError: it is missing, or damaged.
    """
    found = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(found, dict):
        version = found.get("version")
        if isinstance(version, int) and version > VERSION:
            raise NewerList(newer_line(path, version, VERSION))
        found = found.get("models") if version == VERSION else None
    if not isinstance(found, list):
        raise ValueError("no list of models")
    specs = map(_read_spec, found)
    return tuple(spec for spec in specs if spec is not None)[:MOST]


def _read_spec(value: Any) -> ModelSpec | None:
    """One model; None where it is none."""
    names = {field.name for field in fields(ModelSpec)}
    if not isinstance(value, dict) or not {"name"} <= value.keys() <= names:
        return None
    if not all(isinstance(value[name], _TYPES[name]) for name in value):
        return None
    return ModelSpec(**value)


def note_recent(path: Path | None, spec: ModelSpec) -> str:
    """Put a model first; where nothing can be written, nothing is remembered.

    Returns:
        What a user must know of the file, in a line: it was set aside, or is left as it is. Mostly empty.
    """
    if path is None:
        return ""
    line = ""
    try:
        before = _load(path)
    except FileNotFoundError:
        before = ()
    except NewerList as error:
        return str(error)
    except OSError:
        return ""
    except (ValueError, RecursionError):
        before, line = (), _set_aside(path)
    _write(path, (_absolute(spec), *(other for other in before if other != _absolute(spec)))[:MOST])
    return line


def _set_aside(path: Path) -> str:
    """Make room for a new list, and say so."""
    try:
        return f"{path}: is damaged, and is kept as {set_aside(path)}; models of late are remembered anew"
    except OSError as error:
        return f"{path}: is damaged, can't be set aside ({error.strerror or error}), and is written anew"


def _write(path: Path, specs: tuple[ModelSpec, ...]) -> None:
    """Write the list, if that can be."""
    text = json.dumps({"version": VERSION, "models": [asdict(one) for one in specs]}, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda place: write_text(place, text + "\n"))
    except (OSError, UbpError):
        return


def _absolute(spec: ModelSpec) -> ModelSpec:
    """The same, with the paths of its files found from any folder."""
    found = {
        name: str(typed_path(value).resolve())
        for name, value in (("name", spec.name), ("weights", spec.weights))
        if typed_path(value).is_file()
    }
    return ModelSpec(**{**asdict(spec), **found})


def describe_spec(spec: ModelSpec) -> str:
    """A model in a line: its name, and what isn't as usual."""
    usual = ModelSpec(spec.name)
    parts = [
        f"{field.name.replace('_', ' ')} {getattr(spec, field.name)}"
        for field in fields(spec)
        if getattr(spec, field.name) != getattr(usual, field.name)
    ]
    return ", ".join([spec.name, *parts])
