"""Draws retained importance against the figure relative to dense, one point per variant and layer, with plotext."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubp_core.benchmark.figure import ARM_HOST_TIME, HOST_TIME, INSTRUCTIONS, LATENCY
from ubp_core.vocabulary import DTYPES
from ubp_tui.looks.colours import RGB
from ubp_tui.looks.themes import Look
from ubp_tui.renderables.bench.rows import find_dense
from ubp_tui.renderables.bench.text import find_ratio, list_types

if TYPE_CHECKING:
    from ubp_core.benchmark import LayerProgress, LayerResult, Variant

SHAPES = {"dense": "■□▣", "abp": "▲△◬", "bed": "●○◉", "optimal": "◆◇◈"}
"""A shape per method, so that no colour is needed to tell them apart: filled; beside other types hollow for fp16, and
hollow with a dot for int8."""
TYPE_WORDS = {"fp16": "hollow: fp16", "int8": "dotted: int8"}
OTHER = "·"
"""Points of layers that are not under the cursor."""
FIGURES = (LATENCY, HOST_TIME, ARM_HOST_TIME, INSTRUCTIONS)
"""Those that points are drawn of."""
MOST_NAMED = 4
"""Points that have their names beside them; more would stand on each other."""
LEAST_SPAN = 20.0
"""Points that an axis spans at least: differences that are no more than noise must not look large."""
MOST_TICKS = 6
"""Distances between the numbers of an axis."""
TICKS = (1, 2, 5, 10, 20, 25, 50, 100)
"""Distances of the numbers on an axis."""


@dataclass(frozen=True)
class Point:
    """One variant."""

    across: float
    """Figure, dense being 100."""
    up: float
    """Share kept, in per cent."""
    method: str
    """Its method."""
    here: bool
    """Whether it is of the layer under the cursor."""
    dtype: str
    """Its type; `across` is of dense in that type."""
    unsure: bool = False
    """Whether the figure's interval is wide: a question mark stands behind its name."""


def result_points(layer: LayerResult, figure: str, here: bool) -> list[Point]:
    """The points of a measured layer; what is no measure has none."""
    return [
        Point(100 / ratio, 100 * variant.retained, variant.method, here, variant.dtype, layer.unsure(variant))
        for variant in layer.variants
        if variant.retained is not None and (ratio := find_ratio(layer, variant, figure))
    ]


def live_points(
    live: LayerProgress, variants: Sequence[Variant], retained: Sequence[float], figure: str, here: bool
) -> list[Point]:
    """The points of a layer whose variants are taking turns; none of a type before its dense has run."""
    dense = find_dense(live, variants, figure)
    return [
        Point(100 * median / dense[variant.dtype], 100 * kept, variant.method, here, variant.dtype)
        for variant, median, kept in zip(variants, live.medians_ns, retained, strict=False)
        if median and variant.dtype in dense
    ]


def draw_scatter(plot: Any, points: Sequence[Point], figure: str, look: Look, lines: int) -> str:
    """Draw the points: up and to the left is better. The axes follow the pruned ones; dense is at 100, 100.

    Args:
        plot: plotext's figure.
        points: variants of one device; those of the layer under the cursor have shapes.
        figure: kind of the figures.
        look: colours of the methods.
        lines: that there are about; of two numbers that would share one, either might be written.

    Returns:
        What the axes are, for a title.
    """
    plot.clear_data()
    pruned = [point for point in points if point.method != "dense"] or list(points)
    across, up = fit_axis([point.across for point in pruned]), fit_axis([point.up for point in pruned], most=100.0)
    seen = [point for point in points if across[0] <= point.across <= across[1] and up[0] <= point.up <= up[1]]
    seen.sort(key=lambda point: (point.here, point.across))
    few = sum(point.here for point in seen) <= MOST_NAMED
    mixed = len({point.dtype for point in points}) > 1
    for point in seen:
        marker = ("?" if point.unsure else _shape(point, mixed)) if point.here else OTHER
        colour = look.curves.get(point.method, look.dense)
        plot.scatter([point.across], [point.up], marker=marker, color=colour)
        if few and point.here:
            _name_point(plot, point, seen, (across[1] - across[0], up[1] - up[0]), colour)
    most = min(max(lines // 2, 2), MOST_TICKS)
    for limits, count, set_limits, set_ticks in (
        (across, MOST_TICKS, plot.xlim, plot.xticks),
        (up, most, plot.ylim, plot.yticks),
    ):
        ticks = place_ticks(limits, count)
        set_limits(*limits)
        set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    plot.grid(False, False)
    return describe_axes(figure, [point.dtype for point in points])


def describe_axes(figure: str, dtypes: Sequence[str]) -> str:
    """What the axes are; several types have a dense network each."""
    if figure not in FIGURES or not dtypes:
        return ""
    each = "of the same type " if len({*dtypes}) > 1 else ""
    return f"importance kept, %, over {figure}, {list_types(dtypes)}, dense {each}= 100"


def _shape(point: Point, mixed: bool) -> str:
    """The sign of a point: the filled one where all points are of one type."""
    return SHAPES.get(point.method, SHAPES["bed"])[DTYPES.index(point.dtype) if mixed else 0]


def _name_point(plot: Any, point: Point, points: Sequence[Point], spans: tuple[float, float], colour: RGB) -> None:
    """Write a point's method beside it: on its left where another named one lies on its right."""
    others = points[points.index(point) + 1 :]
    beside = any(other.here and abs(other.up - point.up) < 0.1 * spans[1] for other in others)
    side, gap = ("right", -0.03 * spans[0]) if beside else ("left", 0.03 * spans[0])
    name = point.method + ("?" if point.unsure else "")
    plot.text(name, point.across + gap, point.up, color=colour, background="default", alignment=side)


def fit_axis(values: Sequence[float], most: float | None = None) -> tuple[float, float]:
    """Ends of an axis on which all values have some room around them.

    Args:
        values: at least 0.
        most: where the axis ends at the latest, if no value lies beyond.
    """
    if not values:
        return 0.0, 100.0
    low, high = min(values), max(values)
    room = max(LEAST_SPAN - (high - low), 0.3 * (high - low)) / 2
    first, last = max(0.0, low - room), high + room
    if most is not None and high <= most < last:
        first, last = max(0.0, first - (last - most)), most
    return first, max(last, first + LEAST_SPAN)


def place_ticks(limits: tuple[float, float], most: int = MOST_TICKS) -> list[float]:
    """Round numbers within the ends of an axis, few enough to be read."""
    first, last = limits
    step = next((step for step in TICKS if (last - first) / step <= most), TICKS[-1] * math.ceil((last - first) / 600))
    return [float(tick * step) for tick in range(math.ceil(first / step), math.floor(last / step) + 1)]


def describe_shapes(points: Sequence[Point]) -> str:
    """The legend in one line: the methods that are drawn, and which signs are of which type."""
    drawn, dtypes = {point.method for point in points} - {"dense"}, {point.dtype for point in points}
    mixed = len(dtypes) > 1
    places = [place for place, dtype in enumerate(DTYPES) if dtype in dtypes] if mixed else [0]
    shapes = {method: "".join(signs[place] for place in places) for method, signs in SHAPES.items()}
    words = [f"{shapes[method]} {method}" for method in SHAPES if method in drawn]
    return "  ".join([*words, *(TYPE_WORDS[dtype] for dtype in TYPE_WORDS if mixed and dtype in dtypes)])
