"""Dragging a map with the mouse."""

from __future__ import annotations

from ubp_tui.renderables.map.viewport import Viewport


class Drag:
    """From the press of the button to its release; a drag without a move is a click."""

    def __init__(self, x: float, y: float, view: Viewport) -> None:
        """Args: the cell of the press, and what was seen then."""
        self.view = view
        """What is to be seen now."""
        self.moved = False
        """Whether the pointer has ever left its cell."""
        self._x, self._y, self._first = x, y, view

    def move(self, x: float, y: float) -> bool:
        """Follow the pointer to a cell; whether the view is dragged along."""
        down, across = 2 * (self._y - y), self._x - x
        self.moved = self.moved or bool(down or across)
        if self.moved:
            self.view = self._first.panned(int(down), int(across))
        return self.moved
