"""Where a network's time goes, in lines of fixed columns: groups of steps, then the longest steps. Draws no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ubp_core.benchmark.figure import is_measure
from ubp_core.units import format_time
from ubp_tui.renderables.bench.rows import name_typed
from ubp_tui.renderables.cells import pad, shorten_name

if TYPE_CHECKING:
    from ubp_core.benchmark import LayerResult

GROUP_WORDS = {
    "pruned": "pruned layers",
    "dense": "other layers",
    "depthwise": "depthwise",
    "rest": "all the rest",
}
"""The groups of `ubp_core.benchmark.GROUPS` in a narrow column."""
COLUMN = 15
"""Cells of a variant at least: a time, a share, and a gap."""
LEAST_NAME, MOST_NAME = 15, 40
LONGEST_STEPS = 12


def describe_profile(layer: LayerResult, figure: str, width: int) -> list[str]:
    """The profile of a network in lines of at most `width` cells; empty where there is none, or its times say nothing.

    The last variants are left out where they have no room; the history's JSON has all.
    """
    from ubp_core.benchmark import account, longest_steps, pruned_names

    profiled = [variant for variant in layer.variants if variant.profile and is_measure(figure, variant.dtype)]
    if not profiled:
        return []
    names = name_typed(profiled)
    column = max(COLUMN, *(len(name) + 2 for name in names))
    shown = profiled[: max((width - LEAST_NAME) // column, 1)]
    heads = names[: len(shown)]
    name_width = max(LEAST_NAME, min(MOST_NAME, width - column * len(shown)))

    def line(name: str, cells: Sequence[str]) -> str:
        return pad(name, name_width) + "".join(f"{cell:>{column}}" for cell in cells)

    pruned = pruned_names(variant.profile for variant in profiled)
    accounts = [account(variant.profile, pruned, variant.median_ns) for variant in shown]
    wholes = [whole for _, _, whole in accounts]
    lines = [line("time goes to", heads)]
    for group, words in GROUP_WORDS.items():
        lines.append(line(words, [_cell(times[group], whole) for times, _, whole in accounts]))
    lines.append(line("in no step", [_cell(outside, whole) for _, outside, whole in accounts]))
    lines.append(line("whole network", [_cell(whole, whole) for whole in wholes]))
    lines += ["", line("longest steps", heads)]
    for row in longest_steps([variant.profile for variant in profiled], LONGEST_STEPS):
        name = next(step.name for step in row if step is not None)
        cells = [
            "-" if step is None else _cell(step.median_ns, whole) for step, whole in zip(row, wholes, strict=False)
        ]
        lines.append(line(shorten_name(name, name_width - 1), cells))
    return lines


def _cell(time_ns: float, whole_ns: float) -> str:
    share = 100 * time_ns / whole_ns if whole_ns else 0.0
    return f"{format_time(time_ns)} {share:3.0f}%"
