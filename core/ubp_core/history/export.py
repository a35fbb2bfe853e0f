"""Runs as CSV and JSON, every sample included."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from ubp_core.history.store import Entry

COLUMNS = (
    "run", "started", "device", "kind", "figure", "title", "model", "failure", "layer", "input_shape", "output_shape",
    "variant", "method", "block_size", "block_columns", "sparsity", "dtype", "retained", "kernel", "check", "checksum",
    "min_ns", "median_ns", "p90_ns", "speedup_over_dense", "speedup_low", "speedup_high",
    "instructions", "fewer_instructions_than_dense", "multiply_adds", "file_bytes",
    "celsius_before", "celsius_after", "moved", "notes", "samples_ns",
)  # fmt: skip
"""One line per variant; samples and notes are joined in one cell."""


def to_csv(entries: Iterable[Entry]) -> str:
    """Runs as CSV with a heading line."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerows(csv_lines(entry))
    return stream.getvalue()


def csv_lines(entry: Entry) -> list[dict[str, Any]]:
    """The lines of one run."""
    run = entry.run
    head = {"run": entry.id, "started": run.started, "device": run.device, "kind": run.kind, "figure": run.figure,
            "title": run.title, "model": run.model, "failure": run.failure}  # fmt: skip
    lines = []
    for layer in run.layers:
        for variant in layer.variants:
            line = {name: getattr(variant, name) for name in COLUMNS if hasattr(variant, name)}
            line |= {"layer": layer.layer, "input_shape": layer.input_shape, "output_shape": layer.output_shape}
            ratio = layer.ratio(variant)
            line |= {"variant": variant.label, "speedup_over_dense": None if ratio is None else ratio.value}
            line |= {} if ratio is None else {"speedup_low": ratio.low, "speedup_high": ratio.high}
            line |= {"fewer_instructions_than_dense": layer.fewer_instructions(variant)}
            line |= {"notes": "; ".join(variant.notes), "samples_ns": " ".join(map(str, variant.samples_ns))}
            lines.append(head | line)
    return lines


def to_json(entries: Iterable[Entry]) -> str:
    """Runs as one JSON object."""
    runs = [{"id": entry.id, **entry.run.to_record()} for entry in entries]
    return json.dumps({"schema_version": 1, "runs": runs}, indent=2) + "\n"
