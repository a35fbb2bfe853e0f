"""The facts about a selection as text: items that flow over as many lines as the width needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from textual.content import Content

from ubp_tui.jobs import LayerMeasure, LayerResult
from ubp_tui.renderables.formats import format_count, format_percent, format_seconds, format_shape

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
        return len(self.label) + len(self.value) + (1 if self.label and self.value else 0)

    def text(self) -> Content:
        """Label and figure."""
        gap = " " if self.label and self.value else ""
        return Content.assemble((self.label, "$text-muted"), gap, (self.value, self.style))


def list_facts(result: LayerResult) -> list[Fact]:
    """All facts about a result, the most important first."""
    selection, layer = result.selection, result.layer
    if selection is None:
        return [
            Fact("stays dense:", layer.skip_reason or "", "bold $text-warning"),
            Fact("shape", format_shape(layer.shape)),
            Fact("parameters", format_count(layer.parameters)),
        ]
    facts = [Fact("retained", f"{format_percent(selection.retained, 2)} %", "bold $text-success")]
    if selection.upper_bound is not None:
        gap = 100 * (selection.upper_bound - selection.retained)
        facts.append(Fact("certified at most", f"{format_percent(selection.upper_bound, 2)} % (gap {gap:.4f})"))
    asked, achieved = f"{100 * selection.sparsity:.4g}", format_percent(selection.achieved_sparsity, 2)
    facts.append(Fact("sparsity", f"{achieved} % (asked {asked})"))
    facts.append(Fact("weights" if selection.method == "unstructured" else "B", f"{len(selection.rows):,}"))
    if result.offsets is not None and selection.block_size > 1:
        facts.append(offsets_fact(result.offsets))
    if result.seconds > 0:
        facts.append(Fact("selected in", format_seconds(result.seconds)))
    return facts


def offsets_fact(offsets: NDArray[np.int64]) -> Fact:
    """The offset histogram as a row of bars, and the share of blocks off the N-grid."""
    total = int(offsets.sum())
    if total == 0:
        return Fact(f"starts r % {len(offsets)}", "no blocks")
    heights = np.round(offsets / offsets.max() * (len(_BARS) - 1)).astype(int)
    bars = "".join(_BARS[height] if count else " " for height, count in zip(heights, offsets, strict=True))
    return Fact(f"starts r % {len(offsets)}", f"{bars} {100 * (1 - offsets[0] / total):.0f} % off grid")


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


def describe_total(measures: list[LayerMeasure], wanted: int) -> str:
    """What a choice keeps of a whole network, in words.

    Args:
        measures: the layers measured so far.
        wanted: how many layers can be pruned.
    """
    if len(measures) < wanted:
        return f"measured {len(measures)} of {wanted} layers"
    without = sum(math.isnan(measure.retained) for measure in measures)
    if without:
        return f"{without} of {wanted} layers have no selection"
    total = sum(measure.importance for measure in measures)
    if not total:
        return "nothing to prune"
    kept = sum(measure.importance * measure.retained for measure in measures)
    return f"network keeps {format_percent(kept / total, 2)} %"
