"""The history screen on a real history file with runs that were really made."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from bench_world import bench_app, build_programs, closed_port, tiny_model
from textual.pilot import Pilot
from tui_world import screen_text, settle, until

from ubp_core.benchmark import BenchRun
from ubp_core.history import History, compare_runs
from ubp_core.units import format_ratio, format_time
from ubp_tui.app import UbpApp
from ubp_tui.bench.job import PackedJob, make_job
from ubp_tui.bench.options import RunOptions
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.renderables.bench.history import describe_comparison, describe_run
from ubp_tui.screens.history import EMPTY, HistoryScreen

PORT = 9
"""Never asked: these tests open no device panel."""


@pytest.fixture(scope="module")
def run() -> BenchRun:
    """A real run of two layers on this machine."""
    build_programs()
    with closed_port() as port:
        bench = bench_app(Path("unused"), port).services.bench
        packed = PackedJob(make_job(tiny_model(), ("block.0.expand", "head"), LayerChoices(Choice("bed"))))
        packed.pack(RunOptions(), lambda name, number: None, Event())
        made = bench.run(packed, "host", RunOptions(), lambda step: None, Event())
        packed.close()
        return made


@pytest.fixture
def history(tmp_path: Path, run: BenchRun) -> Path:
    """Three runs: whole, one that ended early, and one whose times a phone gave."""
    path = tmp_path / "history.sqlite"
    early = replace(run, layers=run.layers[:1], failure="the device is gone")
    phone = replace(run, device="adb:A", kind="adb", figure="latency", title="A phone")
    with History(path) as opened:
        for one in (run, early, phone):
            opened.add(one)
    return path


async def open_history(app: UbpApp, pilot: Pilot[int]) -> HistoryScreen:
    """Press the key and wait for the list and the details."""
    await settle(app, pilot)
    await pilot.press("h")
    await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
    await until(pilot, lambda: "reading the history" not in screen_text(app))
    await app.workers.wait_for_complete()
    await pilot.pause()
    assert isinstance(app.screen, HistoryScreen)
    return app.screen


async def test_runs_are_listed_newest_first_with_details(
    history: Path, run: BenchRun, bench_size: tuple[int, int]
) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=bench_size) as pilot:
        await open_history(app, pilot)
        text = screen_text(app)
        places = [re.search(rf"\b{number} +20", text).start() for number in (3, 2, 1)]
        assert places == sorted(places) and "3 runs" in text
        assert "latency on a phone" in text
        await pilot.press("down")
        await until(pilot, lambda: "run 2 ·" in screen_text(app))
        await pilot.press("down")
        await until(pilot, lambda: "run 1 ·" in screen_text(app))
        text = screen_text(app)
        dense = run.layers[0].variants[0]
        rows = [line for line in text.splitlines() if format_time(dense.median_ns) in line]
        assert rows and all("host time" in row for row in rows) and "latency on" not in text
        await pilot.press("escape")
        assert app.screen is app.explore


async def test_an_emulators_run_has_every_variant_in_one_line(tmp_path: Path, bench_size: tuple[int, int]) -> None:
    build_programs()
    with closed_port() as port:
        bench = bench_app(Path("unused"), port).services.bench
        packed = PackedJob(make_job(tiny_model(), ("block.0.expand",), LayerChoices(Choice("bed"))))
        packed.pack(RunOptions(), lambda name, number: None, Event())
        counted = bench.run(packed, "emulator", RunOptions(), lambda step: None, Event())
        packed.close()
    with History(tmp_path / "history.sqlite") as opened:
        opened.add(counted)
    app = bench_app(tmp_path / "history.sqlite", PORT)
    async with app.run_test(size=bench_size) as pilot:
        await open_history(app, pilot)
        await until(pilot, lambda: "run 1 ·" in screen_text(app))
        lines = screen_text(app).splitlines()
    variants = counted.layers[0].variants
    assert len(variants) > 1 and all(variant.instructions for variant in variants)
    for variant in variants:
        (row,) = [line for line in lines if re.search(rf"\b{variant.method}\b +fp32 +[\d.]+[kM]? ins\b", line)]
        assert "emulated" in row


async def test_two_marked_runs_are_compared_and_a_third_mark_replaces_the_first(
    history: Path, bench_size: tuple[int, int]
) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=bench_size) as pilot:
        screen = await open_history(app, pilot)
        await pilot.press("space", "down", "space")
        await until(pilot, lambda: "run 2 (host time, fp32) against run 3 (latency, fp32)" in screen_text(app))
        assert screen.marked == (3, 2) and screen_text(app).count("●") == 2
        await pilot.press("down", "space")
        await until(pilot, lambda: "run 1 (host time, fp32) against run 2 (host time, fp32)" in screen_text(app))
        assert screen.marked == (2, 1) and screen_text(app).count("●") == 2
        await pilot.press("space")
        await until(pilot, lambda: "run 1 · " in screen_text(app))
        assert screen.marked == (2,)


def test_texts_hold_every_figure(history: Path, run: BenchRun) -> None:
    with History(history) as opened:
        first, third = opened.get(1), opened.get(3)
    comparison = compare_runs(first, third)
    lines = "\n".join(describe_comparison(comparison, (first.run, third.run), 100))
    assert len(comparison.variants) == 8
    for variant in comparison.variants:
        assert format_time(variant.first_ns) in lines and format_ratio(variant.ratio) in lines
    assert "note: device differs" in lines and "note: figure differs: host time and latency" in lines
    half = tuple(replace(one, dtype="fp16") for one in first.run.layers[0].variants)
    vain = replace(first.run, layers=(replace(first.run.layers[0], variants=half),))
    lines = "\n".join(describe_comparison(comparison, (first.run, vain), 100))
    assert "run 1 (host time, fp32) against run 3 (host time, fp16)" in lines
    assert "note: fp16 is no measure in run 3" in lines
    early = replace(run, layers=run.layers[:1], failure="the device is gone")
    text = "\n".join(describe_run(early, 7, 100))
    assert "warning: ended early: the device is gone (1 of 2 layers are measured)" in text
    samples = sum(len(variant.samples_ns) for variant in run.layers[0].variants)
    assert f"samples kept: {samples}" in text


async def test_an_empty_history_says_what_fills_it(tmp_path: Path) -> None:
    app = bench_app(tmp_path / "new.sqlite", PORT)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_history(app, pilot)
        assert EMPTY in screen_text(app)
        await pilot.press("space", "down", "escape")
        assert app.screen is app.explore


async def test_a_file_that_is_no_history_opens_the_dialog(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    path.write_text("this is a text and no database at all, and it is long enough to be read " * 20)
    app = bench_app(path, PORT)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await until(pilot, lambda: "is no database" in " ".join(screen_text(app).replace("│", " ").split()))
        await pilot.press("escape", "escape")
        assert app.screen is app.explore


async def test_too_small_a_terminal_and_back(history: Path) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_history(app, pilot)
        before = screen_text(app)
        await pilot.resize_terminal(50, 15)
        await until(pilot, lambda: "adb:A" not in screen_text(app))
        assert "needs 60x20" in " ".join(screen_text(app).split())
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: screen_text(app) == before)


@pytest.mark.parametrize("size", [(60, 20), (70, 24), (80, 24), (120, 36)])
async def test_a_long_name_of_a_model_leaves_room_for_how_a_run_ended(
    tmp_path: Path, run: BenchRun, size: tuple[int, int]
) -> None:
    name = "a_network_with_a_very_long_name_of_which_the_end_tells_more (width 0.25)"
    with History(tmp_path / "h") as opened:
        opened.add(replace(run, model=name))
    app = bench_app(tmp_path / "h", PORT)
    async with app.run_test(size=size) as pilot:
        await open_history(app, pilot)
        lines = screen_text(app).splitlines()
        row = next(line for line in lines if "complete" in line)
        assert "a_net" in row and "0.25)" in row and "ended " in next(line for line in lines if "started" in line)
        rows = describe_run(run, 1, size[0] - 5)
        assert all(len(line) <= size[0] - 5 for line in rows[2 : 3 + 2 * len(run.layers)]), "a row is a line"
        assert ("█" in "".join(rows)) == (size[0] == 120), "bars where there is room"
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: "█" in screen_text(app))
