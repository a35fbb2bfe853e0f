"""Themes, and what pictures look like under each: palettes, curve colours, and the characters that draw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, cast

from textual.theme import Theme

from ubp_tui.looks import palette
from ubp_tui.looks.colours import RGB
from ubp_tui.looks.names import THEME_NAMES, theme_name

if TYPE_CHECKING:
    from textual.app import App

Glyphs = Literal["blocks", "shades", "ascii"]
"""Half blocks told apart by colour; shades that can be read without colour; plain ASCII."""


@dataclass(frozen=True)
class Look:
    """How pictures are drawn."""

    map: palette.MapPalette = palette.DARK
    """Colours of the block map."""
    difference: palette.MapPalette = palette.DARK_DIFFERENCE
    """Colours of difference pictures."""
    curves: Mapping[str, RGB] = field(default_factory=lambda: palette.CURVE_COLOURS)
    """Colours of the methods."""
    dense: RGB = palette.DENSE_COLOUR
    """Colour of what no method has pruned."""
    glyphs: Glyphs = "blocks"
    """Characters of pictures."""


_DARK, _LIGHT, _DARK_SAFE, _LIGHT_SAFE = map(theme_name, THEME_NAMES)
_WHITE_ON_FULL: Final = {"block-cursor-foreground": "#ffffff", "button-color-foreground": "#ffffff"}
"""White, not Textual's near-white, on the primary colour: that alone reaches a contrast of 4.5."""
THEMES: Final = (
    Theme(
        _DARK, primary="#016cc0", secondary="#2f6f9f", warning="#ffb454", error="#e5566d", success="#6fcf97",
        accent="#ffb454", foreground="#e4e6ec", background="#0e1015", surface="#161a22", panel="#1f2530", dark=True,
        variables=_WHITE_ON_FULL,
    ),
    Theme(
        _LIGHT, primary="#0b5cad", secondary="#3b7ab8", warning="#8a5a00", error="#b3123a", success="#156b3a",
        accent="#9a4a00", foreground="#1b2230", background="#f7f8fa", surface="#eceff4", panel="#dfe4ec", dark=False,
        variables=_WHITE_ON_FULL,
    ),
    Theme(
        _DARK_SAFE, primary="#0072b2", secondary="#56b4e9", warning="#f0e442", error="#e69f00", success="#56b4e9",
        accent="#e69f00", foreground="#ececec", background="#0e1015", surface="#161a22", panel="#1f2530", dark=True,
        variables=_WHITE_ON_FULL,
    ),
    Theme(
        _LIGHT_SAFE, primary="#005a8f", secondary="#0072b2", warning="#6b5900", error="#9a4700", success="#005a8f",
        accent="#9a4700", foreground="#1a1a1a", background="#f8f8f8", surface="#ededed", panel="#dfe2e6", dark=False,
        variables=_WHITE_ON_FULL,
    ),
)  # fmt: skip
"""Our own themes; Textual's own stay available."""


def choose_look(theme: Theme, glyphs: Glyphs, few_colours: bool) -> Look:
    """The look under a theme.

    Args:
        theme: the app's.
        glyphs: what the terminal can show.
        few_colours: whether the terminal has only 16 colours.
    """
    if few_colours:
        return Look(palette.ANSI, palette.ANSI_DIFFERENCE, palette.SAFE_CURVES, palette.DENSE_COLOUR, glyphs)
    safe = theme.name.endswith("-safe")
    if theme.dark:
        colours = palette.SAFE_CURVES if safe else palette.CURVE_COLOURS
        ground = palette.DARK_SAFE if safe else palette.DARK
        return Look(ground, palette.DARK_DIFFERENCE, colours, palette.DENSE_COLOUR, glyphs)
    colours = palette.SAFE_LIGHT_CURVES if safe else palette.LIGHT_CURVES
    ground = palette.LIGHT_SAFE if safe else palette.LIGHT
    return Look(ground, palette.LIGHT_DIFFERENCE, colours, palette.LIGHT_DENSE_COLOUR, glyphs)


def look_of(app: App[object]) -> Look:
    """The look of an app."""
    return cast(Look, getattr(app, "look", Look()))
