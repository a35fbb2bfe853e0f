"""The curves' cursor and axes, and the themes."""

from __future__ import annotations

import numpy as np
import pytest
from tui_world import make_app, screen_text, settle, until

from ubp_tui import palette
from ubp_tui.looks import THEMES, Glyphs, choose_look
from ubp_tui.palette import PRUNED, MapPalette
from ubp_tui.renderables.map_strips import line_segments
from ubp_tui.widgets.curve.curve_pane import CurvePane
from ubp_tui.widgets.map.block_map import BlockMap


async def test_cursor_over_sparsity_and_block_size() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("3")
        await until(pilot, lambda: app.focused is app.explore.query_one(CurvePane))
        pane = app.explore.query_one(CurvePane)
        await until(pilot, lambda: len(pane.plot.known_xs()) > 15)
        await pilot.press("right")
        assert pane.plot.cursor == 0.8
        values = pane.plot.values_at(0.8)
        await until(pilot, lambda: f"bed {100 * values['bed']:.2f}" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.explore.choice.sparsity == 0.8)
        await pilot.press("x")
        await until(pilot, lambda: pane.plot.known_xs() == [1, 2, 4, 8, 16, 32])
        await pilot.press("left", "enter")
        await until(pilot, lambda: app.explore.choice.block_size == 2)
        await pilot.press("right", "escape")
        assert pane.plot.cursor is None
        await pilot.hover(type(pane.plot), offset=(pane.plot.size.width - 1, 3))
        assert pane.plot.cursor == 32
        await pilot.click(type(pane.plot), offset=(pane.plot.size.width - 1, 3))
        await until(pilot, lambda: app.explore.choice.block_size == 32)


@pytest.mark.parametrize("colours", [palette.DARK, palette.LIGHT, palette.DARK_SAFE, palette.LIGHT_SAFE])
def test_kept_and_pruned_differ_in_brightness(colours: MapPalette) -> None:
    light = colours.colours.astype(float) @ (0.2126, 0.7152, 0.0722)
    kept = light[palette.KEPT :].reshape(palette.IMPORTANCE_STEPS, palette.SHARE_STEPS)
    whole = np.abs(kept[:, -1] - light[PRUNED])
    assert whole.min() > 25 and (np.diff(whole) > 0).all()
    assert (np.diff(np.abs(kept - light[PRUNED]), axis=1) >= 0).all()


def test_signs_alone_tell_kept_from_pruned() -> None:
    pixels = np.array([palette.PRUNED, palette.COLOURS - 1], np.uint8)
    signs: tuple[Glyphs, ...] = ("shades", "ascii")
    for glyphs in signs:
        text = "".join(segment.text for segment in line_segments(pixels, pixels, (), palette.DARK, glyphs))
        assert text[0] == " " and text[1] != " "
        assert glyphs != "ascii" or text.isascii()


async def test_every_theme_draws_its_own_map() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        seen = []
        for theme in THEMES:
            assert app.theme == theme.name
            seen.append(app.explore.query_one(BlockMap).look.map.number)
            assert choose_look(theme, "blocks", True).map is palette.ANSI
            await pilot.press("y")
        assert len(set(seen)) == len(THEMES)
        assert app.theme == THEMES[0].name
