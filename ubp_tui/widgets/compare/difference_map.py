"""The difference picture: a block map that shows which of two selections keeps a weight."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ubp_tui.looks import palette
from ubp_tui.looks.palette import MapPalette
from ubp_tui.renderables.map.class_stack import CLASS_INDEX
from ubp_tui.renderables.map.difference import MIXED, SIGNS, draw_difference, share_classes, sign_areas
from ubp_tui.renderables.map.raster import Image
from ubp_tui.renderables.map.readout import Kernel, value_labels
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.work.difference import BOTH, LEFT, NEITHER, RIGHT, Difference
from ubp_tui.work.source import MapSource

_SIGN_COLOURS: Final = {
    SIGNS[LEFT]: CLASS_INDEX[LEFT],
    SIGNS[RIGHT]: CLASS_INDEX[RIGHT],
    SIGNS[BOTH]: CLASS_INDEX[BOTH],
    "-": CLASS_INDEX[BOTH],
    MIXED: palette.MARK,
}


class DifferenceMap(BlockMap):
    """Draws classes in place of importance; where pictures are made of characters, a character for each class."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start without a layer."""
        super().__init__(id=id)
        self._difference: Difference | None = None
        self._signs: tuple[Viewport, NDArray[np.str_]] | None = None

    def show_difference(self, name: str, difference: Difference, kernel: Kernel) -> None:
        """Show a layer; view and cursor stay if it is the layer that was shown before."""
        self._difference, self._signs = difference, None
        self.show_layer(name, difference.parts[BOTH], kernel)

    @property
    def colours(self) -> MapPalette:
        """What the indices of the picture mean."""
        return self.look.difference

    def paint(self, source: MapSource, view: Viewport) -> Image:
        """The picture."""
        assert self._difference is not None
        return draw_difference(self._difference, view)

    def label(self, source: MapSource, view: Viewport, line: int) -> list[tuple[int, str, int]]:
        """Values where there is room for them, with the sign of the class; elsewhere signs in place of half blocks."""
        across, down = view.columns.scale.pixels, view.rows.scale.pixels
        if view.single_weights and across >= 8 and down >= 4:
            return self._label_weights(source, view, line)
        return self._label_pixels(view, line) if self.look.glyphs != "blocks" else []

    def _label_weights(self, source: MapSource, view: Viewport, line: int) -> list[tuple[int, str, int]]:
        """The sign in the first line of a weight, its value in the second."""
        assert self._difference is not None
        down, row = view.rows.scale.pixels, view.rows.weight_at(2 * line)
        values = [(cell, text, self._ink(row, view, cell)) for cell, text, _ in value_labels(source, view, line)]
        if values or row is None or 2 * line % down != 0:
            return values
        classes = self._difference.classes[row]
        return [
            (place * view.columns.scale.pixels + 3, SIGNS[int(classes[column])], self._ink_of(int(classes[column])))
            for place, column in enumerate(view.columns.edges[:-1].tolist())
        ]

    def _ink(self, row: int | None, view: Viewport, cell: int) -> int:
        """Colour of a value."""
        assert self._difference is not None
        column = view.columns.weight_at(cell)
        return self._ink_of(0 if row is None or column is None else int(self._difference.classes[row, column]))

    def _ink_of(self, kind: int) -> int:
        """Clear on what is kept, faint on what is not."""
        return palette.FAINT_INK if kind == NEITHER else palette.INK

    def _label_pixels(self, view: Viewport, line: int) -> list[tuple[int, str, int]]:
        """A character for the two pixels of every cell."""
        assert self._difference is not None
        if self._signs is None or self._signs[0] != view:
            shares = share_classes(self._difference, view)
            down, across = view.rows.scale.pixels, view.columns.scale.pixels
            pixels = {kind: share.repeat(down, axis=0).repeat(across, axis=1) for kind, share in shares.items()}
            pairs = {kind: np.float32(0.5) * (share[::2] + share[1::2]) for kind, share in _even(pixels).items()}
            self._signs = view, sign_areas(pairs)[:, : view.columns.pixels]
        signs = self._signs[1]
        if line >= len(signs):
            return []
        span = view.columns.span_of(self.cursor[1])
        row = view.rows.span_of(self.cursor[0])
        here = None if span is None or row is None or not row[0] // 2 <= line <= (row[1] - 1) // 2 else span
        cells = enumerate(signs[line].tolist())
        # One label per cell: the cursor's own cells stay the cursor's.
        return [
            (cell, sign, _SIGN_COLOURS.get(sign, palette.FAINT_INK))
            for cell, sign in cells
            if here is None or not here[0] <= cell < here[1]
        ]


def _even(shares: dict[int, NDArray[np.float32]]) -> dict[int, NDArray[np.float32]]:
    """The same with an even number of pixel rows: the last one stands twice if need be."""
    return {kind: np.pad(share, ((0, len(share) % 2), (0, 0)), mode="edge") for kind, share in shares.items()}
