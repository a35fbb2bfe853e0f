"""The history by keys: filter, export, delete; what the list says, what the files hold, which runs are left."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from bench_world import bench_app, tiny_model
from canned_bench import finished_run
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Static
from tui_world import screen_text, settle, until

from ubp_core.history import History
from ubp_tui.app import UbpApp
from ubp_tui.bench.job import PackedJob, make_job
from ubp_tui.bench.options import RunOptions
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.screens.history import EMPTY, HistoryScreen

PORT = 9
"""Never asked: these tests open no device panel."""
DEVICES = ("adb:A1", "adb:B2", "adb:A1", "adb:C3")
"""Of runs 1 to 4."""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Four runs of one layer on three phones."""
    path = tmp_path / "history.sqlite"
    packed = PackedJob(make_job(tiny_model(), ("block.0.expand",), LayerChoices(Choice("bed"))))
    packed.pack(RunOptions(), lambda name, number: None, Event())
    run = finished_run(packed.layers, "small")
    packed.close()
    with History(path) as opened:
        for number, device in enumerate(DEVICES, 1):
            opened.add(replace(run, device=device, started=f"2026-01-0{number}T03:04:05+00:00"))
    return path


async def open_history(app: UbpApp, pilot: Pilot[int]) -> HistoryScreen:
    await settle(app, pilot)
    await pilot.press("h")
    await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and listed(app))
    await shows(app, pilot, "Run 4")
    screen = app.screen
    assert isinstance(screen, HistoryScreen)
    return screen


def listed(app: UbpApp) -> list[int]:
    """Numbers of the runs in the list, from the top."""
    table = app.screen.query_one("#history-table", DataTable)
    return [int(str(key.value)) for key in table.rows]


async def shows(app: UbpApp, pilot: Pilot[int], title: str) -> None:
    """Wait for what the details are of."""
    await until(pilot, lambda: app.screen.query_one("#history-details").border_title == title)


async def write(app: UbpApp, pilot: Pilot[int], name: str) -> None:
    """Answer the dialog that asks for a file."""
    await until(pilot, lambda: isinstance(app.screen, PromptDialog))
    app.screen.query_one(Input).value = name
    await pilot.press("enter")


def runs_of(path: Path) -> list[int]:
    with History(path) as opened:
        return [line.id for line in opened.list()]


async def test_a_filter_shows_only_runs_with_all_its_words(history: Path, bench_size: tuple[int, int]) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=bench_size) as pilot:
        screen = await open_history(app, pilot)
        assert listed(app) == [4, 3, 2, 1]
        await pilot.press("slash", *"a1 SMALL")
        await until(pilot, lambda: listed(app) == [3, 1])
        await shows(app, pilot, "Run 3")
        assert "2 hidden by 'a1 SMALL' (esc shows all)" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, DataTable))
        await pilot.press("down")
        await shows(app, pilot, "Run 1")
        assert listed(app) == [3, 1]
        await pilot.press("escape")
        await until(pilot, lambda: listed(app) == [4, 3, 2, 1])
        assert app.screen is screen and "hidden by" not in screen_text(app)
        await pilot.press("escape")
        assert app.screen is app.explore


async def test_the_line_of_the_filter_takes_no_room_of_the_lists(history: Path, bench_size: tuple[int, int]) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=bench_size) as pilot:
        screen = await open_history(app, pilot)
        await pilot.press("slash", "a")
        await until(pilot, lambda: listed(app) == [4, 3, 2, 1] and screen.query_one("#history-filter").region.height)
        for name in ("#history-table", "#history-details"):
            assert screen.query_one(name).region.width == bench_size[0]
        assert screen.query_one("#history-filter").region.right <= bench_size[0]


