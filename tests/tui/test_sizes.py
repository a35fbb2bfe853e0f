"""Any size of terminal, also while it changes; themes, and a terminal without colours."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input
from tui_world import make_app, screen_text, settle, until

from ubp_tui.choices.choice import Choice
from ubp_tui.dialogs.budget import BudgetDialog
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.widgets.controls.segments import MORE, find_window
from ubp_tui.widgets.map.block_map import BlockMap


@pytest.mark.parametrize("small", [(40, 12), (59, 40), (200, 19), (20, 3)])
async def test_one_line_says_what_is_needed_and_the_app_comes_back(small: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        before = screen_text(app)
        await pilot.resize_terminal(*small)
        await until(pilot, lambda: "block.0.expand" not in screen_text(app))
        lines = [line for line in screen_text(app).splitlines() if line.strip()]
        assert "needs 60x20" in " ".join(line.strip() for line in lines) and len(lines) <= 2
        await pilot.press("m", "question_mark", "escape", "M")
        await pilot.resize_terminal(80, 24)
        await settle(app, pilot)
        facts = slice(7, None)  # Above stands how long the selection took.
        assert screen_text(app).splitlines()[facts] == before.splitlines()[facts]


DIALOGS = {"asterisk": PromptDialog, "r": PromptDialog, "l": PromptDialog, "g": BudgetDialog, "e": ExportDialog}


@pytest.mark.parametrize("key", DIALOGS)
async def test_a_line_that_is_typed_goes_on_after_the_terminal_was_too_small(key: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, DIALOGS[key]))
        line = [each for each in app.screen.query(Input) if each in app.screen.focus_chain][-1]
        line.focus()
        await until(pilot, lambda: line.has_focus)
        for size in ((40, 12), (20, 3), (59, 40)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: "needs 60x20" in " ".join(screen_text(app).split()) and not line.has_focus)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: line.has_focus)
        await pilot.press("q")
        await until(pilot, lambda: "q" in line.value)
        assert isinstance(app.screen, DIALOGS[key])
    assert app.return_code is None


@pytest.mark.parametrize("keys", ["", "slash", "c", "d", "h", "question_mark", "L", "d question_mark"])
async def test_every_screen_comes_back_with_its_focus(keys: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press(*keys.split())
        await until(pilot, lambda: app.focused is not None)
        await pilot.pause()
        screen, focused = app.screen, app.focused
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: app.focused is None)
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: app.focused is focused)
        assert app.screen is screen and focused is not None
        await until(pilot, lambda: focused.region.area > 0)


async def test_a_start_in_a_terminal_that_is_too_small() -> None:
    app = make_app()
    async with app.run_test(size=(40, 12)) as pilot:
        await settle(app, pilot)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "block.0.expand" in screen_text(app))
        await pilot.press("j")
        await until(pilot, lambda: app.workspace.layer == "block.0.spatial")


async def test_a_storm_of_resizes() -> None:
    draw = random.Random(5)
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        for _ in range(40):
            await pilot.resize_terminal(draw.randint(1, 220), draw.randint(1, 60))
            await pilot.press(
                draw.choice(["j", "k", "m", "n", "w", "0", "plus", "minus", "1", "2", "3", "f", "shift+down"])
            )
        await pilot.resize_terminal(120, 36)
        await settle(app, pilot)
        block_map = app.explore.query_one(BlockMap)
        assert app.workspace.selection is not None and block_map.source is app.workspace.selection.source
        view = block_map.view
        assert view is not None and view.rows.pixels == 2 * (block_map.size.height - 1)
        assert view.columns.pixels == block_map.size.width - block_map.ruler_width


async def test_each_size_shows_what_fits_without_cutting(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        lines = screen_text(app).splitlines()
        assert len(lines) == size[1] and all(len(line) == size[0] for line in lines)
        text = "\n".join(lines)
        for words in ("unstructured", " 32 ", "75 %", "retained", "% of |w|", "Layers · 3 of 5 prunable"):
            assert words in text


async def test_every_theme() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        for theme in app.available_themes:
            app.theme = theme
            await pilot.press("m")
            await settle(app, pilot)
            await until(pilot, lambda: app.explore.drawing.settled)
            assert "Retained importance" in screen_text(app)


async def test_no_colour_does_not_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app()
    assert app.no_color
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("w", "j", "3", "question_mark")
        await pilot.pause()
        assert "Keys" in screen_text(app)


async def test_the_map_s_title_follows_the_width_also_of_a_pane_that_was_out_of_sight() -> None:
    app, title = make_app(choice=Choice("unstructured", 16, 0.75)), "block.0.expand · unstructured N=16 s=75 %"
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("2")
        await until(pilot, lambda: f"─ Block map · {title} ─" in screen_text(app))
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: f"─ {title} ─" in screen_text(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: f"─ Block map · {title} ─" in screen_text(app))


@given(st.lists(st.integers(3, 14), min_size=1, max_size=8), st.data(), st.integers(18, 90))
def test_options_that_do_not_fit_stand_back_whole(widths: list[int], data: st.DataObject, room: int) -> None:
    chosen = data.draw(st.integers(0, len(widths) - 1))
    first, end = find_window(widths, chosen, room)
    assert 0 <= first <= chosen < end <= len(widths)
    used = sum(widths[first:end]) + len(MORE) * ((first > 0) + (end < len(widths)))
    assert used <= room
    if (first, end) != (0, len(widths)):
        assert sum(widths) > room, "all of them, where they fit"


@pytest.mark.parametrize("size", [(60, 20), (64, 20), (70, 24), (80, 24)])
async def test_narrow_terminals_cut_no_word_of_title_and_choices(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        for _ in range(3):
            title, methods = (line.split() for line in screen_text(app).splitlines()[:2])
            tail = " ".join(title[title.index("small") :]).split()[-1]
            assert tail in {"WEIGHTS", "%", "|w|", "weights", "small", "layers"} or tail.endswith("…"), title
            assert {"abp", "greedy", "bed", "optimal", "unstructured", "t", app.workspace.scope} <= set(methods)
            assert set(methods) <= {"method", "m", "abp", "greedy", "bed", "optimal", "unstructured", "for", "t",
                                    "all", "marked", "layer", "…"}  # fmt: skip
            await pilot.press("t")
            await pilot.pause()
