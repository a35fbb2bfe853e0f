"""The curves' cursor and axes, and the themes."""

from __future__ import annotations

import numpy as np
import pytest
from rich.color import Color
from textual.theme import Theme
from tui_world import click, make_app, screen_text, settle, until

from ubp_tui.looks import palette
from ubp_tui.looks.palette import PRUNED, MapPalette
from ubp_tui.looks.themes import THEMES, Glyphs, choose_look
from ubp_tui.renderables.map.strips import line_segments
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
        await until(pilot, lambda: app.workspace.choice.sparsity == 0.8)
        await pilot.press("x")
        await until(pilot, lambda: pane.plot.known_xs() == [1, 2, 4, 8, 16, 32])
        await pilot.press("left", "enter")
        await until(pilot, lambda: app.workspace.choice.block_size == 2)
        await pilot.press("right", "escape")
        assert pane.plot.cursor is None
        await pilot.hover(type(pane.plot), offset=(pane.plot.size.width - 1, 3))
        assert pane.plot.cursor == 32
        await click(pilot, type(pane.plot), offset=(pane.plot.size.width - 1, 3))
        await until(pilot, lambda: app.workspace.choice.block_size == 32)


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


def brightness(colour: Color | None) -> float:
    """How bright a colour on the screen is, 0..255."""
    assert colour is not None
    return float(np.dot(colour.get_truecolor(), (0.2126, 0.7152, 0.0722)))


def drawn_pixels(block_map: BlockMap) -> dict[bool, list[float]]:
    """How bright the pixels on the screen are whose weights stay, and those whose weights are pruned."""
    view, source = block_map.view, block_map.source
    assert view is not None and source is not None and view.rows.scale.pixels == view.columns.scale.pixels == 1
    pixels: dict[bool, list[float]] = {True: [], False: []}
    for line in range(1, block_map.size.height):
        styles = [segment.style for segment in block_map.render_line(line) for _ in segment.text]
        rows = view.rows.weight_at(2 * line - 2), view.rows.weight_at(2 * line - 1)
        for column, style in enumerate(styles[block_map.ruler_width :]):
            if style is None or view.columns.weight_at(column) is None:
                continue
            for row, colour in zip(rows, (style.color, style.bgcolor), strict=True):
                if row is not None and (row, column) != block_map.cursor:
                    pixels[source.is_kept(row, column)].append(brightness(colour))
    return pixels


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_kept_and_pruned_differ_in_brightness_on_the_screen(theme: Theme) -> None:
    app = make_app()
    app.theme = theme.name
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        block_map = app.explore.query_one(BlockMap)
        await pilot.press("2", "plus", "plus")
        await until(pilot, lambda: block_map.view is not None and block_map.view.level == 2)
        pixels = drawn_pixels(block_map)
        assert len(pixels[True]) > 100 and len(pixels[False]) > 300
        assert len(set(pixels[False])) == 1
        distances = [abs(value - pixels[False][0]) for value in pixels[True]]
        assert min(distances) > 20


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
