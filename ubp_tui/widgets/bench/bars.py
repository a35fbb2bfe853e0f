"""Draws the bars of one layer with plotext: measured figures, or the medians so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubp_core.benchmark.figure import is_measure
from ubp_core.units import format_time
from ubp_tui.looks.themes import Look
from ubp_tui.renderables.bench.rows import name_typed

if TYPE_CHECKING:
    from ubp_core.benchmark import LayerProgress, LayerResult, Variant

UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
LEAST_NAME = 11
"""Cells of a variant's name."""
FRAME = 3
"""Lines of a plot besides its bars: the frame above and below, and the numbers."""


@dataclass(frozen=True)
class Bars:
    """What is to be drawn."""

    names: tuple[str, ...]
    """Names of the variants."""
    methods: tuple[str, ...]
    """Their methods, for the colours."""
    values: tuple[float, ...]
    """Nanoseconds, or numbers; 0 where there is none yet."""
    what: str
    """What the values are; empty: times."""


def result_bars(layer: LayerResult, figure: str) -> Bars | None:
    """Bars of a measured layer: its medians; where nothing was timed, its instructions, or else its multiply-adds; none
    where all of it is no measure."""
    variants = [variant for variant in layer.variants if is_measure(figure, variant.dtype)]
    if not variants:
        return None
    names, methods = tuple(name_typed(variants)), tuple(variant.method for variant in variants)
    if any(variant.median_ns for variant in variants):
        return Bars(names, methods, tuple(variant.median_ns or 0.0 for variant in variants), "")
    if any(variant.instructions for variant in variants):
        return Bars(names, methods, tuple(float(variant.instructions or 0) for variant in variants), "instructions")
    return Bars(names, methods, tuple(float(variant.multiply_adds) for variant in variants), "multiply-adds")


def live_bars(live: LayerProgress, variants: Sequence[Variant], figure: str) -> Bars | None:
    """Bars of a layer whose variants are taking turns; none where all of it is no measure."""
    medians = (*live.medians_ns, *[None] * len(variants))[: len(variants)]
    measured = [place for place, variant in enumerate(variants) if is_measure(figure, variant.dtype)]
    shown = [variants[place] for place in measured]
    values = tuple(medians[place] or 0.0 for place in measured)
    return Bars(tuple(name_typed(shown)), tuple(variant.method for variant in shown), values, "") if shown else None


def fit_bars(bars: Bars, lines: int, around: int) -> Bars:
    """The bars that have a line of their own: the first, and those around one of them."""
    count = len(bars.values)
    if count <= lines:
        return bars
    rest = lines - 1
    first = min(max(around - rest // 2, 1), count - rest)
    kept = (0, *range(first, first + rest))
    return Bars(
        tuple(bars.names[place] for place in kept),
        tuple(bars.methods[place] for place in kept),
        tuple(bars.values[place] for place in kept),
        bars.what,
    )


def draw_bars(plot: Any, bars: Bars, look: Look) -> str:
    """Draw a bar per variant.

    Args:
        plot: plotext's figure.
        bars: what to draw.
        look: its colours.

    Returns:
        What the bars show, with its unit, for a title.
    """
    scale, unit = (1e6, "") if bars.what else next(((s, u) for s, u in UNITS if max(bars.values) >= s), UNITS[-1])
    plot.clear_data()
    top = max(max(bars.values) / scale, 1e-9)
    count = len(bars.values)
    for place, (method, value) in enumerate(zip(bars.methods, bars.values, strict=True)):
        row, length = count - place, value / scale
        # A thick line, not plotext's bar: that one changes colours where bars share a row of the terminal.
        plot.plot([0, length], [row, row], marker="█", color=look.curves.get(method, look.dense))
    plot.xlim(0, top)
    plot.ylim(1, max(count, 2))
    plot.xticks([0, top / 2, top], ["0", f"{top / 2:.3g}", f"{top:.3g}"])
    cells = max(map(len, (*bars.names, " " * LEAST_NAME)))
    labels = [_label(f"{name:<{cells}}", value, bars.what) for name, value in zip(bars.names, bars.values, strict=True)]
    plot.yticks([count - place for place in range(count)], labels)
    plot.grid(False, False)
    return f"millions of {bars.what}, not a time" if bars.what else f"median of one run in {unit}"


def _label(name: str, value: float, what: str) -> str:
    """Name and value of a bar."""
    text = f"{value / 1e6:.4g}" if what else format_time(value or None)
    return f"{name} {text:>9} "
