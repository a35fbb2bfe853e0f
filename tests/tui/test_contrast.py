"""What is written can be read: contrast of 4.5 and more (WCAG 2, AA) in every theme, computed from the colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color
from textual.theme import Theme
from tui_world import make_app, settle, until

from ubp_tui.looks import palette
from ubp_tui.looks.colours import RGB, contrast, luminance
from ubp_tui.looks.palette import MapPalette
from ubp_tui.looks.themes import THEMES, choose_look
from ubp_tui.widgets.map.block_map import BlockMap

READABLE = 4.5
MAPS = {name: value for name, value in vars(palette).items() if isinstance(value, MapPalette)}
COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


def ratio(one: RGB, other: RGB) -> float:
    """Contrast of two colours."""
    lights = luminance(np.array([one, other], np.uint8))
    return float(contrast(lights[0], lights[1]))


@given(COLOURS, COLOURS)
def test_contrast_is_that_of_wcag(one: RGB, other: RGB) -> None:
    def light(colour: RGB) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    assert ratio(one, other) == pytest.approx((high + 0.05) / (low + 0.05))
    assert ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


@pytest.mark.parametrize("name", MAPS)
def test_digits_can_be_read_on_every_colour_of_a_map(name: str) -> None:
    colours = MAPS[name]
    light = luminance(colours.colours)
    kept = slice(palette.KEPT, None)
    assert contrast(light, light[colours.inks])[kept].min() >= READABLE
    for ink in (palette.FAINT_INK, palette.MARK, int(colours.inks[palette.PRUNED])):
        assert contrast(light[palette.PRUNED], light[ink]) >= READABLE


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_names_of_methods_and_filled_places_can_be_read(theme: Theme) -> None:
    look, variables = choose_look(theme, "blocks", False), theme.to_color_system().generate()
    for ground in (theme.background, theme.surface):
        assert ground is not None
        for colour in (*look.curves.values(), look.dense):
            assert ratio(colour, Color.parse(ground).rgb) >= READABLE, (theme.name, ground, colour)
        for text in ("text-primary", "text-accent", "text-success", "text-warning", "text-error", "foreground"):
            assert ratio(Color.parse(variables[text]).rgb, Color.parse(ground).rgb) >= READABLE, text
    ink = Color.parse(variables["block-cursor-foreground"]).rgb
    for filled in ("primary", "block-cursor-background"):
        assert ratio(ink, Color.parse(variables[filled]).rgb) >= READABLE, filled


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_digits_of_single_weights_on_the_screen(theme: Theme) -> None:
    app = make_app()
    app.theme = theme.name
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("2", "w")
        await settle(app, pilot)
        block_map = app.explore.query_one(BlockMap)
        await until(pilot, lambda: block_map.view is not None and block_map.view.single_weights)
        seen = 0
        for line in range(1, block_map.size.height):
            cell = 0
            for segment in block_map.render_line(line):
                cell += len(segment.text)
                digits = cell > block_map.ruler_width and any(sign.isdigit() for sign in segment.text)
                style = segment.style
                if not digits or style is None or style.color is None or style.bgcolor is None:
                    continue
                seen += 1
                pair = (tuple(colour.get_truecolor()) for colour in (style.color, style.bgcolor))
                assert ratio(*pair) >= READABLE, segment
        assert seen > 20
