"""Keys that mean the same everywhere: Enter confirms, the space bar toggles, and leaving in the middle of work asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_world import tiny_model
from canned_bench import canned_bench
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, RadioSet
from tui_world import make_app, make_model, make_services, screen_text, settle, until

from ubp_tui.app import UbpApp
from ubp_tui.dialogs.budget import BudgetDialog
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.dialogs.leaving import ENDED_EARLY, LeavingDialog
from ubp_tui.looks.themes import Look
from ubp_tui.widgets.map.map_pane import legend


@pytest.mark.parametrize("place", ["#export-plan", "#export-masks", "#export-folder", "#export-ok"])
async def test_enter_exports_and_space_toggles(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        widget = app.screen.query_one(place)
        widget.focus()
        if isinstance(widget, Checkbox):
            before = widget.value
            await pilot.press("space")
            assert widget.value != before
            await pilot.press("space")
            assert widget.value == before
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.explore)
    assert [path.suffix for path in tmp_path.iterdir()] == [".yaml"]


@pytest.mark.parametrize("place", ["#export-masks", "#export-folder", "#export-ok"])
async def test_after_an_export_that_failed_the_focus_is_where_it_was(place: str, tmp_path: Path) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        app.screen.query_one("#export-folder", Input).value = str(tmp_path / "none")
        widget = app.screen.query_one(place)
        widget.focus()
        await pilot.press("enter")
        await until(pilot, lambda: "there is no such folder" in screen_text(app))
        assert app.focused is widget
        (tmp_path / "none").mkdir()
        # A button that still shows that it was pressed takes no other press.
        await until(pilot, lambda: not widget.has_class("-active"))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.explore)
    assert [path.suffix for path in (tmp_path / "none").iterdir()] == [".yaml"]


@pytest.mark.parametrize("place", ["#budget-scope", "#budget-scale", "#budget-floor Input", "#budget-ok"])
async def test_enter_spreads_the_budget_and_space_chooses(place: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, BudgetDialog))
        widget = app.screen.query_one(place)
        widget.focus()
        await pilot.pause()
        if isinstance(widget, RadioSet):
            await pilot.press("down", "space")
            assert widget.pressed_index == 1
            await pilot.press("up", "space")
            assert widget.pressed_index == 0
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.explore)
        assert app.workspace.choices.budget is not None


async def at_work(app: UbpApp, pilot: Pilot[int]) -> None:
    """As if a benchmark were under way."""
    await settle(app, pilot)
    app.queue.phase = "running"


@pytest.mark.parametrize(("second", "leaves"), [("escape", False), ("enter", False), ("q", True), ("ctrl+c", True)])
async def test_leaving_in_the_middle_of_a_benchmark_asks(second: str, leaves: bool, tmp_path: Path) -> None:
    bench = canned_bench(tmp_path / "history.sqlite")
    app = make_app(services=replace(make_services(tiny_model()), bench=bench))
    async with app.run_test(size=(60, 20)) as pilot:
        await at_work(app, pilot)
        await pilot.press("q")
        await until(pilot, lambda: "A benchmark is under way" in screen_text(app))
        assert isinstance(app.screen, LeavingDialog) and app.return_code is None
        await pilot.press(second)
        if not leaves:
            await until(pilot, lambda: app.screen is app.explore)
        app.queue.phase = "idle"
    assert (app.return_code == 0) == leaves
    assert app.farewell == (ENDED_EARLY if leaves else "")


async def test_leaving_without_one_does_not_ask() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("q")
    assert app.return_code == 0 and not app.farewell


@pytest.mark.parametrize("size", [(60, 20), (64, 20), (79, 24)])
async def test_a_narrow_footer_keeps_benchmark_and_help(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        footer = screen_text(app).splitlines()[-1]
        for words in ("q quit", "b bench", "? help", "^p palette"):
            assert words in footer
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "+- zoom" in screen_text(app).splitlines()[-1])
        await pilot.press("d")
        await until(pilot, lambda: app.screen is app.benchmark)
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: "space mark" not in screen_text(app).splitlines()[-1])
        footer = screen_text(app).splitlines()[-1]
        for words in ("b bench", "esc back", "? help"):
            assert words in footer


def test_the_colour_bar_has_its_numbers() -> None:
    for look in (Look(), Look(glyphs="ascii"), Look(glyphs="shades")):
        words = legend(look, (0.00123, 0.98)).plain
        assert words.index("|w| 0.0012") < words.rindex("0.98")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 48)])
async def test_the_colour_bar_is_whole_at_every_size(size: tuple[int, int]) -> None:
    app = make_app(make_model())
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("2")
        selection = app.workspace.selection
        assert selection is not None
        bar = legend(app.look, selection.source.scale).plain
        await until(pilot, lambda: bar in screen_text(app))
