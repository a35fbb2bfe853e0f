"""Compares two runs, variant by variant, and says what makes the comparison unfair."""

from __future__ import annotations

from dataclasses import dataclass

from ubp_core.benchmark.result import BenchRun, VariantResult
from ubp_core.history.store import Entry
from ubp_core.units import format_instructions, format_ratio, format_time

COMPARED_SETTINGS = ("threads", "cores", "batch", "input_hw")


@dataclass(frozen=True)
class ComparedVariant:
    """One variant of one layer that both runs have."""

    layer: str
    label: str
    first_ns: float | None
    """Median of the first run; None where it wasn't timed."""
    second_ns: float | None
    same_output: bool
    """Whether both computed the same bits."""
    first_instructions: int | None = None
    """Of the first run; None where they weren't counted."""
    second_instructions: int | None = None

    @property
    def ratio(self) -> float | None:
        """How many times faster the second is; None where one wasn't timed."""
        return self.first_ns / self.second_ns if self.first_ns and self.second_ns else None

    @property
    def instruction_ratio(self) -> float | None:
        """How many times fewer instructions the second executes; None where they weren't counted in both."""
        if not self.first_instructions or not self.second_instructions:
            return None
        return self.first_instructions / self.second_instructions

    @property
    def texts(self) -> tuple[str, str, str]:
        """Both figures and their ratio (above 1: the second is better), for people; counts have no ratio to times."""
        sides = ((self.first_ns, self.first_instructions), (self.second_ns, self.second_instructions))
        counted = self.instruction_ratio is not None
        first, second = (
            format_instructions(count) if count and (counted or time_ns is None) else format_time(time_ns)
            for time_ns, count in sides
        )
        return first, second, format_ratio(self.instruction_ratio if counted else self.ratio)


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side."""

    first: int
    second: int
    variants: tuple[ComparedVariant, ...]
    notes: tuple[str, ...]
    """What differs besides the times."""


def compare_runs(first: Entry, second: Entry) -> Comparison:
    """Everything that both runs measured, in the order of the first."""
    others = variants_of(second.run)
    compared = tuple(
        ComparedVariant(
            layer,
            label,
            variant.median_ns,
            other.median_ns,
            variant.checksum == other.checksum,
            variant.instructions,
            other.instructions,
        )
        for (layer, label), variant in variants_of(first.run).items()
        if (other := others.get((layer, label)))
    )
    return Comparison(first.id, second.id, compared, differences(first.run, second.run))


def variants_of(run: BenchRun) -> dict[tuple[str, str], VariantResult]:
    """Variants by layer and label."""
    return {(layer.layer, variant.label): variant for layer in run.layers for variant in layer.variants}


def differences(first: BenchRun, second: BenchRun) -> tuple[str, ...]:
    """Reasons why a ratio is not only the code's."""
    pairs = [
        ("device", first.title or first.device, second.title or second.device),
        ("figure", first.figure, second.figure),
        ("model", first.model, second.model),
        *((name, first.settings.get(name), second.settings.get(name)) for name in COMPARED_SETTINGS),
    ]
    found = [f"{name} differs: {one} and {two}" for name, one, two in pairs if one != two]
    for run, which in ((first, "first"), (second, "second")):
        if run.failure:
            found.append(f"the {which} run is not whole: {run.failure}")
        if run.warnings:
            found.append(f"the {which} run has warnings")
    only_one = set(variants_of(first)) ^ set(variants_of(second))
    if only_one:
        found.append(
            "1 variant is in one run only" if len(only_one) == 1 else f"{len(only_one)} variants are in one run only"
        )
    return tuple(found)
