"""Benchmark results in words: where figures come from, the rows of the tables, warnings. Draws no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.benchmark.figure import FIGURE_TITLES, UNSURE_WORDS
from ubp_core.units import format_instructions, format_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubp_core.benchmark import LayerResult, VariantResult
    from ubp_core.history import LayerFigures


def format_figure(variant: VariantResult) -> str:
    """Median time, or executed instructions where nothing was timed."""
    if variant.median_ns is None and variant.instructions is not None:
        return format_instructions(variant.instructions)
    return format_time(variant.median_ns)


def find_ratio(layer: LayerResult, variant: VariantResult) -> float | None:
    """How many times faster than dense; how many times fewer instructions where nothing was timed."""
    return layer.speedup(variant) or layer.fewer_instructions(variant)


def format_spread(variant: VariantResult) -> str:
    """How far the 90th percentile lies above the median, in per cent."""
    if not variant.median_ns or not variant.p90_ns:
        return "-"
    return f"{100 * (variant.p90_ns / variant.median_ns - 1):.0f} %"


def describe_figure(device: str, title: str, figure: str) -> str:
    """Device and kind of figure in one line."""
    words = FIGURE_TITLES.get(figure, figure)
    return f"{device} ({title or 'not reached'})" + (f" · {words}" if words else "")


def describe_column(figures: LayerFigures) -> str:
    """Where the figures of a table's column come from, for its title; empty where nobody has measured anything."""
    if not figures.values:
        return f"nothing measured on {figures.device}" if figures.device else ""
    words = {"latency": f"latency on {figures.device}", "instructions": "emulated"}.get(figures.figure, figures.figure)
    threads = f", {figures.threads} threads" if figures.threads > 1 else ""
    return words + threads + (f", {figures.cores} cores" if figures.cores else "")


def list_warnings(layers: Sequence[LayerResult], failure: str, planned: int) -> list[str]:
    """Every reason to doubt the figures, and why a run ended early."""
    found = [f"{layer.layer}: {line}" for layer in layers for line in layer.warnings]
    if any(layer.unsure(variant) for layer in layers for variant in layer.variants):
        found.insert(0, UNSURE_WORDS)
    if failure:
        found.append(f"ended early: {failure} ({len(layers)} of {planned} layers are measured)")
    return found


def describe_started(started: str) -> str:
    """A moment of the history: UTC to the minute."""
    return started[:16].replace("T", " ")
