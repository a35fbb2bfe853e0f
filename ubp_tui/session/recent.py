"""The models that were opened lately: a small file of the user's state. What can't be read is no model."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.errors import UbpError
from ubp_core.models.spec import ModelSpec
from ubp_tui.choices.paths import typed_path

MOST: Final = 10
"""Models that are remembered."""
_TYPES: Final = {"name": str, "weights": str, "arch": str | None, "width": float, "seed": int, "input_size": int}


def recent_path() -> Path:
    """Where they are kept."""
    from platformdirs import user_state_path

    return user_state_path("ubp-tui") / "recent-models.json"


def read_recent(path: Path | None) -> tuple[ModelSpec, ...]:
    """The models, the last one first; none where the file is missing or was damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path is not None else []
    except (OSError, ValueError, RecursionError):
        return ()
    specs = map(_read_spec, found if isinstance(found, list) else [])
    return tuple(spec for spec in specs if spec is not None)[:MOST]


def _read_spec(value: Any) -> ModelSpec | None:
    """One model; None where it is none."""
    names = {field.name for field in fields(ModelSpec)}
    if not isinstance(value, dict) or not {"name"} <= value.keys() <= names:
        return None
    if not all(isinstance(value[name], _TYPES[name]) for name in value):
        return None
    return ModelSpec(**value)


def note_recent(path: Path | None, spec: ModelSpec) -> None:
    """Put a model first; where nothing can be written, nothing is remembered."""
    if path is None:
        return
    kept = (_absolute(spec), *(other for other in read_recent(path) if other != _absolute(spec)))[:MOST]
    text = json.dumps([asdict(one) for one in kept], indent=1)
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
