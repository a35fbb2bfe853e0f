"""Repainting piece by piece ends with the same screen as painting all of it, and paints little."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from rich.color import Color
from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.color import Color as TextualColor
from textual.filter import ANSIToTruecolor
from textual.screen import Screen
from textual.strip import Strip
from tui_world import make_app, settle

from ubp_tui.app import UbpApp
from ubp_tui.terminal import garbage
from ubp_tui.terminal.garbage import GarbagePolicy
from ubp_tui.terminal.truecolor_filter import TruecolorFilter
from ubp_tui.widgets.drawn import DrawnWidget
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.map_pane import MapPane

Cells = list[list[tuple[str, Style | None]]]


def cells_of(strips: list[Strip]) -> Cells:
    """Sign and style of every cell."""
    return [[(sign, segment.style) for segment in strip for sign in segment.text] for strip in strips]


class Mirror:
    """What a terminal would show: only what the app sends for it is taken over."""

    def __init__(self, app: UbpApp) -> None:
        self.cells: Cells = []
        self.sent = 0
        self._display = app._display
        app._display = self._take  # type: ignore[assignment]

    def _take(self, screen: Screen[object], update: RenderableType | None) -> None:
        if isinstance(update, LayoutUpdate):
            self.cells = cells_of(screen._compositor.render_strips())
            self.sent += sum(map(len, self.cells))
        elif isinstance(update, ChopsUpdate):
            whole = cells_of(screen._compositor.render_strips())
            self.cells = self.cells or whole
            for y, first, end in update.spans:
                self.cells[y][first:end] = whole[y][first:end]
                self.sent += end - first
        self._display(screen, update)


def forget_all(app: UbpApp) -> None:
    """Let every widget draw itself anew."""
    for widget in app.screen.walk_children(with_self=True):
        if isinstance(widget, DrawnWidget):
            widget._drawn = None
        if isinstance(widget, LayerTable):
            widget._drawn.clear()
        widget.refresh()


KEYS = (
    "j", "j", "m", "space", "right_square_bracket", "2", "plus", "right", "down", "minus", "1", "s", "n", "k", "o", "u",
    "3", "right", "x", "1", "d", "y", "a", "c", "o", "n", "v", "i", "f", "f", "p", "p",
)  # fmt: skip


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_piecewise_repaints_end_with_the_whole_picture(size: tuple[int, int]) -> None:
    app = make_app()
    mirror = Mirror(app)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        for key in KEYS:
            await pilot.press(key)
            await settle(app, pilot)
            if app.screen is not app.explore:
                await pilot.press("escape")
                await pilot.pause()
                continue
            await pilot.pause()
            shown = [line.copy() for line in mirror.cells]
            forget_all(app)
            await pilot.pause()
            whole = cells_of(app.screen._compositor.render_strips())
            places = [(x, y) for y, line in enumerate(whole) for x, cell in enumerate(line) if cell != shown[y][x]]
            assert not places, f"{key}: {len(places)} cells are not as they should be, the first one {places[0]}"


async def test_a_cursor_key_sends_little() -> None:
    app = make_app()
    mirror = Mirror(app)
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(app, pilot)
        await pilot.press("2", "home")
        await pilot.pause()
        mirror.sent = 0
        await pilot.press("right")
        await pilot.pause()
        assert 0 < mirror.sent < 160 * 48 / 3


async def test_a_title_that_stays_sends_nothing() -> None:
    app = make_app()
    mirror = Mirror(app)
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(app, pilot)
        pane = app.explore.query_one(MapPane)
        pane.set_titles("One", "Two")
        await pilot.pause()
        mirror.sent = 0
        pane.set_titles("One", "Two")
        await pilot.pause()
        assert mirror.sent == 0
        pane.set_titles("Another")
        await pilot.pause()
        assert 0 < mirror.sent <= 2 * pane.outer_size.width and "Another" in "".join(c for c, _ in mirror.cells[3])


def test_truecolor_filter_answers_like_the_one_it_stands_for() -> None:
    app = make_app()
    inner = ANSIToTruecolor(app.ansi_theme)
    quick, ground = TruecolorFilter(inner), TextualColor(10, 20, 30)
    red = Style(color=Color.from_rgb(200, 0, 0), bgcolor=Color.from_rgb(0, 0, 9), bold=True)
    lines = [
        [Segment("a", red), Segment("b", None), Segment("c", Style(bold=True))],
        [Segment("a", red), Segment("b", Style(color="blue"))],
        [Segment("a", Style(bgcolor="bright_red"))],
        [Segment("a", red + Style(dim=True))],
        [],
    ]
    for line in [*lines, *lines]:
        assert quick.apply(line, ground) == inner.apply(line, ground)
    assert quick.apply(lines[0], ground) is lines[0]


@pytest.fixture
def collecting() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if enabled else gc.disable)()


@pytest.mark.usefixtures("collecting")
def test_old_garbage_waits_for_a_quiet_moment() -> None:
    now = 100.0
    policy = GarbagePolicy(lambda: now)
    policy.start()
    assert not gc.isenabled()
    gc.collect()
    assert policy.collect() is None, "there is nothing new"
    kept = [[number] for number in range(garbage.WORTH + 1)]
    policy.note_input()
    assert policy.collect() == 0 and policy.collect() is None, "somebody has just typed: only what is new"
    now += garbage.QUIET
    assert policy.collect() == 1 and policy.collect() is None, "nobody types: what came since, once"
    now += garbage.IDLE
    assert policy.collect() is None, "everything only now and then"
    now += garbage.AGAIN
    assert policy.collect() == 2 and policy.collect() is None, "once is enough"
    more = [[number] for number in range(garbage.WORTH + 1)]
    policy.begin_load()
    assert policy.collect() is None, "a model is loaded"
    policy.end_load()
    gc.unfreeze()
    policy.stop()
    assert gc.isenabled() and len(kept) == len(more)


async def test_lines_that_were_drawn_leave_nothing_to_the_garbage_collector() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("m", "right_square_bracket", "plus")
        await settle(app, pilot)
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await pilot.press("m", "right_square_bracket", "plus")
            await settle(app, pilot)
            gc.collect()
            assert not [thing for thing in gc.garbage if isinstance(thing, Strip)]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()


async def test_the_app_gives_the_garbage_collector_back() -> None:
    assert gc.isenabled()
    app = make_app()
    async with app.run_test() as pilot:
        await settle(app, pilot)
        assert not gc.isenabled()
        app.post_message(events.Key("j", None))
        await pilot.pause()
    assert gc.isenabled()
