"""Which files of a folder are plans, and what each is for, to offer them; the reader of plans checks the rest."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final

from ubp_core.vocabulary import DEFAULT_DTYPE

MOST: Final = 30
"""Files that are looked into, the newest first."""
HEAD_BYTES: Final = 4096
"""Where the lines of a plan's version and choices must be."""
_FIELD: Final = r"^{}:[ ]*([^#\n]*?)[ ]*(?:#.*)?$"
_MODEL: Final = re.compile(r"^model:.*\n(?:(?:[ ]+.*)?\n)*", re.MULTILINE)
"""The line of this field, and those that are indented below it."""


def find_plans(folder: Path, model: str = "") -> list[tuple[str, str]]:
    """Names of the plans in a folder, the newest first, and what each of them is.

    Args:
        folder: where to look.
        model: name of the network that is open: plans for another one say so.
    """
    times: dict[Path, float] = {}
    try:
        for path in folder.iterdir():
            if path.suffix in (".yaml", ".yml") and path.is_file():
                times[path] = path.stat().st_mtime
    except OSError:
        return []
    newest = sorted(times, key=lambda path: -times[path])[:MOST]
    heads = [(path, read_head(path)) for path in newest]
    return [(path.name, describe_head(head, model, times[path])) for path, head in heads if is_plan(head)]


def read_head(path: Path) -> str:
    """The beginning of a file; empty where it can't be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES).decode(errors="replace")
    except OSError:
        return ""


def is_plan(head: str) -> bool:
    """Whether a file begins as plans do."""
    return _read(head, "plan") != ""


def describe_head(head: str, model: str, written: float) -> str:
    """Network, scope, sparsity, type and time of a plan, as far as its beginning tells; one for another network says
    so."""
    name = _read_model(head)
    ours = not name or not model or Path(name).name == Path(model).name
    scope, sparsity, dtype = (_read(head, field) for field in ("scope", "sparsity", "dtype"))
    dtype = "" if dtype == DEFAULT_DTYPE else dtype
    try:
        share = f"{100 * float(sparsity):g} %"
    except ValueError:
        share = ""
    network = Path(name).name if ours else f"is for {Path(name).name}"
    return " · ".join(filter(None, (network, scope, share, dtype, f"{datetime.fromtimestamp(written):%Y-%m-%d %H:%M}")))


def _read_model(head: str) -> str:
    """Name of the network; empty where there is none, or none that can be read."""
    import yaml

    found = _MODEL.search(head)
    if found is None:
        return ""
    try:
        model = yaml.load(found[0], Loader=yaml.BaseLoader)["model"]  # makes texts only
    except (yaml.YAMLError, RecursionError):
        return ""
    name = model.get("name") if isinstance(model, dict) else None
    return name if isinstance(name, str) else ""


def _read(head: str, name: str) -> str:
    """The value of a field at the left edge; empty where there is none."""
    found = re.search(_FIELD.format(name), head, re.MULTILINE)
    return found[1] if found else ""
