"""A line plot in character cells: curves in braille dots, axes with labels, a cursor and points. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style

BRAILLE: Final = 0x2800
_BITS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
"""Bit of a dot by its row and column within a cell."""
LABEL_CELLS: Final = 4
"""Cells left of the plot."""
LETTER_STEP: Final = 14
"""Cells between two letters of a curve, where curves carry letters."""


@dataclass(frozen=True)
class Series:
    """One curve."""

    points: tuple[tuple[float, float], ...]
    """(x, y) by rising x; a missing one leaves the curve straight."""
    style: Style
    """Its colour."""
    letter: str
    """A sign for curves that must be told apart without colour."""


@dataclass(frozen=True)
class Frame:
    """What the plot spans, and its labels."""

    x_range: tuple[float, float]
    """Ends of the x axis."""
    y_range: tuple[float, float]
    """Ends of the y axis."""
    x_labels: tuple[tuple[float, str], ...]
    """Where labels stand below the plot."""
    y_labels: tuple[tuple[float, str], ...]
    """Where labels stand beside the plot."""


@dataclass(frozen=True)
class Marks:
    """What is marked on the plot."""

    point: tuple[float, float] | None = None
    """The present point."""
    point_style: Style = field(default_factory=Style)
    """Its colour."""
    now: float | None = None
    """x of the present choice: a faint line."""
    cursor: float | None = None
    """x of the cursor: a clear line."""


@dataclass(frozen=True)
class PlotStyles:
    """Colours of what is not a curve."""

    ground: Style
    """Behind everything."""
    label: Style
    """Axes and labels."""
    cursor: Style
    """The cursor's line."""


