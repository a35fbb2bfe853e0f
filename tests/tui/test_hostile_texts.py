"""Texts from outside are shown, whatever they are: no command to the terminal, no markup, never cut blindly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hostile import NAMES, hostile_bench, hostile_model, raw_signs
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.widgets import DataTable
from tui_world import make_model, make_services, screen_text, settle, until

from ubp_core.cells import shorten_middle
from ubp_core.models.spec import ModelSpec
from ubp_core.printable import printable
from ubp_tui.app import UbpApp, build_app
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.renderables.cells import pad, pad_left, shorten_end, shorten_name
from ubp_tui.screens.compare import CompareScreen
from ubp_tui.screens.history import HistoryScreen
from ubp_tui.terminal.plain_filter import PlainFilter
from ubp_tui.widgets.layers.layer_table import LayerTable

ANY_SIZE = [(60, 20), (80, 24), (160, 48)]
WORDS = st.text(st.sampled_from("ab.[]/\\漢é\u0301\x1b\n\t\u202e👍 ") | st.characters(codec="utf-8"), max_size=40)


def hostile_app(tmp_path: Path) -> UbpApp:
    """The app on a network, devices and a history with such names."""
    services = replace(make_services(hostile_model()), bench=hostile_bench(tmp_path / "history.sqlite"))
    return build_app(ModelSpec(NAMES[6]), services)


def check_screen(app: UbpApp) -> None:
    """Nothing on the screen steers the terminal, and every line has the terminal's width."""
    lines = screen_text(app).split("\n")
    assert not raw_signs("".join(lines)), lines
    assert {cell_len(line) for line in lines} == {app.size.width}


@pytest.mark.parametrize("size", ANY_SIZE)
async def test_every_screen_and_dialog_with_hostile_names(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "[b]pl\x1b[31man.yaml").write_text("plan: 1\n")
    app = hostile_app(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        for name in NAMES:
            app.workspace.select(name)
            await pilot.pause()
            check_screen(app)
        await settle(app, pilot)
        for key in ("2", "w", "3", "1", "slash", "escape", "space", "s", "D", "u"):
            await pilot.press(key)
            await settle(app, pilot)
            check_screen(app)
        for key in ("asterisk", "r", "g", "e", "l", "question_mark", "L", "ctrl+p"):
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not app.explore)
            await pilot.pause()
            check_screen(app)
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.explore)
        await pilot.press("T")
        await settle(app, pilot)
        check_screen(app)


@pytest.mark.parametrize("size", ANY_SIZE)
async def test_every_layer_is_compared_whatever_its_name(size: tuple[int, int], tmp_path: Path) -> None:
    app = hostile_app(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        compared = app.screen
        assert isinstance(compared, CompareScreen)
        for _ in compared.sides.names:
            await until(pilot, lambda: compared.sides.settled)
            check_screen(app)
            await pilot.press("j")


@pytest.mark.parametrize("size", ANY_SIZE)
async def test_devices_runs_and_history_with_hostile_names(size: tuple[int, int], tmp_path: Path) -> None:
    app = hostile_app(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await until(pilot, lambda: app.queue.devices.complete)
        table = app.benchmark.query_one("#device-table", DataTable)
        for _ in range(table.row_count):
            await pilot.press("down")
            await pilot.pause()
            check_screen(app)
        # A packed file has no control characters in its names.
        names = [layer.name for layer in hostile_model().prunable if layer.name.isprintable()]
        app.workspace.set_marks(app.workspace.marks.with_names(names, hostile_model().layers))
        await pilot.press("escape", "b")
        await until(pilot, lambda: app.queue.phase == "ended" and isinstance(app.screen, ErrorDialog))
        await app.workers.wait_for_complete()
        await pilot.pause()
        check_screen(app)
        first = app.queue.order
        await pilot.press("escape", "b")
        await until(pilot, lambda: app.queue.order is not first and app.queue.phase == "ended")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await pilot.press("escape", "h")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.query_one(DataTable).row_count)
        for key in ("down", "space", "up", "space"):
            await pilot.press(key)
            await app.workers.wait_for_complete()
            await pilot.pause()
            check_screen(app)


async def test_names_are_shown_sign_by_sign(tmp_path: Path) -> None:
    app = hostile_app(tmp_path)
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(app, pilot)
        text = screen_text(app)
        for name in (name for name in NAMES[:12] if cell_len(name) <= 18):
            assert printable(name) in text, name
        for name in ("[/]", "tail\\[", "esc\x1b[31m.\x1b]0;pwned\x07bel"):
            app.workspace.select(name)
            await settle(app, pilot)
            assert f" {printable(name)} · {app.workspace.choice.method} N=4" in screen_text(app)


TEXTS = (*NAMES, "[", "]", "\\", "[[", "[/a][b]", "[link=x]y", "\x1b[2J[/]", "[@click=app.quit()]x[/]")


async def test_no_text_is_markup_in_frames_tooltips_and_notifications() -> None:
    app = build_app(ModelSpec("small"), make_services(make_model()))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        pane, table = app.explore.query_one("#layers-pane"), app.explore.query_one(LayerTable)
        for text in TEXTS:
            pane.border_title = pane.border_subtitle = text
            table.tooltip = text
            app.notify(text, title=text, timeout=60)
            await pilot.hover(LayerTable)
            app.push_screen(ErrorDialog(text, text, (("close", text),), text))
            await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
            await pilot.pause()
            check_screen(app)
            assert any(printable(line)[:8] in screen_text(app) for line in text.split("\n"))
            app.pop_screen()
            app.clear_notifications()


@given(WORDS, st.integers(1, 40))
def test_shortened_texts_fit_and_say_that_they_are_short(text: str, width: int) -> None:
    for shorten in (shorten_name, shorten_middle, shorten_end):
        short = shorten(text, width)
        assert cell_len(short) <= width and not raw_signs(short) and "\n" not in short
        assert short == printable(text) or "…" in short or (not short and shorten is shorten_end)
    plain = printable(text)
    assert cell_len(pad(plain, width)) == cell_len(pad_left(plain, width)) == width


@given(st.lists(WORDS, max_size=5))
def test_the_last_gate_lets_nothing_through_that_steers_a_terminal(texts: list[str]) -> None:
    segments = [Segment(text) for text in texts]
    plain = PlainFilter().apply(segments, Color(0, 0, 0))
    assert not any(raw_signs(text) or "\n" in text for text, _, _ in plain)
    for before, after in zip(texts, plain, strict=True):
        if not raw_signs(before) and "\n" not in before:
            assert after.text == before
