"""What a benchmark's figures are: words for them, and ratios of times with how far these are to be trusted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from ubp_core.vocabulary import DEFAULT_DTYPE

LATENCY: Final = "latency"
HOST_TIME: Final = "host time"
ARM_HOST_TIME: Final = "host time, ARM64"
INSTRUCTIONS: Final = "instructions"
NOT_TIMED: Final = "not timed"
TIMED: Final = (LATENCY, HOST_TIME, ARM_HOST_TIME)
"""Figures that are times."""
FIGURE_TITLES: Final = {
    LATENCY: "latency on a phone",
    HOST_TIME: "host time of this machine, no phone's: only ratios count",
    ARM_HOST_TIME: "host time, ARM64: this machine's own, no phone's",
    INSTRUCTIONS: "emulated: instructions are counted, nothing is timed",
    NOT_TIMED: "emulated: outputs are checked, nothing is timed",
}
"""Where figures come from, for titles."""
FIGURE_WORDS: Final = {
    LATENCY: LATENCY,
    HOST_TIME: HOST_TIME,
    ARM_HOST_TIME: ARM_HOST_TIME,
    INSTRUCTIONS: "emulated",
    NOT_TIMED: "emulated",
}
"""The same in a word, for every row."""
NO_MEASURE: Final = "no measure"
"""In place of that word, where a figure says nothing of a type."""
WIDE: Final = 0.10
"""An interval whose ends are farther apart than this share of the lower one is wide."""
CONFIDENCE: Final = 0.95
FEW_TURNS: Final = 3
"""With fewer there is nothing to judge a ratio by."""
FEWEST: Final = 6
"""Turns from which on an interval of that confidence exists; with fewer it spans all of them."""
UNSURE_WORDS: Final = "?: the ratio's 95 % interval is wide, or its turns are few"
"""What the mark behind such a ratio means."""


def is_measure(figure: str, dtype: str) -> bool:
    """Whether a figure says anything of a type: x86-64 computes fp16 in fp32, and int8 without dot product."""
    return figure != HOST_TIME or dtype == DEFAULT_DTYPE


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