class Plot:
    """A plot of one size."""

    def __init__(self, width: int, height: int, frame: Frame) -> None:
        """Args: cells of the whole picture with its labels, and what it spans."""
        self.width, self.height = max(width - LABEL_CELLS, 2), max(height - 1, 2)
        self.frame = frame
        self._dots = np.full((4 * self.height, 2 * self.width), -1, np.int8)
        self._owner = np.full((self.height, self.width), -1, np.int8)

    def cell_of(self, x: float) -> int:
        """The column of cells that shows an x."""
        low, high = self.frame.x_range
        return round((x - low) / (high - low) * (self.width - 1))

    def x_at(self, cell: int) -> float:
        """The x in the middle of a column of cells of the whole picture."""
        low, high = self.frame.x_range
        return low + (cell - LABEL_CELLS) / (self.width - 1) * (high - low)

    def line_of(self, y: float) -> int:
        """The line of cells that shows a y."""
        low, high = self.frame.y_range
        return round((1 - (y - low) / (high - low)) * (self.height - 1))

    def draw(self, series: tuple[Series, ...], marks: Marks, styles: PlotStyles, letters: bool) -> list[list[Segment]]:
        """Draw curves, the last one on top, and everything around them.

        Args:
            series: the curves.
            marks: points and lines.
            styles: colours of the rest.
            letters: whether curves carry their letters.

        Returns:
            Segments per line.
        """
        for place, curve in enumerate(series):
            self._draw_curve(curve.points, place)
        cells = self._paint(series, styles)
        if marks.now is not None:
            self._rule(cells, marks.now, "┊", styles.ground + styles.label)
        if marks.cursor is not None:
            self._rule(cells, marks.cursor, "│", styles.ground + styles.cursor)
        if letters:
            self._letter(cells, series, styles)
        if marks.point is not None:
            line, cell = self.line_of(marks.point[1]), self.cell_of(marks.point[0])
            if 0 <= line < self.height and 0 <= cell < self.width:
                cells[line][cell] = ("●", styles.ground + marks.point_style)
        return [*self._with_labels(cells, styles), self._x_axis(styles)]

    def _draw_curve(self, points: tuple[tuple[float, float], ...], place: int) -> None:
        """Set the dots of one curve."""
        if len(points) < 2:
            return
        (low, high), (bottom, top) = self.frame.x_range, self.frame.y_range
        values = np.array(points, np.float64)
        columns = (values[:, 0] - low) / (high - low) * (2 * self.width - 1)
        rows = (1 - (values[:, 1] - bottom) / (top - bottom)) * (4 * self.height - 1)
        across = np.arange(int(np.ceil(columns[0])), int(columns[-1]) + 1)
        across = across[(across >= 0) & (across < 2 * self.width)]
        heights = np.clip(np.round(np.interp(across, columns, rows)), 0, 4 * self.height - 1).astype(int)
        for index, column in enumerate(across.tolist()):
            # Steep parts are filled, so that the curve has no gaps.
            end = heights[min(index + 1, len(heights) - 1)]
            first, last = sorted((int(heights[index]), int(end)))
            self._dots[first : max(first + 1, last), column] = place
            self._owner[first // 4 : (max(first + 1, last) - 1) // 4 + 1, column // 2] = place

    def _paint(self, series: tuple[Series, ...], styles: PlotStyles) -> list[list[tuple[str, Style]]]:
        """Characters and styles of the plot's cells."""
        dots = self._dots.reshape(self.height, 4, self.width, 2).swapaxes(1, 2)
        # A cell has one colour: dots of other curves in it would pass for this one's.
        dots = (dots == self._owner[:, :, None, None]) & (dots >= 0)
        codes = (dots * _BITS).sum(axis=(2, 3))
        grid = {self.line_of(y) for y, _ in self.frame.y_labels}
        faint = styles.ground + styles.label + Style(dim=True)
        colours = [styles.ground + curve.style for curve in series]
        rows = []
        for line, (code_row, owners) in enumerate(zip(codes.tolist(), self._owner.tolist(), strict=True)):
            empty = ("·" if line in grid else " ", faint)
            rows.append(
                [
                    (chr(BRAILLE + code), colours[owner])
                    if code
                    else (empty if cell % 4 == 0 else (" ", styles.ground))
                    for cell, (code, owner) in enumerate(zip(code_row, owners, strict=True))
                ]
            )
        return rows

    def _rule(self, cells: list[list[tuple[str, Style]]], x: float, sign: str, style: Style) -> None:
        """A vertical line where no curve is."""
        cell = self.cell_of(x)
        for row in cells if 0 <= cell < self.width else ():
            if not BRAILLE < ord(row[cell][0]) < BRAILLE + 256:
                row[cell] = (sign, style)

    def _letter(self, cells: list[list[tuple[str, Style]]], series: tuple[Series, ...], styles: PlotStyles) -> None:
        """Letters along the curves."""
        for place, curve in enumerate(series):
            xs, ys = zip(*curve.points, strict=True) if curve.points else ((), ())
            for cell in range(4 + 3 * place, self.width, LETTER_STEP):
                x = self.x_at(cell + LABEL_CELLS)
                if xs and xs[0] <= x <= xs[-1]:
                    cells[self.line_of(float(np.interp(x, xs, ys)))][cell] = (curve.letter, styles.ground + curve.style)

    def _with_labels(self, cells: list[list[tuple[str, Style]]], styles: PlotStyles) -> list[list[Segment]]:
        """The lines with the labels of the y axis."""
        labels = {self.line_of(y): text for y, text in self.frame.y_labels}
        style = styles.ground + styles.label
        return [
            [Segment(labels.get(line, "").rjust(LABEL_CELLS - 1) + " ", style), *_join(row)]
            for line, row in enumerate(cells)
        ]

    def _x_axis(self, styles: PlotStyles) -> list[Segment]:
        """The line of labels below."""
        line: NDArray[np.str_] = np.full(self.width + LABEL_CELLS, " ")
        for x, text in self.frame.x_labels:
            first = LABEL_CELLS + self.cell_of(x) - len(text) // 2
            first = min(max(first, 0), len(line) - len(text))
            line[first : first + len(text)] = list(text)
        return [Segment("".join(line.tolist()), styles.ground + styles.label)]


def _join(row: list[tuple[str, Style]]) -> list[Segment]:
    """Cells of one style share a segment."""
    segments: list[Segment] = []
    for sign, style in row:
        if segments and segments[-1].style == style:
            segments[-1] = Segment(segments[-1].text + sign, style)
        else:
            segments.append(Segment(sign, style))
    return segments
