"""Sessions as YAML files: readable, checked strictly when read (with the reader of plans), written in one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.errors import PlanError
from ubp_core.installation.version import newer_line
from ubp_core.models.spec import ModelSpec
from ubp_core.plan.reader import MODEL_FIELDS
from ubp_core.strict_yaml.fields import (
    Field,
    flag,
    number,
    one_of,
    one_of_numbers,
    read_document,
    read_mapping,
    text,
    texts,
    whole,
)
from ubp_core.strict_yaml.text import format_list, format_mapping, format_value
from ubp_core.vocabulary import BLOCK_COLUMNS, DEFAULT_DTYPE, DTYPES, METHODS
from ubp_tui.bench.options import ALL, CORE_WORDS, OPTIONS, RunOptions
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import SCOPES, LayerChoices
from ubp_tui.renderables.layers.rows import COLUMNS
from ubp_tui.session.budget import format_budget, make_budget, read_budget
from ubp_tui.session.session import Session
from ubp_tui.workspace.arrangement import VIEWS, Arrangement, MapPlace

VERSION = 4
"""Of the format; version 1 had no types: everything was fp32. Version 2 had blocks of one column only, version 3 no
calibration, and "both" for all types."""
_HEAD = """\
# A session of ubp-tui: which network, what is chosen for its layers, and what was on the screen. It may be edited.
#   ubp-tui --session FILE    goes on from here, and writes the file again at its end
"""
_CHOICE = {
    "method": one_of(METHODS),
    "block_size": whole(1, 32),
    "block_columns": one_of_numbers(BLOCK_COLUMNS),
    "sparsity": number(0, 1, below=True),
}
_DTYPE = one_of(DTYPES)
_PLACE = {name: whole(0, 2**31 - 1) for name in ("row", "column", "level")}
_VALUES = {option.name: option.values for option in OPTIONS}
_VALUES |= {"cores": CORE_WORDS, "dtypes": (*_VALUES["dtypes"], "both")}
_OPTIONS = {name: one_of(values) for name, values in _VALUES.items()}
_ARRANGEMENT = {
    "theme": text,
    "full": flag,
    "sort": one_of(("", *(column.id for column in COLUMNS))),
    "descending": flag,
    "pictures": one_of(("auto", "shown", "hidden")),
    "curves_over": one_of(("sparsity", "block size")),
    "plot": one_of(("bars", "scatter")),
}


class NewerSession(PlanError):
    """A session that a later version wrote: it is left as it is."""


def load_session(path: Path) -> Session:
    """Read and check a file.

    Raises:
        NewerSession: a later version wrote it.
        PlanError: it can't be used; the line names file, line and field.
    """
    document = read_document(path)
    # First of all: a later version's fields are unknown here, and its number says more than any of them.
    if "session" in (fields := document.items()):
        _read_version(fields["session"][1])
    values = read_mapping(
        document,
        {
            "session": _read_version,
            "model": _read_model,
            "default": _read_choice,
            "layers": _read_layers,
            "dtype": _DTYPE,
            "types": _read_types,
            "dense": texts,
            "budget": lambda field: read_budget(field, _CHOICE),
            "marked": texts,
            "layer": text,
            "view": one_of(VIEWS),
            "scope": one_of(SCOPES),
            "by_tap": flag,
            "map": lambda field: MapPlace(**read_mapping(field, _PLACE)),
            "filter": text,
            "devices": texts,
            "calibration": text,
            "benchmark": _read_options,
            "screens": lambda field: Arrangement(**read_mapping(field, _ARRANGEMENT)),
        },
        required=("session", "model"),
    )
    choices = _make_choices(values)
    names = {"marked": "marked", "layer": "layer", "view": "view", "scope": "scope", "by_tap": "by_tap"}
    names |= {
        "map": "place",
        "filter": "pattern",
        "devices": "devices",
        "calibration": "calibration",
        "benchmark": "options",
        "screens": "arrangement",
    }
    rest = {names[name]: value for name, value in values.items() if name in names}
    return Session(values["model"], choices, **rest)


def refuse_newer(path: Path) -> None:
    """Raises NewerSession where a later version wrote the file; what else is wrong with it is no matter."""
    try:
        load_session(path)
    except NewerSession:
        raise
    except PlanError:
        return


def save_session(session: Session, path: Path) -> None:
    """Write a file in one step, and its folder if need be; what was there is replaced.

    Raises:
        FileError: it can't be written.
        OSError: the folder can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda place: write_text(place, format_session(session)), check=load_session)


