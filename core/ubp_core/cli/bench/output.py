"""Benchmark runs as tables, CSV or JSON on stdout. Shows values as they are; computes and asks nothing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ubp_core.benchmark.figure import FIGURE_TITLES, FIGURE_WORDS, NO_MEASURE, UNSURE_WORDS, is_measure
from ubp_core.benchmark.profile import OUTSIDE, WHOLE, longest_steps
from ubp_core.cli import output
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.units import format_grouped, format_ratio, format_share, format_time

if TYPE_CHECKING:
    from rich.console import Console

    from ubp_core.benchmark import BenchRun, LayerResult, ProfileStep, VariantResult

HEADERS = [Column("layer", "name"), Column("variant", "name"), Column("kernel", yields=2), *numbers("keeps", yields=1)]
TIMES = [
    *numbers("median"),
    *numbers("p90", yields=5),
    *numbers("samples", yields=6),
    *numbers("vs dense"),
    *numbers("95 % interval", yields=7),
]
COUNTS = numbers("instructions", "fewer than dense")
LONGEST_STEPS = 12
"""Of a network's profile; JSON has all."""


def print_runs(runs: Sequence[BenchRun], numbers: Sequence[int | None], args: argparse.Namespace) -> None:
    """All runs in the form that was asked for."""
    if args.json:
        records = [{"id": number, **run.to_record()} for number, run in zip(numbers, runs, strict=True)]
        output.print_json({"command": "bench", "runs": records})
    elif args.csv:
        from ubp_core.history import Entry, to_csv

        output.print_text(to_csv([Entry(number or 0, run) for number, run in zip(numbers, runs, strict=True)]))
    else:
        console = output.open_console()
        for number, run in zip(numbers, runs, strict=True):
            print_run(console, run, number)


def print_run(console: Console, run: BenchRun, number: int | None) -> None:
    """One run: what and where, the table, what speaks against it."""
    kept = f"  (history: {number})" if number else ""
    console.print(f"{run.device}: {run.title or 'not reached'}, {run.model}{kept}", soft_wrap=True)
    if run.layers:
        console.print(FIGURE_TITLES[run.figure], soft_wrap=True)
        console.print(run_table(run))
        if any(layer.unsure(variant) for layer in run.layers for variant in layer.variants):
            console.print(UNSURE_WORDS, soft_wrap=True)
    for layer in run.layers:
        print_profile(console, layer)
    for layer in run.layers:
        for line in layer.warnings:
            console.print(f"warning: {layer.layer}: {line}", soft_wrap=True)
    if run.failure:
        measured = f"{len(run.layers)} of {len(run.planned)} layers are measured and kept"
        console.print(f"ended early: {run.failure} ({measured})", soft_wrap=True)


def run_table(run: BenchRun) -> Any:
    """One line per variant."""
    counted = run.figure == "instructions"
    headers = [*HEADERS, *(COUNTS if counted else TIMES)]
    table = Table([*headers, Column("check", yields=4), Column("figures", yields=3)])
    for layer in run.layers:
        for cells in layer_lines(layer, run.figure):
            table.add_row(*cells)
    return table


def layer_lines(layer: LayerResult, figure: str) -> list[tuple[str, ...]]:
    """The lines of one layer; its name stands in the first."""
    lines, counted = [], figure == "instructions"
    for index, variant in enumerate(layer.variants):
        name = f"{layer.layer} ({layer.input_shape})" if index == 0 else ""
        times = (format_time(variant.median_ns), format_time(variant.p90_ns),
                 format_grouped(len(variant.samples_ns) or None))  # fmt: skip
        figures = (format_grouped(variant.instructions),) if counted else times
        words = (name, variant.label, variant.kernel, format_share(variant.retained))
        measured = is_measure(figure, variant.dtype)
        ratios = (ratio_text(layer, variant), interval_text(layer, variant)) if measured else ("-", "")
        kind = FIGURE_WORDS.get(figure, figure) if measured else NO_MEASURE
        lines.append((*words, *figures, *(ratios[:1] if counted else ratios), variant.check, kind))
    return lines


def print_profile(console: Console, layer: LayerResult) -> None:
    """Where the time of a network goes: groups of steps in every variant, then the longest steps."""
    from ubp_core.benchmark import GROUPS, account, pruned_names

    profiled = [variant for variant in layer.variants if variant.profile]
    if not profiled:
        return
    pruned = pruned_names(variant.profile for variant in profiled)
    table = Table([Column("where the time goes", "name"), *numbers(*(variant.label for variant in profiled))])
    accounts = [account(variant.profile, pruned, variant.median_ns) for variant in profiled]
    for group, words in GROUPS.items():
        table.add_row(words, *(time_and_share(times[group], whole) for times, _, whole in accounts))
    table.add_row(OUTSIDE, *(time_and_share(outside, whole) for _, outside, whole in accounts))
    table.add_row(WHOLE, *(time_and_share(whole, whole) for _, _, whole in accounts))
    console.print(table)
    console.print(steps_table(profiled))


def steps_table(profiled: Sequence[VariantResult]) -> Any:
    """The steps that take longest in some variant, each with its time in all of them."""
    rows = longest_steps([variant.profile for variant in profiled], LONGEST_STEPS)
    count = max(len(variant.profile) for variant in profiled)
    columns = [Column(f"longest {len(rows)} of {count} steps", "name"), Column("operation", yields=1)]
    table = Table([*columns, *numbers(*(variant.label for variant in profiled))])
    for row in rows:
        first = next(step for step in row if step is not None)
        cells = (_step_cell(step, variant) for step, variant in zip(row, profiled, strict=True))
        table.add_row(first.name, first.operation, *cells)
    return table


def _step_cell(step: ProfileStep | None, variant: VariantResult) -> str:
    """A step's time with its share of the variant's whole run; a dash where the variant has no such step."""
    if step is None:
        return "-"
    return time_and_share(step.median_ns, variant.median_ns or step.median_ns / step.share)


def time_and_share(time_ns: float, whole_ns: float) -> str:
    """A time with its share of the whole."""
    return f"{format_time(time_ns)} {100 * time_ns / whole_ns if whole_ns else 0.0:5.1f} %"


def ratio_text(layer: LayerResult, variant: VariantResult) -> str:
    """How many times faster than dense, or how many times fewer instructions; a dash where neither is known."""
    ratio = layer.speedup(variant) or layer.fewer_instructions(variant)
    return format_ratio(ratio, layer.unsure(variant))


def interval_text(layer: LayerResult, variant: VariantResult) -> str:
    """The interval of the ratio."""
    ratio = None if variant is layer.baseline(variant) else layer.ratio(variant)
    return "" if ratio is None else f"{ratio.low:.2f} to {ratio.high:.2f}"


def short_label(layer: LayerResult, variant: VariantResult) -> str:
    """The method alone, where that tells the variants of a layer apart."""
    methods = [other.method for other in layer.variants]
    return variant.method if len(set(methods)) == len(methods) else variant.label
