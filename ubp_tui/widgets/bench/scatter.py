"""Draws retained importance against the figure relative to dense, one point per variant and layer, with plotext."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ubp_tui.palette import CURVE_COLOURS, DENSE_COLOUR
from ubp_tui.renderables.bench_text import find_ratio, variant_name

if TYPE_CHECKING:
    from ubp_core.benchmark import LayerResult

SHAPES = {"dense": "■", "abp": "▲", "bed": "●", "optimal": "◆"}
"""A shape per method, so that no colour is needed to tell them apart."""
OTHER = "·"
"""Points of layers that are not under the cursor."""
TITLES = {
    "latency": "kept % over latency, dense = 100",
    "host time": "kept % over host time, dense = 100",
    "instructions": "kept % over instructions, dense = 100",
}


def draw_scatter(plot: Any, layers: Sequence[LayerResult], shown: str, figure: str) -> str:
    """Draw the points: up and to the left is better.

    Args:
        plot: plotext's figure.
        layers: what is measured on one device.
        shown: name of the layer under the cursor, whose points have shapes.
        figure: kind of the figures.

    Returns:
        What the axes are, for a title.
    """
    plot.clear_data()
    points = [
        (100 / ratio, 100 * variant.retained, variant.method, layer.layer == shown)
        for layer in layers
        for variant in layer.variants
        if variant.retained is not None and (ratio := find_ratio(layer, variant))
    ]
    for across, up, method, here in sorted(points, key=lambda point: point[3]):
        marker = SHAPES.get(method, "●") if here else OTHER
        plot.scatter([across], [up], marker=marker, color=CURVE_COLOURS.get(method, DENSE_COLOUR))
    most = max([across for across, *_ in points], default=100.0)
    limit = max(110.0, most * 1.05)
    plot.xlim(0, limit)
    plot.ylim(0, 105)
    plot.xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])
    plot.yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])
    plot.grid(False, False)
    return TITLES.get(figure, "")


def describe_shapes() -> str:
    """The legend in one line."""
    return "  ".join(f"{shape} {variant_name(method)}" for method, shape in SHAPES.items())
