"""Runs as a benchmark leaves them, for tests of what keeps and shows them."""

from __future__ import annotations

from dataclasses import replace

from ubp_core.benchmark import BenchRun, LayerResult, VariantResult


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
