"""Whether figures are to be trusted: warnings from checks, spread, heat and clock."""

from __future__ import annotations

from collections.abc import Sequence

from ubp_core.benchmark.result import VariantResult

WIDE_SPREAD = 0.10
"""p90 over median minus 1: steady phones stay below."""
HOT_CELSIUS = 60.0
"""Phones begin to lower their clocks near this processor temperature."""
WARMED_CELSIUS = 5.0
FEW_SAMPLES = 10


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
