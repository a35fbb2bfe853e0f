"""Texts of the block map: what is under the cursor, and the labels of the rulers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ubp_tui.renderables.map.raster import area_sums
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.work.source import MapSource


@dataclass(frozen=True)
class Kernel:
    """Kernel of a layer; it turns a column number into input channel and tap."""

    height: int = 1
    """Taps down."""
    width: int = 1
    """Taps across."""
    channels: int = 0
    """Input channels, where columns stand by tap; 0 where they stand by channel."""
    order: NDArray[np.int64] | None = field(default=None, compare=False)
    """The columns as they are drawn, where they stand by group."""

    def true_column(self, column: int) -> int:
        """The number by channel of a column as it is drawn."""
        if self.order is not None:
            return int(self.order[column])
        if not self.channels:
            return column
        tap, channel = divmod(column, self.channels)
        return channel * self.height * self.width + tap

    def drawn_column(self, column: int) -> int:
        """Where a column stands that is numbered by channel."""
        if self.order is not None:
            return int(np.flatnonzero(self.order == column)[0])
        if not self.channels:
            return column
        channel, tap = divmod(column, self.height * self.width)
        return tap * self.channels + channel

    def name_column(self, column: int) -> str:
        """The input channel and, for k x k kernels, the tap of a column as it is drawn."""
        channel, tap = divmod(self.true_column(column), self.height * self.width)
        if self.height * self.width == 1:
            return f"in {channel}"
        return f"in {channel} ky {tap // self.width} kx {tap % self.width}"


def parse_place(text: str, shape: tuple[int, int]) -> tuple[int | None, int | None]:
    """Read a row and a column, of which one may be left out: `12`, `12 340`, `12,340`, `,340`.

    Raises:
        ValueError: what is wrong, in a line.
    """
    if not text.strip():
        raise ValueError("type a row, or a row and a column")
    parts = [part.strip() for part in (text.split(",") if "," in text else text.split())]
    if len(parts) > 2:
        raise ValueError(f"{text!r} is more than a row and a column")
    place: list[int | None] = [None, None]
    for index, (part, name) in enumerate(zip(parts, ("row", "column"), strict=False)):
        if part and not part.isdecimal():
            raise ValueError(f"{part!r} is no {name}: type a whole number")
        if part and int(part) >= shape[index]:
            raise ValueError(f"there is no {name} {part}: the last one is {shape[index] - 1}")
        place[index] = int(part) if part else None
    return place[0], place[1]


def list_places(source: MapSource, kernel: Kernel) -> list[tuple[str, str]]:
    """Places that are worth going to, as `parse_place` reads them, each with a few words."""
    rows, columns = source.shape
    row, drawn = divmod(int(np.argmax(np.abs(source.weight))), columns)
    return [
        ("0 0", "the first weight"),
        (f"{rows // 2} {columns // 2}", "the middle"),
        (f"{rows - 1} {columns - 1}", "the last weight"),
        (f"{row} {kernel.true_column(drawn)}", "the largest weight"),
    ]


def describe_weight(source: MapSource, kernel: Kernel, row: int, column: int) -> str:
    """One line on a weight: where it is, its value, whether it stays, and its block."""
    value = format_weight(float(source.weight[row, column]))
    place = f"row {row}  col {kernel.true_column(column)} ({kernel.name_column(column)})  w {value}"
    if source.position is None:
        return f"{place}  dense"
    start = source.block_start(row, column)
    if start is None:
        return f"{place}  pruned"
    return f"{place}  {describe_block(source, start, column)}"


def describe_block(source: MapSource, start: int, column: int) -> str:
    """The block that keeps a weight: its first row, and its group where blocks have four columns."""
    words = ["kept"]
    if source.block_size > 1:
        words.append(f"block at {start} (r % {source.block_size} = {start % source.block_size})")
    if source.block_columns > 1:
        words.append(f"group {column // source.block_columns}")
    return ", ".join(words)


def describe_area(source: MapSource, view: Viewport, row: int, column: int) -> str:
    """One line on the pixel that shows a weight, where a pixel stands for an area; else an empty text."""
    down, across = view.rows.span_of(row), view.columns.span_of(column)
    if view.single_weights or down is None or across is None:
        return ""
    sums, counts = area_sums(source, view)
    pixel = down[0] // view.rows.scale.pixels, across[0] // view.columns.scale.pixels
    kept, count = float(sums.kept[pixel]), float(counts[pixel])
    mean = f"  mean {sums.importance[pixel] / kept:.3g}" if kept else ""
    return f"{100 * kept / count:.1f} % of {count:.0f} kept{mean}"


def flow_words(line: str, width: int, height: int) -> list[str]:
    """Break a line between its words; two blanks part them, and " · " is one that stands only between two others.

    Args:
        line: the most important first.
        width: cells of a line.
        height: lines; words that don't fit into these are left out.
    """
    lines, dot = [""], ""
    for word in filter(None, line.split("  ")):
        if word == "·":
            dot = "·  "
            continue
        longer = f"{lines[-1]}  {dot}{word}" if lines[-1] else word
        if len(longer) <= width:
            lines[-1] = longer
        elif len(lines) < height and lines[-1]:
            lines.append(word)
        else:
            break
        dot = ""
    return lines


def describe_scale(view: Viewport) -> str:
    """The zoom level in words."""
    if view.single_weights:
        across, down = view.columns.scale.pixels, view.rows.scale.pixels
        return "1 pixel = 1 weight" if across == down == 1 else f"1 weight = {across} x {down} pixels"
    if view.rows.scale.pixels == view.columns.scale.pixels == 1:
        return f"1 pixel = {view.columns.scale.weights:.3g} x {view.rows.scale.weights:.3g} weights"
    return f"whole layer, {view.columns.length} x {view.rows.length}" if view.level == 0 else "stretched"


def format_weight(value: float) -> str:
    """A weight in at most seven characters, so that it fits into its cell."""
    for digits in range(4, -1, -1):
        text = f"{value:.{digits}f}"
        if len(text) <= 7:
            return text
    return f"{value:.0e}"


def row_label(view: Viewport, block_size: int, line: int) -> str:
    """Label of the row ruler beside a line: multiples of N where weights are magnified, else every fourth line."""
    pixel, scale = 2 * line, view.rows.scale
    weight = view.rows.weight_at(pixel)
    if weight is None:
        return ""
    if scale.pixels < 2:
        return str(weight) if line % 4 == 0 else ""
    first_line = pixel % scale.pixels < 2
    return str(weight) if first_line and weight % (block_size if block_size > 1 else 4) == 0 else ""


def column_labels(view: Viewport) -> list[tuple[int, str]]:
    """Labels of the column ruler as (cell, text), far enough apart to be read."""
    step = len(str(view.columns.length)) + 3
    pixels = view.columns.scale.pixels
    step = -(-step // pixels) * pixels
    labels = []
    for cell in range(0, view.columns.pixels, step):
        weight = view.columns.weight_at(cell)
        if weight is not None and cell + len(str(weight)) <= view.columns.pixels:
            labels.append((cell, str(weight)))
    return labels


def value_labels(source: MapSource, view: Viewport, line: int) -> list[tuple[int, str, bool]]:
    """Values of the weights in a line of cells as (first cell, text, kept); empty unless there is room for them."""
    across, down = view.columns.scale.pixels, view.rows.scale.pixels
    row = view.rows.weight_at(2 * line)
    # The second line of each weight: the first one holds the gap above a block.
    if not view.single_weights or across < 8 or down < 4 or row is None or 2 * line % down != 2:
        return []
    values = []
    for place, column in enumerate(view.columns.edges[:-1].tolist()):
        text = format_weight(float(source.weight[row, column])).rjust(7)
        values.append((place * across, text, source.is_kept(row, column)))
    return values
