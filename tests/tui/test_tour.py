"""The tour: a newcomer's own keys lead from the first layer to a saved plan and a benchmark, on the real screens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_world import rest, tiny_model
from canned_bench import canned_bench
from textual.pilot import Pilot
from textual.widgets import Input
from tui_world import make_app, make_services, screen_text, settle, until

from ubp_core.plan import Plan
from ubp_tui.app import UbpApp
from ubp_tui.dialogs.budget import BudgetDialog
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.keys.registry import REGISTRY, key_of
from ubp_tui.screens.benchmark import BenchmarkScreen
from ubp_tui.workspace.tour import STEPS, take_first_time


def touring_app(tmp_path: Path) -> UbpApp:
    """The app of a newcomer."""
    bench = canned_bench(tmp_path / "history.sqlite")
    return make_app(services=replace(make_services(tiny_model()), bench=bench, tour=tmp_path / "state" / "tour-seen"))


async def at_step(app: UbpApp, pilot: Pilot[int], number: int) -> None:
    """Wait for a step, and see that the screen says it in full."""
    await until(pilot, lambda: app.tour.place == number)
    await until(pilot, lambda: f"Tour {number + 1} of {len(STEPS)}" in screen_text(app))
    words = " ".join(screen_text(app).split())
    assert f"{key_of(STEPS[number].key)} {STEPS[number].task} (esc leaves the tour)" in words


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 48)])
async def test_six_steps_to_a_plan_and_a_benchmark(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = touring_app(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await at_step(app, pilot, 0)
        await pilot.press("j", "k", "j")
        await at_step(app, pilot, 1)
        await pilot.press("right_square_bracket")
        await at_step(app, pilot, 2)
        await pilot.press("2")
        await at_step(app, pilot, 3)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, BudgetDialog))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.explore)
        await at_step(app, pilot, 4)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.explore)
        await at_step(app, pilot, 5)
        await pilot.press("1", "home", "j", "b")
        await until(pilot, lambda: isinstance(app.screen, BenchmarkScreen) and app.queue.phase == "ended")
        await rest(app, pilot)
        assert app.tour.place is None
    (saved,) = tmp_path.glob("*.yaml")
    assert Plan.load(saved).scope == "global"
    assert app.queue.runs and all(run.layers for run in app.queue.runs.values())


@pytest.mark.parametrize("number", range(len(STEPS)))
async def test_escape_leaves_it_at_any_step(number: int, tmp_path: Path) -> None:
    app = touring_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        app.tour._go(number)
        await at_step(app, pilot, number)
        await pilot.press("escape")
        await until(pilot, lambda: "Tour" not in screen_text(app))
        assert app.tour.place is None and app.screen is app.explore


@pytest.mark.parametrize("first", [True, False])
async def test_it_begins_by_itself_once_and_by_its_key(first: bool, tmp_path: Path) -> None:
    app = touring_app(tmp_path)
    if not first:
        take_first_time(app.services.tour)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        assert (app.tour.place == 0) == first
        await pilot.press("escape", "T")
        await until(pilot, lambda: app.tour.place == 0)
        # What is typed is not the tour's.
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("j", "right_square_bracket")
        assert app.tour.place == 0


def test_its_keys_are_those_of_the_registry() -> None:
    assert len(STEPS) == 6 and {step.key for step in STEPS} <= {action.id for action in REGISTRY}
