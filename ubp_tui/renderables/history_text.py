"""Entries of the history in words: one run, or two side by side. Draws no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.renderables.bench_rows import result_cells
from ubp_tui.renderables.bench_text import (
    FIGURE_WORDS,
    describe_figure,
    describe_started,
    format_instructions,
    format_ratio,
    format_time,
    list_warnings,
)
from ubp_tui.renderables.formats import shorten_name
from ubp_tui.renderables.profile_text import describe_profile

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchRun
    from ubp_core.history import ComparedVariant, Comparison


def describe_run(run: BenchRun, number: int, width: int) -> list[str]:
    """One entry of the history, in lines for a panel of `width` cells."""
    lines = [f"run {number} · {describe_started(run.started)} UTC · {run.model}"]
    lines.append(describe_figure(run.device, run.title, run.figure))
    name_width = max(12, min(34, width - 67))
    heads = ("variant", "measured", "vs dense", "spread", "keeps %", "figure")
    lines += ["", _join("layer", heads, name_width)]
    for layer in run.layers:
        for index, cells in enumerate(result_cells(layer, run.figure)):
            name = shorten_name(layer.layer, name_width) if index == 0 else ""
            lines.append(_join(name, cells, name_width))
    for layer in run.layers:
        profile = describe_profile(layer, width)
        lines += ["", *profile] if profile else []
    lines += ["", *(f"warning: {line}" for line in list_warnings(run.layers, run.failure, len(run.planned)))]
    settings = ", ".join(f"{name} {value}" for name, value in run.settings.items() if value is not None)
    facts = {name: run.facts.get(name) for name in ("soc", "android", "temperature_c", "battery_percent")}
    known = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items() if value not in (None, ""))
    samples = sum(len(variant.samples_ns) for layer in run.layers for variant in layer.variants)
    return [*lines, f"settings: {settings}", f"device: {known}", f"samples kept: {samples}"]


def _join(name: str, cells: tuple[str, ...], name_width: int) -> str:
    """A row in fixed columns."""
    variant, measured, ratio, spread, kept, figure = cells
    return f"{name:<{name_width}} {variant:<16} {measured:>9} {ratio:>8} {spread:>6} {kept:>7}  {figure}".rstrip()


def describe_comparison(comparison: Comparison, figures: tuple[str, str], width: int) -> list[str]:
    """Two entries side by side; `figures` are the kinds of figure of the first and the second."""
    first, second = (FIGURE_WORDS.get(figure, figure) for figure in figures)
    name_width = max(12, min(34, width - 62))
    heads = (f"run {comparison.first}", f"run {comparison.second}")
    lines = [
        f"run {comparison.first} ({first}) against run {comparison.second} ({second})",
        "",
        f"{'layer':<{name_width}} {'variant':<20} {heads[0]:>10} {heads[1]:>10} {'ratio':>7}  output",
    ]
    for variant in comparison.variants:
        both, ratio = compared_cells(variant)
        output = "same" if variant.same_output else "differs"
        name = shorten_name(variant.layer, name_width)
        lines.append(f"{name:<{name_width}} {variant.label:<20} {both} {ratio:>7}  {output}")
    if not comparison.variants:
        lines.append("no layer and variant is in both runs")
    return [*lines, "", *(f"note: {note}" for note in comparison.notes)]


def compared_cells(variant: ComparedVariant) -> tuple[str, str]:
    """Both figures in fixed columns, and their ratio; counts of instructions have no ratio to times."""
    sides = ((variant.first_ns, variant.first_instructions), (variant.second_ns, variant.second_instructions))
    if variant.instruction_ratio is not None:
        cells = [format_instructions(count) for _, count in sides]
    else:
        cells = [format_instructions(count) if count and time is None else format_time(time) for time, count in sides]
    ratio = variant.instruction_ratio if variant.instruction_ratio is not None else variant.ratio
    return f"{cells[0]:>10} {cells[1]:>10}", format_ratio(ratio)
