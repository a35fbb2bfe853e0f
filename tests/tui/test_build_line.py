"""The app while the native code of its clone is compiled: it opens, says how far that is, and goes on by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tui_world import make_app, make_model, make_services, screen_text, settle, until

from stepped_build import SteppedBuild
from ubp_core.installation import building
from ubp_core.installation.building import BackgroundBuild, Report, wait_for
from ubp_tui.app import UbpApp
from ubp_tui.widgets.build_line import BuildLine
from ubp_tui.work.services import Services


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SteppedBuild:
    monkeypatch.setattr(building, "_under_way", None)
    return SteppedBuild(tmp_path)


def app_of(command: SteppedBuild, *targets: str) -> UbpApp:
    """The app, whose selection waits for the library as `ubp_core.native` does."""
    services: Services = make_services(make_model())

    def build(report: Report) -> BackgroundBuild:
        return BackgroundBuild(report, command.script, targets)

    def select(*arguments: object) -> object:
        wait_for(targets[0])
        return services.select(*arguments)  # type: ignore[arg-type]

    return make_app(services=replace(services, build=build, select=select))  # type: ignore[arg-type]


async def test_the_map_comes_by_itself_once_the_library_is_there(command: SteppedBuild, size: tuple[int, int]) -> None:
    app = app_of(command, "host", "bench-host")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "Compiling the selection's library 1 of 2" in screen_text(app))
        await until(pilot, lambda: app.workspace.model is not None)
        await pilot.press("j", "2")
        assert app.workspace.selection is None
        command.let_go("host")
        await until(pilot, lambda: "Compiling the benchmark for this machine" in screen_text(app))
        await until(pilot, lambda: app.workspace.selection is not None)
        command.let_go("bench-host")
        await until(pilot, lambda: "Compiling" not in screen_text(app))
        await settle(app, pilot)
        assert not app.screen.query_one(BuildLine).display


async def test_a_compiler_that_fails_is_told_beside_the_map(command: SteppedBuild, size: tuple[int, int]) -> None:
    app = app_of(command, "broken")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.workspace.model is not None)
        await pilot.press("2")
        command.let_go("broken")
        await until(pilot, lambda: "unknown type name" in screen_text(app))
        line = app.screen.query_one(BuildLine)
        assert line.display and line.has_class("-failed")


async def test_the_compiler_ends_with_the_app(command: SteppedBuild) -> None:
    """Also while a thread waits for the library."""
    app = app_of(command, "host")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "1 of 2" in screen_text(app) and app.workspace.model is not None)
    assert app.native.progress is not None
    with pytest.raises(Exception, match="stopped"):
        wait_for("host")
