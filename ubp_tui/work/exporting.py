"""What the app takes away: the files of `ubp_core.export`, and the view as a picture and as text. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from ubp_core.vocabulary import RANDOM
from ubp_tui.choices.paths import typed_path

if TYPE_CHECKING:
    from ubp_core.export import ExportTarget
    from ubp_core.history import LayerFigures
    from ubp_core.models import LoadedModel
    from ubp_core.plan import Plan
    from ubp_core.quantisation.exports.exporting import Calibrating

KINDS: Final[dict[str, tuple[str, str]]] = {
    "plan": (".yaml", "the choices as a plan; l loads it again"),
    "state_dict": (".safetensors", "state_dict with exact zeros, for PyTorch"),
    "masks": (".npz", "masks and blocks, for numpy"),
    "packed": (".ubp", "packed layers, for the kernels"),
    "network": (".network.ubp", "the whole network, for phones and programs"),
    "table": (".csv", "a line for every layer"),
    "picture": (".svg", "this view as a picture"),
    "text": (".txt", "this view as text"),
}
"""Kinds of files: ending, which no other kind has, and what is in it. All but VIEWS are those of `ubp_core.export`; a
test compares them."""
VIEWS: Final = ("picture", "text")
"""Kinds that show the screen."""
PREPARING: Final = Lock()
"""Held while it is computed what is to be written: capturing a network can't be interrupted, so whoever ends the
process does not wait for this."""
WRITING: Final = Lock()
"""Held while files are written: whoever ends the process without waiting for its threads waits for this."""


@dataclass(frozen=True, eq=False)
class ExportJob:
    """What to write where."""

    plan: Plan
    """What is done with every layer."""
    model: LoadedModel
    """The network."""
    files: tuple[tuple[str, Path], ...]
    """Kind and path of each file."""
    layers: tuple[str, ...] | None
    """Only these layers are pruned in the files; None: all that the plan prunes."""
    views: dict[str, Callable[[], str]]
    """Makes the text of each of VIEWS."""
    figures: LayerFigures | None = None
    """What was measured of the layers, for the table."""
    calibration: str = ""
    """Folder of pictures that int8 of the whole network is calibrated on, or RANDOM; empty: there is none."""


def name_files(folder: str, name: str, kinds: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """Kind and path of each file."""
    return tuple((kind, typed_path(folder) / f"{name}{KINDS[kind][0]}") for kind in kinds)


def find_existing(files: Sequence[tuple[str, Path]]) -> tuple[str, ...]:
    """Names of the files that are there already."""
    return tuple(path.name for _, path in files if path.exists() or path.is_symlink())


def write_files(
    job: ExportJob, overwrite: bool, progress: Callable[[str, float], None], cancel: Event
) -> tuple[str, ...]:
    """Writes them, each in one step.

    Returns:
        What to know of the whole network, a line each: what is not as expected, and what fp16 costs.

    Raises:
        UbpError: one line; ExportCancelled where `cancel` was set.
    """
    from ubp_core.errors import FileError
    from ubp_core.export import prepare_files

    for _, path in job.files:
        if not path.parent.is_dir():
            raise FileError(f"{path.parent}: there is no such folder")
    targets = [_target(kind, path) for kind, path in job.files if kind not in VIEWS]
    prepared = None
    lines: list[str] = []
    if targets:
        with PREPARING:
            calibrating, lines = _calibrate_on(job, progress, cancel)
            prepared = prepare_files(
                job.plan,
                job.model,
                targets,
                layers=job.layers,
                overwrite=overwrite,
                progress=progress,
                cancel=cancel,
                calibrating=calibrating,
            )
    with WRITING:
        if prepared is not None:
            prepared.write(overwrite, job.figures)
        _write_views(job, overwrite)
    return () if prepared is None else (*lines, *prepared.notes)


def _calibrate_on(
    job: ExportJob, progress: Callable[[str, float], None], cancel: Event
) -> tuple[Calibrating | None, list[str]]:
    """What int8 is calibrated on, and the lines that must be told of it; None where nothing is.

    Raises:
        UbpError: as `read_pictures`; ExportCancelled where `cancel` was set.
    """
    from ubp_core.errors import ExportCancelled
    from ubp_core.pictures.folder import read_pictures
    from ubp_core.pictures.preparation import preparation_for
    from ubp_core.quantisation.exports.exporting import USUAL_PICTURES, Calibrating

    side = job.model.input_size
    if not job.calibration or side is None:
        return None, []
    if job.calibration == RANDOM:
        return Calibrating.of_random_numbers((1, 3, side, side)), []

    def tell(done: int, total: int) -> None:
        if cancel.is_set():
            raise ExportCancelled("cancelled; nothing was written")
        progress(f"reading picture {done + 1} of {total}", 0.0)

    folder = typed_path(job.calibration)
    found = read_pictures(folder, preparation_for(job.model.name, 3, side, side), USUAL_PICTURES, tell)
    return Calibrating.of_pictures(found, 1), [f"{path}: {reason}, left out" for path, reason in found.unreadable]


def _write_views(job: ExportJob, overwrite: bool) -> None:
    """What the screen shows."""
    from ubp_core.atomic_file import write_atomically, write_text

    for kind, path in job.files:
        if kind in VIEWS:
            write_atomically(path, partial(write_text, text=job.views[kind]()), overwrite=overwrite)


def _target(kind: str, path: Path) -> ExportTarget:
    from ubp_core.export import ExportTarget

    return ExportTarget(kind, path)
