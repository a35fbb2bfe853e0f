"""A run in one line: what it was of, without its figures; and which runs a list is to have. Reads no sample."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ubp_core.units import format_block
from ubp_core.vocabulary import DEFAULT_BLOCK_COLUMNS, DEFAULT_DTYPE, DENSE

COLUMNS = "id, started, device, kind, figure, title, model, layers, planned, failure, record"


@dataclass(frozen=True)
class Summary:
    """One line of the list."""

    id: int
    started: str
    device: str
    kind: str
    figure: str
    title: str
    model: str
    layers: int
    """Measured."""
    planned: int
    """Asked for."""
    failure: str
    layer_names: tuple[str, ...] = ()
    """Of the layers that were asked for; "network" for a whole one."""
    methods: tuple[str, ...] = ()
    """That ran next to dense."""
    block_sizes: tuple[int, ...] = ()
    """Theirs; none where the layers of a network differ."""
    sparsities: tuple[float, ...] = ()
    """Theirs, as requested."""
    dtypes: tuple[str, ...] = ()
    """Types of what ran."""
    blocks: tuple[str, ...] = ()
    """Blocks that ran, as 4, or 4x4 where they have four columns; none where the layers of a network differ."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs a list is to have: names are whole ones, with * for any text; capitals don't matter."""

    model: str = ""
    """Empty: any; also without what stands in brackets behind a name."""
    layer: str = ""
    """Of one layer that ran."""
    device: str = ""
    """Its name, or what it calls itself."""
    since: datetime | None = None
    """Of the earliest start."""

    def keeps(self, run: Summary) -> bool:
        """Whether the list has this run."""
        models = (run.model, run.model.partition(" (")[0])
        names = ((self.model, models), (self.layer, run.layer_names), (self.device, (run.device, run.title)))
        return all(_matches(pattern, known) for pattern, known in names) and self._is_new_enough(run.started)

    def _is_new_enough(self, started: str) -> bool:
        if self.since is None:
            return True
        try:
            return read_time(started) >= self.since
        except ValueError:
            return False


@dataclass
class _Choices:
    """What a record says of its variants, each once and in order."""

    layers: dict[str, None] = field(default_factory=dict)
    methods: dict[str, None] = field(default_factory=dict)
    forms: dict[tuple[int, int], None] = field(default_factory=dict)
    sparsities: dict[float, None] = field(default_factory=dict)
    dtypes: dict[str, None] = field(default_factory=dict)

    def take(self, record: dict[str, Any]) -> None:
        for name in (*record["planned"], *(layer["layer"] for layer in record["layers"])):
            self.layers[str(name)] = None
        for layer in record["layers"]:
            for variant in layer["variants"]:
                self.dtypes[str(variant.get("dtype", DEFAULT_DTYPE))] = None
                if variant["method"] != DENSE:
                    self.methods[str(variant["method"])] = None
                    self.sparsities[float(variant["sparsity"])] = None
                    if variant["block_size"]:
                        columns = int(variant.get("block_columns", DEFAULT_BLOCK_COLUMNS))
                        self.forms[int(variant["block_size"]), columns] = None


def summaries(connection: sqlite3.Connection, limit: int | None = None) -> list[Summary]:
    """The runs, newest first; a record that is damaged is in the list without what it would say."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM run ORDER BY id DESC LIMIT ?", (-1 if limit is None else limit,))
    return [_summary(row) for row in rows]


def _summary(row: Sequence[Any]) -> Summary:
    choices = _Choices()
    try:
        choices.take(json.loads(row[-1]))
    except (ValueError, KeyError, TypeError):
        choices = _Choices()  # `ubp history show` says that it is damaged
    sizes, blocks = sorted({size for size, _ in choices.forms}), (format_block(*form) for form in sorted(choices.forms))
    found = (choices.layers, choices.methods, sizes, sorted(choices.sparsities), choices.dtypes, blocks)
    return Summary(*row[:-1], *map(tuple, found))


def read_time(text: str) -> datetime:
    """A day or a moment as ISO 8601 has it; UTC where it says nothing else.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _matches(pattern: str, names: Sequence[str]) -> bool:
    if not pattern:
        return True
    expression = ".*".join(map(re.escape, pattern.split("*")))
    return any(re.fullmatch(expression, name, re.IGNORECASE | re.DOTALL) for name in names)
