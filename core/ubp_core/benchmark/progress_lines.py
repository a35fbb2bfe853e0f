"""Reads what `ubp_bench --progress` and its instruction counter write on standard error while they run.

The lines come from the work itself, so a program that hangs is silent. Each says how long a single step takes there
(`silence_ns`), so that a long step is not taken for a hang. Runs nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

STEPS = {
    "plain loop": ("checking: the plain loop", 0.0, 0.25),
    "first run": ("checking", 0.25, 0.30),
    "warm-up": ("warming up", 0.30, 0.40),
    "turns": ("taking turns", 0.40, 0.97),
    "count": ("counting instructions", 0.97, 1.0),
}
"""Words for people, and the part of the bar that a step fills."""
LARGEST = 2**62
PATIENCE = 5.0
"""A step may take so many times as long as the slowest one before it."""


@dataclass(frozen=True)
class LayerProgress:
    """Where a run of the program is."""

    step: str = ""
    """Words for people."""
    entry: int | None = None
    """Variant that is being worked at, from 0; None where all take turns."""
    done: int = 0
    """Rounds, runs or multiply-adds done."""
    of: int = 0
    """Of so many; 0 where that isn't known."""
    share: float = 0.0
    """Of the whole layer, 0 to 1; an estimate."""
    medians_ns: tuple[float | None, ...] = ()
    """So far, by variant; empty before the turns."""
    silence_s: float = 0.0
    """How long the next step may stay silent; 0 where that isn't known."""

    @property
    def rounds(self) -> str:
        """Rounds done of all, for people; empty outside of the turns."""
        return f"{self.done} of {self.of}" if self.medians_ns and self.of else ""


class ProgressReader:
    """Takes lines of one run of the program; keeps where it is, and the counted instructions."""

    def __init__(self, entries: int) -> None:
        self.entries = entries
        self.now = LayerProgress()
        self.counted: dict[int, int] = {}

    def take(self, line: str) -> bool:
        """Whether the line was one of ours; anything else is a message for people."""
        if not line.startswith(('{"progress"', '{"counted"')):
            return False
        try:
            record = json.loads(line)
        except ValueError:
            return False
        if isinstance(record.get("counted"), int) and isinstance(record.get("instructions"), int):
            self.counted[record["counted"]] = record["instructions"]
        elif isinstance(record.get("progress"), str) and record["progress"] in STEPS:
            self.now = self.read_step(record)
        return True

    def read_step(self, record: dict[str, Any]) -> LayerProgress:
        """A step's record as a value; fields of the wrong type count as missing."""
        words, start, end = STEPS[record["progress"]]
        done, of = (number_of(record.get(name)) for name in ("done", "of"))
        entry = record.get("entry") if isinstance(record.get("entry"), int) else None
        part = min(done / of, 1.0) if of else 0.0
        if entry is not None and self.entries:
            part = min((entry + part) / self.entries, 1.0)
        medians = record.get("medians_ns", [])
        silence_ns = number_of(record.get("silence_ns"))
        return replace(
            LayerProgress(words, entry, int(done), int(of)),
            share=max(self.now.share, start + (end - start) * part),
            medians_ns=tuple(number_of(value) or None for value in medians) if isinstance(medians, list) else (),
            silence_s=PATIENCE * silence_ns / 1e9,
        )


def number_of(value: object) -> float:
    """A number of a record, up to LARGEST; 0 for anything else."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return float(value) if good else 0.0  # type: ignore[arg-type]  # it is a number
