"""Where a plan's checkpoint files are: paths count from the plan's folder, or from the present one. Reads none."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ubp_core.errors import PlanError
from ubp_core.models.catalogue import is_checkpoint, split_inside
from ubp_core.models.spec import ModelSpec


def locate_model(spec: ModelSpec, folder: Path | None) -> ModelSpec:
    """The model with paths that can be opened from the present folder.

    Args:
        spec: as it stands in a plan.
        folder: of the plan's file; None where there is none.

    Raises:
        PlanError: a file that is in neither folder; the line names both.
    """
    if folder is None:
        return spec
    changes: dict[str, Any] = {field: str(_find(field, value, folder)) for field, value in _paths(spec).items()}
    return replace(spec, **changes)


def move_model(spec: ModelSpec, folder: Path | None, target: Path) -> ModelSpec:
    """The model with paths that count from the folder that a plan is written into; files that aren't there stay.

    Args:
        spec: as it stands in a plan.
        folder: of the file that the plan was read from; None where there was none.
        target: the folder of the file to write.
    """
    changes: dict[str, Any] = {}
    for field, value in _paths(spec).items():
        found = next((place for place in _places(value, folder) if _is_there(place)), None)
        if found is not None:
            changes[field] = _way(found.resolve(), target.resolve())
    return replace(spec, **changes) if changes else spec


def _way(file: Path, folder: Path) -> str:
    """From a folder to a file, with slashes, which every system reads; between two drives of Windows there is none."""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:
        return file.as_posix()


def _paths(spec: ModelSpec) -> dict[str, str]:
    """The fields that are relative paths of files."""
    paths = {"name": spec.name} if is_checkpoint(spec.name) else {}
    if spec.weights not in ("default", "random"):
        paths["weights"] = spec.weights
    return {field: value for field, value in paths.items() if not Path(value).is_absolute()}


def _places(value: str, folder: Path | None) -> list[Path]:
    return [Path(value)] if folder is None else [folder / value, Path(value)]


def _is_there(place: Path) -> bool:
    """Whether a file is there; what stands behind a colon leads into it."""
    return Path(split_inside(str(place))[0]).exists()


def _find(field: str, value: str, folder: Path) -> Path:
    places = _places(value, folder)
    for place in places:
        if _is_there(place):
            return place
    looked = dict.fromkeys(str(_folder_of(place)) for place in places)
    raise PlanError(f"model.{field}: {value}: no such file; looked in {' and '.join(looked)}")


def _folder_of(place: Path) -> Path:
    """The folder in which a file was looked for; of a path that no system can have, as it is written."""
    try:
        return place.resolve().parent
    except (OSError, ValueError, RuntimeError):  # a zero character, links in a circle
        return place.parent
