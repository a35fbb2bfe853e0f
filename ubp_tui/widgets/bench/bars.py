"""Draws the bars of one layer with plotext."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubp_tui.palette import CURVE_COLOURS, DENSE_COLOUR
from ubp_tui.renderables.bench_text import format_time, variant_name

if TYPE_CHECKING:
    from ubp_core.benchmark import LayerResult, VariantResult

UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
FRAME = 3
"""Lines of a plot besides its bars: the frame above and below, and the numbers."""


def draw_bars(plot: Any, layer: LayerResult) -> str:
    """Draw a bar per variant: its median; where nothing was timed its instructions, or else its multiply-adds.

    Args:
        plot: plotext's figure.
        layer: the results of one layer.

    Returns:
        What the bars show, with its unit, for a title.
    """
    timed = any(variant.median_ns for variant in layer.variants)
    counted = any(variant.instructions for variant in layer.variants)
    found = [v.median_ns if timed else v.instructions if counted else v.multiply_adds for v in layer.variants]
    values = [float(value or 0) for value in found]
    scale, unit = next(((s, u) for s, u in UNITS if max(values) >= s), UNITS[-1]) if timed else (1e6, "")
    plot.clear_data()
    top = max(max(values) / scale, 1e-9)
    count = len(values)
    for place, (variant, value) in enumerate(zip(layer.variants, values, strict=True)):
        row, length = count - place, value / scale
        # A thick line, not plotext's bar: that one changes colours where bars share a row of the terminal.
        plot.plot([0, length], [row, row], marker="█", color=CURVE_COLOURS.get(variant.method, DENSE_COLOUR))
    plot.xlim(0, top)
    plot.ylim(1, max(count, 2))
    plot.xticks([0, top / 2, top], ["0", f"{top / 2:.3g}", f"{top:.3g}"])
    plot.yticks(
        [count - place for place in range(count)],
        [_label(*pair, timed) for pair in zip(layer.variants, values, strict=True)],
    )
    plot.grid(False, False)
    if timed:
        return f"median of one run in {unit}"
    return f"millions of {'instructions' if counted else 'multiply-adds'}, not a time"


def _label(variant: VariantResult, value: float, timed: bool) -> str:
    """Name and value of a bar."""
    text = format_time(value) if timed else f"{value / 1e6:.4g}"
    return f"{variant_name(variant.method):<11} {text:>9} "
