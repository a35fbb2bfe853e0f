"""Pieces of the benchmark screen: options, rows of runs under way, bars that fit, points of the scatter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ubp_core.benchmark import BenchProgress, BenchSettings, LayerProgress, LayerResult, Stage, VariantResult
from ubp_core.benchmark.figure import FIGURE_WORDS
from ubp_core.devices.clusters import group_cores
from ubp_core.devices.facts import parse_facts
from ubp_tui.bench.options import OPTIONS, RunOptions, core_values, thread_values
from ubp_tui.bench.run import DeviceRun
from ubp_tui.choices.choice import Choice
from ubp_tui.renderables.bench.rows import list_rows, name_variants
from ubp_tui.widgets.bench.bars import Bars, fit_bars
from ubp_tui.widgets.bench.result_table import find_widths
from ubp_tui.widgets.bench.scatter import LEAST_SPAN, describe_shapes, fit_axis, live_points, place_ticks, result_points

CHOICE = Choice("bed", 4, 0.75)
VARIANTS = RunOptions().make_variants(CHOICE, "fp32")
PLAN = {"one": VARIANTS, "two": VARIANTS}
DENSE = VariantResult("dense", "dense", 0, 0.0, "dense", "ok", "00", (200,), 200, 200.0, 200, retained=1.0)
BED = VariantResult("bed", "bed", 4, 0.75, "ubp", "ok", "01", (50,), 50, 50.0, 60, retained=0.5)


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (RunOptions(), {}),
        (RunOptions(threads="4", cores="mid"), {"threads": 4, "cores": "middle"}),
        (RunOptions(runs="50", warmup="0", rest="30 s"), {"runs": 50, "warmup": 0, "cool_down_s": 30.0}),
    ],
)
def test_options_become_settings(options: RunOptions, changes: Mapping[str, object]) -> None:
    base = BenchSettings(runs=3, limit_s=7)
    assert options.settings(base) == replace(base, **changes)  # type: ignore[arg-type]


def test_every_value_of_every_option_can_be_used() -> None:
    for option in OPTIONS:
        for value in option.values:
            chosen = RunOptions(**{option.name: value})
            chosen.settings(BenchSettings())
            assert chosen.make_variants(CHOICE, "fp32")[0].method == "dense"


def test_sweeps_hold_the_layer_s_own_choice() -> None:
    for words in ("sparsities", "sizes"):
        variants = RunOptions(variants=words).make_variants(Choice("bed", 32, 0.6), "fp32")
        assert any(v.block_size == 32 and v.sparsity == 0.6 for v in variants)
        names = name_variants(variants)
        assert len(set(names)) == len(names) and max(map(len, names)) <= 16


def test_clusters_and_threads_are_those_of_the_devices() -> None:
    speeds = {cpu: 1 if cpu < 4 else 2 if cpu < 7 else 3 for cpu in range(8)}
    phone = replace(parse_facts(""), clusters=group_cores(range(8), speeds, {}, {}))
    host = replace(parse_facts(""), clusters=group_cores(range(2), {}, {}, {}))
    assert core_values([phone]) == ("any", "little", "mid", "big", "all")
    assert core_values([host]) == ("any", "all")
    assert thread_values([host]) == ("1", "2") and thread_values([phone, host]) == ("1", "2", "4", "8")
    assert thread_values([]) == ("1", "2", "4", "8")


def step(stage: Stage, **fields: object) -> BenchProgress:
    return replace(BenchProgress("adb:A", stage, "one", 1, 2, figure="latency"), **fields)  # type: ignore[arg-type]


def test_rows_follow_a_run() -> None:
    run = DeviceRun("adb:A", "A phone")
    words = [row.cells[2] for row in list_rows(PLAN, [run], packing="two")]
    assert words == ["waiting"] * 4 + ["packing"] * 4
    run = run.after(step(Stage.PUSHING))
    assert [row.cells[2] for row in list_rows(PLAN, [run])][:5] == ["pushing"] * 4 + ["waiting"]
    run = run.after(step(Stage.RUNNING)).after(step(Stage.RUNNING, live=LayerProgress("checking", 0)))
    assert [row.cells[2] for row in list_rows(PLAN, [run])][:4] == ["checking"] * 4
    turns = LayerProgress("taking turns", done=3, of=9, medians_ns=(2e6, 1e6, 5e5, None))
    run = run.after(step(Stage.RUNNING, live=turns))
    rows = list_rows(PLAN, [run], retained={"one": (1.0, 0.4, 0.5, 0.51)})
    assert [row.cells[2:4] for row in rows[:4]] == [
        ("2 ms", "1.00x"),
        ("1 ms", "2.00x"),
        ("500 µs", "4.00x"),
        ("in turns", ""),
    ]
    assert [row.cells[5] for row in rows[:4]] == ["100.0", "40.0", "50.0", "51.0"]
    assert all(row.live for row in rows[:4]) and not any(row.live for row in rows[4:])
    layer = LayerResult("one", "", "", (DENSE, BED))
    run = run.after(step(Stage.MEASURED, result=layer))
    rows = list_rows(PLAN, [run])
    assert [row.cells for row in rows[:2]] == [
        ("dense", "fp32", "200 ns", "1.00x", "0 %", "100.0", "latency"),
        ("bed", "fp32", "50 ns", "4.00x?", "20 %", "50.0", "latency"),  # one turn says little
    ]
    assert run.share == 0.5 and not run.ended


def test_the_table_has_room_for_every_kind_of_figure() -> None:
    layer = LayerResult("one", "", "", (DENSE, BED))
    for figure in FIGURE_WORDS:
        rows = list_rows(PLAN, [DeviceRun("host").after(step(Stage.MEASURED, result=layer, figure=figure))])
        assert rows[0].cells[-1] == FIGURE_WORDS[figure]
        assert find_widths(rows)["figure"] == max(12, 2 + len(FIGURE_WORDS[figure]))


def test_several_devices_have_headings_and_a_failed_one_only_that() -> None:
    good, bad = DeviceRun("adb:A"), DeviceRun("adb:B", "B phone").failed("storage full")
    rows = list_rows(PLAN, [good, bad])
    assert [row.device for row in rows] == ["adb:A"] * 9 + ["adb:B"]
    assert rows[-1].cells == ("adb:B (B phone) · storage full",)
    assert [row.cells[2] for row in list_rows(PLAN, [bad])] == ["-"] * 8


@pytest.mark.parametrize("around", range(10))
def test_bars_that_do_not_fit_leave_whole_lines(around: int) -> None:
    bars = Bars(tuple(map(str, range(10))), ("bed",) * 10, tuple(map(float, range(10))), "")
    assert fit_bars(bars, 10, around) == bars
    fitting = fit_bars(bars, 5, around)
    assert len(fitting.names) == len(set(fitting.names)) == 5
    assert fitting.names[0] == "0" and str(around) in fitting.names
    assert [float(name) for name in fitting.names] == list(fitting.values)


def test_points_are_relative_to_dense() -> None:
    points = result_points(LayerResult("one", "", "", (DENSE, BED)), "latency", here=True)
    assert [(point.across, point.up, point.method) for point in points] == [(100, 100, "dense"), (25, 50, "bed")]
    live = LayerProgress("taking turns", medians_ns=(200.0, None, 50.0, 100.0))
    shown = live_points(live, VARIANTS, (1.0, 0.4, 0.5, 0.6), "latency", here=False)
    assert [(point.across, point.up) for point in shown] == [(100, 100), (25, 50), (50, 60)]
    assert live_points(LayerProgress(), VARIANTS, (), "latency", here=True) == []
    assert describe_shapes(points) == "● bed"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_axes_have_room_around_all_points_and_few_round_numbers(values: list[float]) -> None:
    first, last = fit_axis(values, most=100.0)
    assert 0 <= first <= min(values) and max(values) <= last <= 100
    assert last - first >= LEAST_SPAN - 1e-9
    ticks = place_ticks((first, last))
    assert 2 <= len(ticks) <= 7
    assert all(first <= tick <= last and tick == round(tick) for tick in ticks)


def test_an_axis_without_a_limit_reaches_beyond_dense() -> None:
    first, last = fit_axis([90.0, 240.0])
    assert first < 90 and last > 240 and len(place_ticks((first, last))) >= 2
    assert fit_axis([]) == (0.0, 100.0)
