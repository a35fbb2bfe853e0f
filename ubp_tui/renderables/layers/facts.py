"""The facts about a selection as text: items that flow over as many lines as the width needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from textual.content import Content

from ubp_core.budgets import no_kernel
from ubp_core.units import format_bytes, format_count, format_percent, format_seconds
from ubp_tui.choices.patterns import format_shape
from ubp_tui.renderables.cells import shown
from ubp_tui.work.selecting import LayerResult
from ubp_tui.work.totals import NetworkTotal, layer_bytes

GAP = 3
"""Empty cells between two facts."""
_BARS = "▁▂▃▄▅▆▇"


@dataclass(frozen=True)
class Fact:
    """One item of the facts line."""

    label: str
    """What it is, in muted text."""
    value: str
    """The figure."""
    style: str = "bold"
    """Style of the figure: theme variables only."""

    @property
    def width(self) -> int:
        """Cells that the item takes."""
        return cell_len(self.label) + cell_len(self.value) + (1 if self.label and self.value else 0)

    def text(self) -> Content:
        """Label and figure."""
        gap = " " if self.label and self.value else ""
        return Content.assemble((self.label, "$text-muted"), gap, (self.value, self.style))


def list_facts(result: LayerResult, dtype: str) -> list[Fact]:
    """All facts about a result, sizes in the layer's type, the most important first."""
    selection, layer = result.selection, result.layer
    if selection is None:
        return [
            Fact(
                "stays dense:", shown(layer.skip_reason or f"{result.request.kept} (D prunes it)"), "bold $text-warning"
            ),
            Fact("shape", format_shape(layer.shape)),
            Fact("parameters", format_count(layer.parameters)),
            Fact(f"dense {dtype}", format_bytes(layer_bytes(layer, dtype))),
        ]
    facts = [Fact("retained", f"{format_percent(selection.retained, 2)} %", "bold $text-success")]
    if selection.upper_bound is not None:
        gap = 100 * (selection.upper_bound - selection.retained)
        facts.append(Fact("certified at most", f"{format_percent(selection.upper_bound, 2)} % (gap {gap:.4f})"))
    facts.append(Fact("sparsity", _describe_sparsity(result)))
    facts.append(Fact("weights" if selection.method == "unstructured" else "B", f"{selection.block_count:,}"))
    if result.offsets is not None and selection.block_size > 1:
        facts.append(offsets_fact(result.offsets))
    reason = None if selection.method == "unstructured" else no_kernel(selection.block_size)
    if reason:
        facts.append(Fact("", reason, "bold $text-warning"))
    elif result.measure is not None:
        change = _change(format_bytes, (layer_bytes(layer, dtype), result.measure.file_bytes[dtype]))
        facts.append(Fact(f"packed {dtype}", change))
    if result.seconds > 0:
        facts.append(Fact("selected in", format_seconds(result.seconds)))
    return facts


def _describe_sparsity(result: LayerResult) -> str:
    """What was asked for, what whole blocks make of it where that differs, and what was achieved."""
    selection, measure = result.selection, result.measure
    assert selection is not None
    asked, achieved = f"{100 * selection.sparsity:.4g}", format_percent(selection.achieved_sparsity, 2)
    rounded = "" if measure is None else format_percent(measure.rounded, 2)
    # Only where rows are left over does the layer end up with fewer blocks than rounding gives.
    between = f", whole blocks {rounded}" if rounded and rounded != achieved else ""
    return f"{achieved} % (asked {asked}{between})"


def offsets_fact(offsets: NDArray[np.int64]) -> Fact:
    """The offset histogram as a row of bars, and the share of blocks off the N-grid."""
    total = int(offsets.sum())
    if total == 0:
        return Fact(f"starts r % {len(offsets)}", "no blocks")
    heights = np.round(offsets / offsets.max() * (len(_BARS) - 1)).astype(int)
    # Apart from each other: equal ones would stand there as one block.
    bars = [_BARS[height] if count else " " for height, count in zip(heights, offsets, strict=True)]
    row = (" " if len(bars) <= 8 else "").join(bars)
    return Fact(f"starts r % {len(offsets)}", f"{row} {100 * (1 - offsets[0] / total):.0f} % off grid")


def flow_facts(facts: list[Fact], width: int, lines: int) -> Content:
    """Lay items out from left to right, on as many lines as there are; what does not fit is left out whole.

    Args:
        facts: the items, most important first.
        width: cells per line.
        lines: number of lines.
    """
    rows: list[list[Content]] = [[] for _ in range(max(lines, 1))]
    used = [0] * len(rows)
    for fact in facts:
        for line, row in enumerate(rows):
            gap = GAP if row else 0
            # A fact that is wider than a whole line still gets a line: half a sentence is better than none.
            if used[line] + gap + fact.width <= width or (not row and fact.width > width):
                row.append(fact.text())
                used[line] += gap + fact.width
                break
    return Content("\n").join([Content(" " * GAP).join(row) for row in rows])


def describe_total(total: NetworkTotal) -> str:
    """What the choices keep of a whole network, in words."""
    if not total.complete:
        return f"measured {total.measured} of {total.wanted} layers"
    if total.failed:
        return f"{total.failed} of {total.wanted} layers have no selection"
    if math.isnan(total.retained):
        return "nothing to prune"
    return f"keeps {format_percent(total.retained, 2)} % of |w|"


def list_total(total: NetworkTotal) -> list[Fact]:
    """The network before and after, the most important first."""
    facts = [Fact("params", _change(format_count, total.parameters))]
    if total.multiply_adds is not None:
        facts.append(Fact("mult-adds", _change(format_count, total.multiply_adds)))
    facts.append(Fact(f"{'+'.join(total.dtypes)} weights", _change(format_bytes, total.file_bytes)))
    words = describe_total(total)
    facts.append(Fact("", words, "bold $text-success" if words.startswith("keeps") else "$text-warning"))
    return facts


def _change(write: Callable[[int], str], values: tuple[int, int]) -> str:
    """Before, after and what is left, in per cent."""
    before, after = values
    return f"{write(before)} → {write(after)} ({format_percent(after / max(1, before), 0)} %)"
