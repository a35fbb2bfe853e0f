"""Runs as a benchmark leaves them, for tests of what keeps and shows them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ubp_core.benchmark import BenchRun, LayerResult, VariantResult
from ubp_core.history import History
from ubp_core.history.schema import SCHEMA_VERSION


def make_run(samples: int = 3, **changes: object) -> BenchRun:
    times = tuple(range(200, 200 + samples))
    dense = VariantResult("dense", "dense", 0, 0.0, "dense", "ok", "aa", times, 200, 201.0, 202, celsius_before=30.5)
    pruned = replace(
        VariantResult("bed N=4 s=0.75", "bed", 4, 0.75, "ubp", "ok", "aa", (100,) * samples, 100, 100.5, 101),
        notes=("clock -12 %",),
        file_bytes=10,
    )
    layers = (LayerResult('a, "b"\nÜ', "1x2x3x3", "1x4x3x3", (dense, pruned), ("few samples",)),)
    run = BenchRun(
        "adb:X",
        "adb",
        "latency",
        "Phone",
        started="2025-01-02T03:04:05+00:00",
        model="toy",
        settings={"threads": 1},
        facts={"model": "Phone", "abis": ["arm64-v8a"]},
        layers=layers,
        planned=(layers[0].layer, "second"),
        failure="cancelled",
        seconds=1.5,
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def make_older(path: Path, version: int) -> None:
    """A history of an older version with two runs, from the statements that its own code left (`history/older`)."""
    statements = Path(__file__).with_name("history") / "older" / f"version_{version}.sql"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements.read_text(encoding="utf-8"))


def make_newer(path: Path) -> None:
    """A history of the next version, with a run in it and a table that this one doesn't know."""
    with History(path) as history:
        history.add(make_run())
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode = DELETE; CREATE TABLE later (x)")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
