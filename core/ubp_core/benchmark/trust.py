"""Whether figures are to be trusted: ratios by turns with their intervals, warnings from spread, heat and clock."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ubp_core.benchmark.result import VariantResult

WIDE_SPREAD = 0.10
"""p90 over median minus 1: steady phones stay below."""
HOT_CELSIUS = 60.0
"""Phones begin to lower their clocks near this processor temperature."""
WARMED_CELSIUS = 5.0
FEW_SAMPLES = 10
WIDE: Final = 0.10
"""An interval whose ends are farther apart than this share of the lower one is wide."""
CONFIDENCE: Final = 0.95
FEW_TURNS: Final = 3
"""With fewer there is nothing to judge a ratio by."""
FEWEST: Final = 6
"""Turns from which on an interval of that confidence exists; with fewer it spans all of them."""
UNSURE_WORDS: Final = "?: the ratio's 95 % interval is wide, or its turns are few"
"""What the mark behind such a ratio means."""


@dataclass(frozen=True)
class Ratio:
    """A ratio of times, and how far it is to be trusted."""

    value: float
    """Median over the turns of the baseline's time over the variant's: above 1 is faster."""
    low: float
    """With CONFIDENCE the median of such ratios lies from here"""
    high: float
    """to here (no distribution is assumed)."""
    turns: int
    """Pairs of runs."""

    @property
    def wide(self) -> bool:
        """Whether the ratio says little: very few turns, or an interval that is wide."""
        return self.turns < FEW_TURNS or self.high > self.low * (1 + WIDE)


def pair_ratio(baseline_ns: Sequence[float], variant_ns: Sequence[float]) -> Ratio | None:
    """The ratio of two variants that took turns, run by run.

    What a busy machine does to one turn it does to both of its runs, so that their ratio stays; medians of each alone
    may come from turns of different load.

    Args:
        baseline_ns, variant_ns: times above 0 in the order of the turns; what one has more is left out.

    Returns:
        None where there is no turn.
    """
    ratios = sorted(first / second for first, second in zip(baseline_ns, variant_ns, strict=False))
    if not ratios:
        return None
    left_out = ends_outside(len(ratios))
    return Ratio(statistics.median(ratios), ratios[left_out], ratios[-1 - left_out], len(ratios))


@cache
def ends_outside(count: int) -> int:
    """How many of `count` sorted values lie outside of the median's interval on either side.

    The number of values below the true median is binomial with probability one half.
    """
    below, order = 0.0, 0
    while order < count // 2:
        ways = math.lgamma(count + 1) - math.lgamma(order + 1) - math.lgamma(count - order + 1)
        below += math.exp(ways - count * math.log(2))
        if below > (1 - CONFIDENCE) / 2:
            break
        order += 1
    return max(order - 1, 0)


def find_warnings(variants: Sequence[VariantResult], build: str = "optimised") -> tuple[str, ...]:
    """Reasons to doubt the figures of a layer, each in one line; of variants without times only the check counts."""
    found = [f"{variant.label}: output differs from the plain loop" for variant in variants if variant.check != "ok"]
    timed = [variant for variant in variants if variant.samples_ns]
    if not timed:
        return tuple(found)
    if build != "optimised":
        found.append("the program was built without optimisation")
    few = [variant for variant in timed if len(variant.samples_ns) < FEW_SAMPLES]
    found += [f"few samples: {name_all(few, timed)}"] if few else []
    found += spread_warnings(timed)
    found += heat_warnings(timed)
    notes = dict.fromkeys(note for variant in timed for note in variant.notes)
    return tuple(found + [f"{note}: {name_all([v for v in timed if note in v.notes], timed)}" for note in notes])


def spread_warnings(timed: Sequence[VariantResult]) -> list[str]:
    """The variants whose p90 is far above their median."""
    spreads = {v.label: v.p90_ns / v.median_ns - 1 for v in timed if v.p90_ns and v.median_ns}
    wide = [f"{label} {spread:.0%}" for label, spread in spreads.items() if spread > WIDE_SPREAD]
    return [f"times spread (p90 above the median): {', '.join(wide)}"] if wide else []


def heat_warnings(timed: Sequence[VariantResult]) -> list[str]:
    """Temperature at the end, and its rise."""
    before = [v.celsius_before for v in timed if v.celsius_before is not None]
    after = [v.celsius_after for v in timed if v.celsius_after is not None]
    found = []
    if after and max(after) >= HOT_CELSIUS:
        found.append(f"the processor is at {max(after):.0f} C and may have lowered its clock: let it cool down")
    if before and after and max(after) - min(before) > WARMED_CELSIUS:
        found.append(f"the device warmed by {max(after) - min(before):.0f} C during the runs")
    return found


def name_all(some: Sequence[VariantResult], timed: Sequence[VariantResult]) -> str:
    """The variants meant."""
    return "all variants" if len(some) == len(timed) else ", ".join(variant.label for variant in some)
