"""Reads what `ubp_bench --jsonl` prints: untrusted text becomes values, or one line that says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ubp_core.benchmark.errors import BenchmarkError
from ubp_core.benchmark.profile import ProfileStep
from ubp_core.benchmark.result import VariantResult
from ubp_core.benchmark.variants import Variant
from ubp_core.printable import printable

SCHEMA_VERSION = 1
NUMBERS = (int, float)
FIELDS: dict[str, tuple[type, ...]] = {
    "file": (str,), "layer": (str,), "kernel": (str,), "input_shape": (str,), "output_shape": (str,),
    "output_crc32": (str,), "build": (str,), "check": (str,), "samples_ns": (list,), "notes": (list,),
    "min_ns": NUMBERS, "median_ns": NUMBERS, "p90_ns": NUMBERS, "multiply_adds": (int,),
    "celsius_before": (*NUMBERS, type(None)), "celsius_after": (*NUMBERS, type(None)), "moved": (bool,),
    "emulated": (bool,),
}  # fmt: skip
"""Fields we use and the types they may have."""

STEP = "step"
"""Scope of a row that is of one step of a network, behind the row of the network itself."""
STEP_FIELDS: dict[str, tuple[type, ...]] = {
    name: FIELDS[name] for name in ("file", "layer", "kernel", "samples_ns", "median_ns", "multiply_adds")
} | {"operation": (str,), "share": NUMBERS}

Row = dict[str, Any]


def read_rows(output: bytes) -> list[Row]:
    """The rows of an output.

    Raises:
        BenchmarkError: it holds anything else; the line quotes its begin.
    """
    rows = []
    for number, line in enumerate(output.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise BenchmarkError(f"the program printed garbage in line {number}: {excerpt(line)}") from None
        check_row(row, number)
        rows.append(row)
    return rows


def check_row(row: Any, number: int) -> None:
    """Raises BenchmarkError where a row lacks a field or one has the wrong type."""
    if not isinstance(row, dict):
        raise BenchmarkError(f"the program printed no object in line {number}")
    if row.get("schema_version") != SCHEMA_VERSION:
        found = row.get("schema_version")
        raise BenchmarkError(f"the program writes schema version {found!r}, this package reads {SCHEMA_VERSION}")
    for name, types in (STEP_FIELDS if row.get("scope") == STEP else FIELDS).items():
        value = row.get(name)
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise BenchmarkError(f"the program's results: {name} is {excerpt(repr(value).encode())} in line {number}")
    if not row["samples_ns"] or not all(type(sample) is int and sample > 0 for sample in row["samples_ns"]):
        raise BenchmarkError(f"the program's results: samples_ns in line {number} are not all times")


def variant_result(row: Row, variants: Mapping[str, Variant], timed: bool) -> VariantResult:
    """The result in a row.

    Args:
        variants: the variant of each file's path on the device.
        timed: whether its times count; where not, they are left out.

    Raises:
        BenchmarkError: the row is of a file that wasn't asked for.
    """
    variant = variants.get(row["file"])
    if variant is None:
        raise BenchmarkError(f"the program's results name an unknown file: {excerpt(row['file'].encode())}")
    result = VariantResult(
        variant.label, variant.method, variant.block_size, variant.sparsity, row["kernel"], row["check"],
        row["output_crc32"], multiply_adds=row["multiply_adds"],
        notes=tuple(map(str, row["notes"])) if timed else (), dtype=variant.dtype,
        block_columns=variant.block_columns,
    )  # fmt: skip
    if not timed:
        return result
    return replace(
        result,
        samples_ns=tuple(row["samples_ns"]),
        min_ns=row["min_ns"],
        median_ns=row["median_ns"],
        p90_ns=row["p90_ns"],
        celsius_before=row["celsius_before"],
        celsius_after=row["celsius_after"],
        moved=row["moved"],
    )


def profile_of(rows: Iterable[Row], file: str) -> tuple[ProfileStep, ...]:
    """The steps of the network in a file, in the order in which they run."""
    return tuple(
        ProfileStep(row["layer"], row["operation"], row["kernel"], row["median_ns"], row["share"], row["multiply_adds"])
        for row in rows
        if row.get("scope") == STEP and row["file"] == file
    )


def excerpt(data: bytes, length: int = 60) -> str:
    """The begin of some bytes as printable text."""
    text = printable(data.decode(errors="replace"))
    return text[:length] + ("..." if len(text) > length else "")
