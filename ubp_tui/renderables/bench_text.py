"""Benchmark results in words: where figures come from, the rows of the tables, warnings. Draws no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ubp_tui.renderables.formats import format_percent, shorten_name

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchRun, LayerResult, VariantResult
    from ubp_core.history import Comparison

VARIANT_NAMES: Final = {"dense": "dense", "abp": "ABP", "bed": "UBP-BED", "optimal": "UBP-optimal"}
"""Variants as the paper calls them."""
FIGURE_TITLES: Final = {
    "latency": "latency on a phone",
    "host time": "host time of this machine, no phone's: only ratios count",
    "instructions": "emulated: instructions are counted, nothing is timed",
    "not timed": "emulated: outputs are checked, nothing is timed",
}
"""Where figures come from, for titles."""
FIGURE_WORDS: Final = {
    "latency": "latency",
    "host time": "host time",
    "instructions": "emulated",
    "not timed": "emulated",
}
"""The same in a word, for every row."""


def variant_name(method: str) -> str:
    """A method's name in tables."""
    return VARIANT_NAMES.get(method, method)


def format_time(time_ns: float | None) -> str:
    """A time of one run in at most nine characters; a dash where nothing was timed."""
    if time_ns is None:
        return "-"
    for limit, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if time_ns >= limit:
            return f"{time_ns / limit:.4g} {unit}"
    return f"{time_ns:.0f} ns"


def format_instructions(count: int | None) -> str:
    """A number of executed instructions in at most nine characters; a dash where they were not counted."""
    if count is None:
        return "-"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.4g}{unit} ins"
    return f"{count} ins"


def format_figure(variant: VariantResult) -> str:
    """Median time, or executed instructions where nothing was timed."""
    if variant.median_ns is None and variant.instructions is not None:
        return format_instructions(variant.instructions)
    return format_time(variant.median_ns)


def find_ratio(layer: LayerResult, variant: VariantResult) -> float | None:
    """How many times faster than dense; how many times fewer instructions where nothing was timed."""
    return layer.speedup(variant) or layer.fewer_instructions(variant)


def format_ratio(ratio: float | None) -> str:
    """How many times faster."""
    return "-" if ratio is None else f"{ratio:.2f}x"


def format_spread(variant: VariantResult) -> str:
    """How far the 90th percentile lies above the median, in per cent."""
    if not variant.median_ns or not variant.p90_ns:
        return "-"
    return f"{100 * (variant.p90_ns / variant.median_ns - 1):.0f} %"


def describe_figure(run: BenchRun) -> str:
    """Device and kind of figure in one line."""
    words = FIGURE_TITLES.get(run.figure, run.figure)
    return f"{run.device} ({run.title or 'not reached'}) · {words}"


def list_cells(layer: LayerResult, figure: str) -> list[tuple[str, ...]]:
    """The rows of one layer: variant, median, ratio to dense, spread, share kept, figure."""
    return [
        (
            variant_name(variant.method),
            format_figure(variant) if variant.check == "ok" else "differs",
            format_ratio(find_ratio(layer, variant)),
            format_spread(variant),
            "-" if variant.retained is None else format_percent(variant.retained),
            FIGURE_WORDS.get(figure, figure),
        )
        for variant in layer.variants
    ]


def list_warnings(run: BenchRun) -> list[str]:
    """Every reason to doubt the figures, and why a run ended early."""
    found = [f"{layer.layer}: {line}" for layer in run.layers for line in layer.warnings]
    if run.failure:
        found.append(f"ended early: {run.failure} ({len(run.layers)} of {len(run.planned)} layers are measured)")
    return found


def describe_started(started: str) -> str:
    """A moment of the history: UTC to the minute."""
    return started[:16].replace("T", " ")


def describe_run(run: BenchRun, number: int, width: int) -> list[str]:
    """One entry of the history, in lines for a panel of `width` cells."""
    lines = [f"run {number} · {describe_started(run.started)} UTC · {run.model}", describe_figure(run)]
    name_width = max(12, min(34, width - 62))
    heads = ("variant", "median", "vs dense", "spread", "keeps %", "figure")
    lines += ["", _join("layer", heads, name_width)]
    for layer in run.layers:
        for index, cells in enumerate(list_cells(layer, run.figure)):
            name = shorten_name(layer.layer, name_width) if index == 0 else ""
            lines.append(_join(name, cells, name_width))
    lines += ["", *(f"warning: {line}" for line in list_warnings(run))]
    settings = ", ".join(f"{name} {value}" for name, value in run.settings.items() if value is not None)
    facts = {name: run.facts.get(name) for name in ("soc", "android", "temperature_c", "battery_percent")}
    known = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items() if value not in (None, ""))
    samples = sum(len(variant.samples_ns) for layer in run.layers for variant in layer.variants)
    return [*lines, f"settings: {settings}", f"device: {known}", f"samples kept: {samples}"]


def _join(name: str, cells: tuple[str, ...], name_width: int) -> str:
    """A row in fixed columns."""
    variant, median, ratio, spread, kept, figure = cells
    return f"{name:<{name_width}} {variant:<11} {median:>9} {ratio:>8} {spread:>6} {kept:>7}  {figure}".rstrip()


def describe_comparison(comparison: Comparison, figures: tuple[str, str], width: int) -> list[str]:
    """Two entries side by side; `figures` are the kinds of figure of the first and the second."""
    first, second = (FIGURE_WORDS.get(figure, figure) for figure in figures)
    name_width = max(12, min(34, width - 62))
    heads = (f"run {comparison.first}", f"run {comparison.second}")
    lines = [
        f"run {comparison.first} ({first}) against run {comparison.second} ({second})",
        "",
        f"{'layer':<{name_width}} {'variant':<20} {heads[0]:>10} {heads[1]:>10} {'faster':>7}  output",
    ]
    for variant in comparison.variants:
        times = f"{format_time(variant.first_ns):>10} {format_time(variant.second_ns):>10}"
        output = "same" if variant.same_output else "differs"
        name = shorten_name(variant.layer, name_width)
        lines.append(f"{name:<{name_width}} {variant.label:<20} {times} {format_ratio(variant.ratio):>7}  {output}")
    if not comparison.variants:
        lines.append("no layer and variant is in both runs")
    return [*lines, "", *(f"note: {note}" for note in comparison.notes)]