async def test_a_filter_that_nothing_passes_leaves_nothing_to_act_on(history: Path) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_history(app, pilot)
        await pilot.press("slash")
        app.screen.query_one("#history-filter", Input).value = "[b]no[/] such"
        await until(pilot, lambda: not listed(app))
        assert "4 hidden by '[b]no[/] such' (esc shows all)" in screen_text(app)
        await until(pilot, lambda: "No run has '[b]no[/] such': Escape shows all." in screen_text(app))
        await pilot.press("enter", "e", "x", "space", "down")
        assert app.screen is screen
        await pilot.press("escape")
        await until(pilot, lambda: listed(app) == [4, 3, 2, 1])
        await shows(app, pilot, "Run 4")
    assert runs_of(history) == [4, 3, 2, 1]


async def test_a_marked_run_that_the_filter_hides_stays_marked(history: Path) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_history(app, pilot)
        await pilot.press("space", "slash")
        app.screen.query_one("#history-filter", Input).value = "b2"
        await until(pilot, lambda: listed(app) == [2])
        await pilot.press("enter", "space")
        await shows(app, pilot, "Runs 2 and 4")
        assert screen.marked == (4, 2)


async def test_the_list_is_written_as_it_is_filtered_and_the_marked_runs_alone(
    history: Path, tmp_path: Path, bench_size: tuple[int, int]
) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=bench_size) as pilot:
        screen = await open_history(app, pilot)
        await pilot.press("slash", *"a1", "enter", "e")
        await write(app, pilot, str(tmp_path / "runs.txt"))
        await until(pilot, lambda: "Name a .csv or a .json file." in screen_text(app))
        (tmp_path / "mine.csv").write_text("mine")
        await write(app, pilot, str(tmp_path / "mine.csv"))
        await until(pilot, lambda: "mine.csv is there already" in screen_text(app))
        await write(app, pilot, str(tmp_path / "some.csv"))
        await until(pilot, lambda: any("wrote 2 runs to" in note.message for note in app._notifications))
        with (tmp_path / "some.csv").open(newline="") as stream:
            lines = list(csv.DictReader(stream))
        assert {line["run"] for line in lines} == {"1", "3"} and len(lines) == 8
        assert {line["method"] for line in lines} == {"dense", "abp", "bed", "optimal"}
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("escape")
        await until(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("space", "e")
        await write(app, pilot, str(tmp_path / "one.json"))
        await until(pilot, lambda: any("wrote 1 run to" in note.message for note in app._notifications))
        assert '"adb:C3"' in (written := (tmp_path / "one.json").read_text()) and '"adb:A1"' not in written
        assert json.loads(written)
    assert (tmp_path / "mine.csv").read_text() == "mine" and runs_of(history) == [4, 3, 2, 1]


async def test_a_place_that_cannot_be_written_is_said(history: Path, tmp_path: Path) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_history(app, pilot)
        await pilot.press("e")
        await write(app, pilot, str(tmp_path / "no" / "runs.csv"))
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "The runs can't be written" in screen_text(app)
        await pilot.press("escape")
        assert app.screen is screen


async def test_deleting_asks_and_the_list_goes_on_without_them(history: Path, bench_size: tuple[int, int]) -> None:
    app = bench_app(history, PORT)
    async with app.run_test(size=bench_size) as pilot:
        screen = await open_history(app, pilot)
        await pilot.press("down", "x")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog) and "Delete run 3?" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert runs_of(history) == listed(app) == [4, 3, 2, 1]

        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.screen is screen and listed(app) == [4, 2, 1])
        assert runs_of(history) == [4, 2, 1]
        await shows(app, pilot, "Run 2")

        await pilot.press("up", "space", "down", "down", "space", "x")
        await until(pilot, lambda: "Delete run 4 and run 1?" in screen_text(app))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.screen is screen and listed(app) == [2])
        assert runs_of(history) == [2] and screen.marked == ()

        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.screen is screen and not listed(app))
        assert str(screen.query_one("#history-text", Static).render()) == EMPTY
        assert "Run 2" not in screen_text(app)
    assert runs_of(history) == []
