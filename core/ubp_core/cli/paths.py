"""`ubp paths`: where what outlives a command lies, how much it is, and emptying the cache."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ubp_core.cli import output
from ubp_core.cli.options.output import add_output_options
from ubp_core.cli.tables import GAP, Column, Table, numbers
from ubp_core.errors import ExitCode, UsageError
from ubp_core.storage import folders
from ubp_core.storage.disk_use import bytes_of, files_below
from ubp_core.storage.set_aside import names_aside
from ubp_core.units import NONE, format_bytes

CLEANED = ("cache",)
"""What `--clean` empties."""

DESCRIPTION = f"""\
Where ubp and ubp-tui keep what outlives a command, and how much it is. Nothing is written elsewhere, but files that
are asked for by name.

{folders.HOME}=FOLDER moves all of it below one folder, for a home that is read-only; {folders.HISTORY}=FILE names
another history, {folders.TORCH}=FOLDER another folder of torch's, and both go before it."""

EXAMPLES = f"""\
  ubp paths
  ubp paths --json
  ubp paths --clean cache           empty the cache, and nothing else
  {folders.HOME}=/data/ubp ubp paths   where it would all be"""


@dataclass(frozen=True)
class Place:
    """Where something lies."""

    name: str
    path: str
    what: str
    files: tuple[Path, ...] = ()
    """All that belongs to it and is there."""
    exists: bool | None = None
    """Whether there is such a file or folder; None where only a device could say that."""

    @property
    def size_bytes(self) -> int | None:
        """Bytes of these files; None where nothing is there, or nobody knows."""
        return bytes_of(self.files) if self.exists else None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ubp paths`."""
    parser.add_argument(
        "--clean", metavar="NAME", help=f"empty this place without a question, and nothing else; {', '.join(CLEANED)}"
    )
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """List, or empty the cache."""
    if args.clean is not None:
        return clean(args.clean, args.json)
    places = find_places()
    if args.json:
        records = [place_record(place) for place in places]
        output.print_json({"command": "paths", "home": home_text(), "places": records})
    else:
        console = output.open_console()
        console.print(places_table(places, console.width))
    return ExitCode.OK


def clean(name: str, json: bool) -> int:
    """Empty a place and say what became free.

    Raises:
        UsageError: it is none that is emptied.
    """
    if name not in CLEANED:
        raise UsageError(f"--clean {name}: is not emptied; what can be: {', '.join(CLEANED)}")
    from ubp_core.storage.cache import empty_cache

    path, emptied = folders.cache_folder(), empty_cache()
    if json:
        record = {"name": name, "path": str(path), "files": emptied.files, "size_bytes": emptied.size_bytes}
        output.print_json({"command": "paths", "cleaned": record})
        return ExitCode.OK
    count = f"{emptied.files:,} file{'' if emptied.files == 1 else 's'}"
    output.say(f"{name}: removed {count}, {format_bytes(emptied.size_bytes)} are free again ({path})")
    return ExitCode.OK


def find_places() -> list[Place]:
    """All of them."""
    from ubp_core.devices.remote_script import ROOT

    history, session, recent = folders.history_file(), folders.session_file(), folders.recent_file()
    logs = [history.with_name(f"{history.name}{more}") for more in ("", "-wal", "-shm")]
    passing = Path(tempfile.gettempdir())
    return [
        make_place("history", history, "benchmarks: ubp history, h in the app", logs),
        make_place("session", session, "the app's last session, and those set aside", [session, *names_aside(session)]),
        make_place("recent", recent, "models that the app opened lately", [recent, *names_aside(recent)]),
        make_place("tour", folders.tour_file(), "there since the app's tour was begun"),
        make_place("log", folders.log_file(), "what libraries reported: L in the app"),
        make_place("cache", folders.cache_folder(), "can be had again: ubp paths --clean cache"),
        make_place("weights", folders.weights_folder(), weights_text()),
        make_place("passing", passing / f"{folders.TEMPORARY}*", "gone when a command ends", passing_files(passing)),
        Place("phone", ROOT, "on phones, while a benchmark runs: ubp devices clean"),
    ]


def make_place(name: str, path: Path, what: str, paths: Iterable[Path] = ()) -> Place:
    """A place on this machine; `paths` is what belongs to it where that is more than its path."""
    found = tuple(file for place in (tuple(paths) or (path,)) for file in files_below(place))
    return Place(name, str(path), what, found, bool(found) or os.path.lexists(path))


def weights_text() -> str:
    """Whose the downloaded weights are."""
    shared = folders.cache_folder() not in folders.weights_folder().parents
    return "downloaded weights: " + ("torch's own folder, others use it too" if shared else "in the cache")


def passing_files(folder: Path) -> list[Path]:
    """Our folders among the system's temporary files."""
    try:
        return sorted(folder.glob(f"{folders.TEMPORARY}*"))
    except OSError:
        return []


def home_text() -> str | None:
    """What UBP_HOME names."""
    chosen = folders.home()
    return None if chosen is None else str(chosen)


def place_record(place: Place) -> dict[str, Any]:
    """A place in JSON output."""
    return {
        "name": place.name,
        "path": place.path,
        "exists": place.exists,
        "files": None if place.exists is None else len(place.files),
        "size_bytes": place.size_bytes,
        "what": place.what,
    }


def places_table(places: Sequence[Place], width: int) -> Table:
    """One line per place; a path stays whole, to be copied, as long as it fits beside its name."""
    whole = max(len(place.name) + len(place.path) for place in places) + 2 * GAP <= width
    path = Column("path", "left" if whole else "text")
    table = Table([Column("name", "name"), *numbers("size", yields=1), path, Column("what", "text", yields=2)])
    for place in places:
        size = NONE if place.size_bytes is None else format_bytes(place.size_bytes)
        table.add_row(place.name, size, place.path, place.what)
    return table
