"""What pictures beside a block map have in common: they are drawn from what the map shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.widgets.drawn import DrawnWidget
from ubp_tui.work.source import MapSource

if TYPE_CHECKING:
    from ubp_tui.widgets.map.block_map import BlockMap


class MapSide(DrawnWidget):
    """A picture that belongs to a map."""

    def __init__(self, block_map: BlockMap, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Args: the map."""
        super().__init__(id=id)
        self.block_map = block_map
        self._followed: tuple[MapSource | None, Viewport | None] = (None, None)

    def follow(self) -> None:
        """Draw what the map shows now, if that is something else."""
        shown = self.block_map.source, self.block_map.view
        if shown != self._followed:
            self._followed = shown
            self.redraw()
