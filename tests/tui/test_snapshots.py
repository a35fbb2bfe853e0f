"""Pictures of every screen at three sizes, as text, against stored ones.

`pytest tests/tui/test_snapshots.py --update-snapshots` stores them anew; look at the diff before you commit it.
One app per size is driven through all screens. The clock stands still, devices and times are canned, and each picture
is taken in a state that the app has reached, never after a time. A new version of Textual may draw differently: then
the pictures are stored anew, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from bench_world import tiny_model
from canned_bench import canned_bench, finished_run
from pictures import FOLDER, compare_picture, draw_pixels, draw_screen, store_picture
from textual.pilot import Pilot
from textual.widget import Widget
from tui_world import SIZES, make_services, until

from ubp_core.history import History
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.bench.job import PackedJob, make_job
from ubp_tui.bench.options import RunOptions
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.dialogs.help import HelpScreen
from ubp_tui.screens.compare import CompareScreen
from ubp_tui.screens.history import HistoryScreen
from ubp_tui.widgets.curve.curve_pane import CurvePane
from ubp_tui.widgets.curve.curve_plot import CurvePlot
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.work.curves import plan_curves

LAYER = "block.0.expand"
STEADY = 3
"""How often the same picture must be drawn in a row, after all that it shows is known."""
SCREENS = (
    "explore", "map", "curves", "compare", "help", "export", "benchmark", "history", "history_pair",
    "benchmark_types", "history_types", "explore_types", "map_columns",
)  # fmt: skip
Pictures = dict[str, str]


class Photographer:
    """Drives one app and takes its pictures."""

    def __init__(self, app: UbpApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot
        self.pictures: Pictures = {}

    async def take(self, name: str, ready: Callable[[], object]) -> None:
        """Take a picture once `ready` holds, no worker is left, and the screen rests."""
        await until(self.pilot, ready)
        await self.app.workers.wait_for_complete()
        await until(self.pilot, ready)
        drawn, same = "", 0
        while same < STEADY:
            await self.pilot.pause()
            before, drawn = drawn, draw_screen(self.app)
            same = same + 1 if drawn == before else 0
        self.pictures[name] = drawn

    def explored(self) -> bool:
        """Whether everything that the explore screen shows is computed and drawn."""
        workspace = self.app.workspace
        if workspace.selection is None or workspace.selection.request != workspace.wanted or workspace.model is None:
            return False
        measured = all((layer.name, workspace.choice) in workspace.known.measures for layer in workspace.model.prunable)
        traced = not plan_curves(workspace.choice, workspace.known.points.get(LAYER, {}))
        known = measured and traced and bool(workspace.figures.values)
        return known and self.app.explore.drawing.settled

    def compared(self) -> bool:
        """Whether the comparison that is asked for is drawn."""
        screen = self.app.screen
        return isinstance(screen, CompareScreen) and screen.sides.settled

    def benchmarked(self) -> bool:
        """Whether the run is over and in the history, and nothing is asked any more."""
        queue = self.app.queue
        runs = queue.runs.values()
        return queue.settled and bool(runs) and all(run.ended and run.number for run in runs)

    def reads(self, title: str) -> bool:
        """Whether the history shows this."""
        screen = self.app.screen
        return isinstance(screen, HistoryScreen) and screen.query_one("#history-details").border_title == title

    async def show_view(self, key: str, pane: type[Widget]) -> None:
        """Go to a pane; it gets the focus, and with it the next keys, only after it was laid out."""
        await self.pilot.press(key)
        await until(self.pilot, lambda: isinstance(self.app.focused, pane))

    async def leave(self) -> None:
        """Back to the explore screen."""
        await self.pilot.press("escape")
        await until(self.pilot, lambda: self.app.screen is self.app.explore)

    async def take_all(self) -> Pictures:
        """Every screen in turn."""
        press, app = self.pilot.press, self.app
        await self.take("explore", self.explored)
        await self.show_view("2", BlockMap)
        await press("w", "f")
        await self.take("map", lambda: self.explored() and app.explore.full)
        await self.show_view("3", CurvePane)
        await press("right")
        await self.take("curves", lambda: self.explored() and app.explore.query_one(CurvePlot).cursor == 0.8)
        await press("f")
        await self.show_view("1", LayerTable)
        await press("v")
        await self.take("compare", self.compared)
        await self.leave()
        await press("question_mark")
        await self.take("help", lambda: isinstance(app.screen, HelpScreen))
        await self.leave()
        await press("e")
        await self.take("export", lambda: isinstance(app.screen, ExportDialog))
        await self.leave()
        await press("d")
        await until(self.pilot, lambda: app.benchmark.is_mounted and app.benchmark.query_one(DevicePanel).devices.facts)
        await self.leave()
        await press("b")
        await self.take("benchmark", self.benchmarked)
        await self.leave()
        await press("h")
        await self.take("history", lambda: self.reads("Run 2"))
        await press("space", "down", "space")
        await self.take("history_pair", lambda: self.reads("Runs 1 and 2"))
        await self.leave()
        await self.take_types()
        return self.pictures

    async def take_types(self) -> None:
        """A benchmark in all types, a comparison across them, and layers of two."""
        press, app = self.pilot.press, self.app
        await press("d", "z", "z")  # fp16
        await press("b")
        await until(self.pilot, lambda: self.benchmarked() and app.queue.runs["adb:A1"].number == 3)
        await press("z", "z")
        await press("b")
        await self.take("benchmark_types", lambda: self.benchmarked() and app.queue.runs["adb:A1"].number == 4)
        await self.leave()
        await press("h")
        await until(self.pilot, lambda: self.reads("Run 4"))
        await press("down", "space", "down", "space")
        await self.take("history_types", lambda: self.reads("Runs 2 and 3"))
        await self.leave()
        await press("t", "t", "z")
        await self.take("explore_types", lambda: self.explored() and app.workspace.choices.types)
        await press("t", "K")
        await self.show_view("2", BlockMap)
        await press("w", "f")
        await self.take("map_columns", lambda: self.explored() and app.explore.full)


def keep_earlier_run(history: Path) -> None:
    """Put a run into the history that the one on the screen can be compared with."""
    model = tiny_model()
    packed = PackedJob(make_job(model, (LAYER,), LayerChoices(Choice("bed"))))
    packed.pack(RunOptions(), lambda name, number: None, Event())
    with History(history) as opened:
        opened.add(finished_run(packed.layers, model.name, slower=20_000))
    packed.close()


async def draw_all(size: tuple[int, int], history: Path) -> Pictures:
    """All pictures at one size."""
    services = replace(make_services(tiny_model()), clock=lambda: 0.0, bench=canned_bench(history))
    app = build_app(ModelSpec("small"), services, Choice("bed"))
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        return await Photographer(app, pilot).take_all()


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    """The pictures at one size, by names of files; what the user's terminal or devices are makes no difference."""
    size: tuple[int, int] = request.param
    history = tmp_path_factory.mktemp("history") / "history.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("NO_COLOR", "ANDROID_SERIAL", "COLORTERM", "TERM_PROGRAM"):
            patch.delenv(variable, raising=False)
        keep_earlier_run(history)
        pictures = asyncio.run(draw_all(size, history))
    return {f"{name}_{size[0]}x{size[1]}": text for name, text in pictures.items()}


