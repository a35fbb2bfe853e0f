"""Benchmark results in words: where figures come from, the rows of the tables, warnings. Draws no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.benchmark.figure import FIGURE_TITLES, FIGURE_WORDS, NO_MEASURE, UNSURE_WORDS, is_measure
from ubp_core.units import format_instructions, format_time
from ubp_core.vocabulary import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ubp_core.benchmark import LayerResult, VariantResult
    from ubp_core.history import LayerFigures


def format_figure(variant: VariantResult) -> str:
    """Median time, or executed instructions where nothing was timed."""
    if variant.median_ns is None and variant.instructions is not None:
        return format_instructions(variant.instructions)
    return format_time(variant.median_ns)


def find_ratio(layer: LayerResult, variant: VariantResult, figure: str) -> float | None:
    """How many times faster than dense of the same type; how many times fewer instructions where nothing was timed."""
    if not is_measure(figure, variant.dtype):
        return None
    return layer.speedup(variant) or layer.fewer_instructions(variant)


def format_spread(variant: VariantResult) -> str:
    """How far the 90th percentile lies above the median, in per cent."""
    if not variant.median_ns or not variant.p90_ns:
        return "-"
    return f"{100 * (variant.p90_ns / variant.median_ns - 1):.0f} %"


def name_kind(figure: str, dtype: str) -> str:
    """The kind of a figure in a word or two, for every row."""
    return FIGURE_WORDS.get(figure, figure) if is_measure(figure, dtype) else NO_MEASURE


def list_types(dtypes: Iterable[str]) -> str:
    """Types in one order, each once."""
    found = {*dtypes}
    return ", ".join(dtype for dtype in DTYPES if dtype in found)


def describe_figure(device: str, title: str, figure: str, dtypes: Sequence[str]) -> str:
    """Device and kind of figure in one line; with the types where there are several, or where one is no measure."""
    found = [dtype for dtype in DTYPES if dtype in dtypes]
    words = [dtype if is_measure(figure, dtype) else f"{dtype} ({NO_MEASURE})" for dtype in found]
    types = ", ".join([*words, "each against its own dense"] if len(words) > 1 else words if words != found else ())
    return " · ".join(filter(None, (f"{device} ({title or 'not reached'})", FIGURE_TITLES.get(figure, figure), types)))


def describe_column(figures: LayerFigures, dtypes: Sequence[str]) -> str:
    """Where the figures of a table's column come from and of which type they are, for its title; empty where nobody
    has measured anything. Where types differ the table has a column of them."""
    known = {dtype for *_, dtype in figures.values}
    if not known & {*dtypes}:
        what = f"in {list_types(dtypes)} " if known else ""
        return f"nothing measured {what}on {figures.device}" if figures.device else ""
    words = {"latency": f"latency on {figures.device}", "instructions": "emulated"}.get(figures.figure, figures.figure)
    threads = f", {figures.threads} threads" if figures.threads > 1 else ""
    cores = f", {figures.cores} cores" if figures.cores else ""
    vain = [dtype for dtype in dtypes if not is_measure(figures.figure, dtype)]
    types = f", {dtypes[0]}" if len(dtypes) == 1 else ""
    return words + types + threads + cores + (f" ({vain[0]}: {NO_MEASURE})" if vain else "")


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
