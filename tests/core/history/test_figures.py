"""The newest figure of every layer and choice: which runs count, and that the answer does not grow with the history."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ubp_core.benchmark import BenchRun, LayerResult, VariantResult
from ubp_core.history import History
from ubp_core.history.schema import SCHEMA_VERSION
from ubp_core.models import Layer

CONV = Layer("conv", "conv", np.ones((8, 4, 1, 1), np.float32), output_hw=(5, 6))
HEAD = Layer("head", "linear", np.ones((3, 8), np.float32))
LAYERS = (CONV, HEAD)


def result_of(layer: Layer, output: str, dense: float, bed: float) -> LayerResult:
    variants = (
        VariantResult("dense", "dense", 0, 0.0, "k", "ok", "aa", (1,), median_ns=dense),
        VariantResult("bed N=4 s=0.75", "bed", 4, 0.75, "k", "ok", "aa", (1,), median_ns=bed),
    )
    return LayerResult(layer.name, "", output, variants, weight_shape="x".join(map(str, layer.shape)))


def make_run(dense: float, bed: float, **changes: object) -> BenchRun:
    run = BenchRun(
        "adb:X", "adb", "latency", "Phone", started="", model="toy", settings={"threads": 1, "cores": None}, facts={},
        layers=(result_of(CONV, "1x8x5x6", dense, bed), result_of(HEAD, "1x3x1x1", dense + 1, bed + 1)),
        extra={"criterion": "l1"},
    )  # fmt: skip
    return replace(run, **changes)  # type: ignore[arg-type]


def test_the_newest_of_each_choice_on_each_device(tmp_path: Path) -> None:
    with History(tmp_path / "h") as history:
        history.add(make_run(100, 50))
        history.add(make_run(90, 40))
        last = history.add(make_run(7, 8, device="host", figure="host time"))
        phone, host = (history.newest_figures("toy", LAYERS, device) for device in ("adb:X", "host"))
        assert (phone.figure, phone.of("conv"), phone.of("conv", "bed", 4, 0.75)) == ("latency", 90, 40)
        assert (phone.of("head"), phone.of("head", "bed", 4, 0.75)) == (91, 41)
        assert phone.of("conv", "bed", 4, 0.8) is None and phone.of("conv", "abp", 4, 0.75) is None
        assert (host.figure, host.of("conv")) == ("host time", 7)
        assert history.newest_figures("toy", LAYERS) == host, "the device of the last run"
        history.delete(last)
        assert history.newest_figures("toy", LAYERS) == phone
        assert not history.newest_figures("toy", LAYERS, "host").values
        history.delete(2)
        assert history.newest_figures("toy", LAYERS).of("conv") == 100, "a run that is deleted uncovers the one before"


@pytest.mark.parametrize(
    "layers",
    [
        (replace(CONV, weight=np.ones((8, 5, 1, 1), np.float32)),),
        (replace(CONV, output_hw=(6, 5)),),
        (replace(CONV, output_hw=None),),
        (replace(CONV, name="other"),),
        (replace(HEAD, output_hw=(1, 7)),),
    ],
)
def test_layers_of_another_shape_have_no_figure(tmp_path: Path, layers: tuple[Layer, ...]) -> None:
    with History(tmp_path / "h") as history:
        history.add(make_run(100, 50))
        assert not history.newest_figures("toy", layers).values
        assert not history.newest_figures("another", LAYERS).values
        assert not history.newest_figures("toy", LAYERS, criterion="l2").values


def test_figures_of_one_column_have_the_same_threads_and_cores(tmp_path: Path) -> None:
    with History(tmp_path / "h") as history:
        history.add(make_run(100, 50))
        four = make_run(30, 20, settings={"threads": 4, "cores": "big"})
        history.add(replace(four, layers=four.layers[:1]))
        found = history.newest_figures("toy", LAYERS)
        assert (found.threads, found.cores, found.of("conv"), found.of("head")) == (4, "big", 30, None)
        history.add(make_run(99, 49))
        found = history.newest_figures("toy", LAYERS)
        assert (found.threads, found.cores, found.of("conv"), found.of("head")) == (1, "", 99, 100)


def test_what_is_wrong_or_not_measured_has_no_figure(tmp_path: Path) -> None:
    run = make_run(100, 50)
    wrong = replace(run.layers[0].variants[1], check="differs")
    layer = replace(run.layers[0], variants=(run.layers[0].variants[0], wrong))
    untimed = tuple(replace(variant, median_ns=None) for variant in layer.variants)
    with History(tmp_path / "h") as history:
        history.add(make_run(1, 1, layers=(replace(layer, variants=untimed),), figure="not timed"))
        history.add(make_run(1, 1, layers=(replace(layer, weight_shape=""),)))
        assert not history.newest_figures("toy", LAYERS).device
        history.add(replace(run, layers=(layer,)))
        found = history.newest_figures("toy", LAYERS)
        assert (found.of("conv"), found.of("conv", "bed", 4, 0.75)) == (100, None)


def test_unstructured_has_no_block_size_and_instructions_count_where_nothing_is_timed(tmp_path: Path) -> None:
    variant = VariantResult("u", "unstructured", 1, 0.5, "k", "ok", "aa", instructions=1234)
    layer = replace(make_run(1, 1).layers[0], variants=(variant,))
    with History(tmp_path / "h") as history:
        history.add(make_run(1, 1, device="emulator", figure="instructions", layers=(layer,)))
        found = history.newest_figures("toy", LAYERS)
        assert (found.figure, found.of("conv", "unstructured", 16, 0.5)) == ("instructions", 1234)


@pytest.mark.parametrize("version", [2, SCHEMA_VERSION])
def test_figures_are_found_by_their_run(tmp_path: Path, version: int) -> None:
    path = tmp_path / "h"
    with History(path) as history:
        history.add(make_run(100, 50))
    if version == 2:
        with sqlite3.connect(path) as old:
            old.executescript("DROP INDEX figure_of_run; PRAGMA user_version = 2")
        old.close()
    with History(path) as history:
        assert history.newest_figures("toy", LAYERS).of("conv") == 100
        plan = history.connection.execute("EXPLAIN QUERY PLAN SELECT 1 FROM figure WHERE run_id = 1").fetchall()
        assert "figure_of_run" in plan[0][-1], "else a run that is deleted reads every figure"