@pytest.mark.parametrize("screen", SCREENS)
def test_the_screen_looks_as_stored(drawn: Pictures, screen: str, request: pytest.FixtureRequest) -> None:
    (name,) = (name for name in drawn if name.rpartition("_")[0] == screen)
    if request.config.getoption("--update-snapshots"):
        store_picture(name, drawn[name])
    difference = compare_picture(name, drawn[name])
    if difference:
        pytest.fail(difference, pytrace=False)


def test_every_stored_picture_is_one_of_these() -> None:
    expected = {f"{screen}_{width}x{height}" for screen in SCREENS for width, height in SIZES}
    assert {path.stem for path in FOLDER.iterdir()} == expected


def test_a_difference_is_shown_by_its_lines() -> None:
    name = f"help_{SIZES[0][0]}x{SIZES[0][1]}"
    stored = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    lines = stored.splitlines()
    changed = "\n".join((*lines[:5], "another line", *lines[6:])) + "\n"
    difference = compare_picture(name, changed).splitlines()
    assert f"-{lines[5]}" in difference and "+another line" in difference and "--update-snapshots" in difference[-1]
    assert compare_picture(name, stored) == ""


def test_pixels_of_a_map_are_told_apart() -> None:
    assert [draw_pixels(*pair) for pair in ((0, 0), (4, 4), (4, 0), (0, 4), (2, 3))] == [" ", "█", "▀", "▄", "▒"]
