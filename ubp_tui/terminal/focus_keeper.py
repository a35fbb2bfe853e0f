"""The focus while the terminal is too small: what is hidden loses it, and gets it back when there is room again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

MIN_SIZE: Final = (60, 20)
"""Columns and lines that the app needs."""


class FocusKeeper:
    """Without it a line that is being typed would go on as keys of the app."""

    def __init__(self) -> None:
        """Start with nothing kept."""
        self._small = False
        self._kept: list[tuple[Screen[Any], Widget]] = []

    def follow(self, size: Size, screens: Sequence[Screen[Any]]) -> None:
        """Note what has the focus, or give it back.

        Args:
            size: of the terminal from now on; the screens still have the one before.
            screens: all that are open.
        """
        small = size.width < MIN_SIZE[0] or size.height < MIN_SIZE[1]
        if small and not self._small:
            self._kept = [(screen, screen.focused) for screen in screens if screen.focused is not None]
        elif self._small and not small:
            for screen, widget in self._kept:
                if screen in screens and screen.focused is None and widget.is_attached:
                    screen.set_focus(widget, scroll_visible=False)
        self._small = small
