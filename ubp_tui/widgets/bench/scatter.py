"""Draws retained importance against the figure relative to dense, one point per variant and layer, with plotext."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubp_tui.palette import CURVE_COLOURS, DENSE_COLOUR
from ubp_tui.renderables.bench_text import find_ratio, variant_name

if TYPE_CHECKING:
    from ubp_core.benchmark import LayerProgress, LayerResult, Variant

SHAPES = {"dense": "■", "abp": "▲", "bed": "●", "optimal": "◆"}
"""A shape per method, so that no colour is needed to tell them apart."""
OTHER = "·"
"""Points of layers that are not under the cursor."""
TITLES = {
    "latency": "kept % over latency, dense = 100",
    "host time": "kept % over host time, dense = 100",
    "instructions": "kept % over instructions, dense = 100",
}


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


def result_points(layer: LayerResult, here: bool) -> list[Point]:
    """The points of a measured layer."""
    return [
        Point(100 / ratio, 100 * variant.retained, variant.method, here)
        for variant in layer.variants
        if variant.retained is not None and (ratio := find_ratio(layer, variant))
    ]


def live_points(live: LayerProgress, variants: Sequence[Variant], retained: Sequence[float], here: bool) -> list[Point]:
    """The points of a layer whose variants are taking turns; none before dense has run."""
    dense = live.medians_ns[0] if live.medians_ns and variants[0].method == "dense" else None
    if not dense:
        return []
    triples = zip(variants, live.medians_ns, retained, strict=False)
    return [Point(100 * median / dense, 100 * kept, v.method, here) for v, median, kept in triples if median]


def draw_scatter(plot: Any, points: Sequence[Point], figure: str) -> str:
    """Draw the points: up and to the left is better.

    Args:
        plot: plotext's figure.
        points: variants of one device; those of the layer under the cursor have shapes.
        figure: kind of the figures.

    Returns:
        What the axes are, for a title.
    """
    plot.clear_data()
    for point in sorted(points, key=lambda point: point.here):
        marker = SHAPES.get(point.method, "●") if point.here else OTHER
        plot.scatter([point.across], [point.up], marker=marker, color=CURVE_COLOURS.get(point.method, DENSE_COLOUR))
    plot.xlim(0, max([110.0, *(1.05 * point.across for point in points)]))
    plot.ylim(0, 105)
    plot.xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])
    plot.yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])
    plot.grid(False, False)
    return TITLES.get(figure, "")


def describe_shapes() -> str:
    """The legend in one line."""
    return "  ".join(f"{shape} {variant_name(method)}" for method, shape in SHAPES.items())