def format_session(session: Session) -> str:
    """The file's text."""
    choices = session.choices
    lines = [_HEAD, f"session: {VERSION}  # version of this format", "model:"]
    lines += [f"  {name}: {format_value(value)}" for name, value in _model_fields(session.spec).items()]
    lines += ["", "# What is chosen: for every layer, exceptions, and layers that stay dense."]
    lines.append(f"default: {format_mapping(asdict(choices.default))}")
    lines.append("layers:" if choices.special else "layers: {}")
    lines += [f"  {format_value(name)}: {format_mapping(asdict(choice))}" for name, choice in choices.special.items()]
    lines.append(f"dense: {format_list(sorted(choices.dense))}")
    lines.append(f"dtype: {choices.dtype}  # type of weights and arrays: {', '.join(DTYPES)}; below, exceptions")
    lines.append("types:" if choices.types else "types: {}")
    lines += [f"  {format_value(name)}: {dtype}" for name, dtype in choices.types.items()]
    lines += format_budget(choices)
    lines += ["", "# What was on the screen."]
    lines.append(f"marked: {format_list(session.marked)}")
    for name, value in (("layer", session.layer), ("view", session.view), ("scope", session.scope)):
        lines.append(f"{name}: {format_value(value)}")
    lines.append(f"filter: {format_value(session.pattern)}")
    lines.append(f"by_tap: {format_value(session.by_tap)}")
    lines.append(f"map: {format_mapping(asdict(session.place))}")
    lines.append("screens:")
    lines += [f"  {name}: {format_value(value)}" for name, value in asdict(session.arrangement).items()]
    lines += ["", "# Where and how benchmarks run."]
    lines.append(f"calibration: {format_value(session.calibration)}  # folder of pictures for int8, or random")
    lines.append(f"devices: {format_list(session.devices)}")
    lines.append(f"benchmark: {format_mapping(asdict(session.options))}")
    return "\n".join(lines) + "\n"


def _model_fields(spec: ModelSpec) -> dict[str, Any]:
    """What isn't the default."""
    values = {
        field.name: getattr(spec, field.name)
        for field in fields(spec)
        if field.name != "name" and getattr(spec, field.name) != field.default
    }
    return {"name": spec.name, **values}


def _read_version(field: Field) -> int:
    """This version, or one before it, whose fields all mean the same here."""
    version = int(whole(0, 2**31)(field))
    if version > VERSION:
        raise NewerSession(newer_line(field.path, version, VERSION))
    if version < 1:
        field.fail(f"version {version} is unknown; this program reads versions 1 to {VERSION}")
    return version


def _read_model(field: Field) -> ModelSpec:
    """The network."""
    values = read_mapping(field, MODEL_FIELDS, required=("name",))
    return ModelSpec(**values)


def _read_choice(field: Field) -> Choice:
    """One choice; what is left out is as usual."""
    return Choice(**read_mapping(field, _CHOICE))


def _read_options(field: Field) -> RunOptions:
    """How benchmarks run."""
    options = RunOptions(**read_mapping(field, _OPTIONS))
    return replace(options, dtypes=ALL) if options.dtypes == "both" else options


def _read_types(field: Field) -> dict[str, str]:
    """Types by name."""
    return {name: _DTYPE(value) for name, (_, value) in field.items().items()}


def _make_choices(values: Mapping[str, Any]) -> LayerChoices:
    """What is chosen for the layers, of the fields of a file."""
    dtype = values.get("dtype", DEFAULT_DTYPE)
    types = {name: own for name, own in values.get("types", {}).items() if own != dtype}
    choices = LayerChoices(
        values.get("default", Choice()),
        MappingProxyType(values.get("layers", {})),
        frozenset(values.get("dense", ())),
        dtype=dtype,
        types=MappingProxyType(types),
    )
    return make_budget(values["budget"], choices) if "budget" in values else choices


def _read_layers(field: Field) -> dict[str, Choice]:
    """Exceptions by name."""
    return {name: _read_choice(value) for name, (_, value) in field.items().items()}
