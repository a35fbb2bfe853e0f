"""Compares two runs, variant by variant, and says what makes the comparison unfair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ubp_core.benchmark.result import BenchRun, VariantResult
from ubp_core.history.store import Entry
from ubp_core.units import format_instructions, format_ratio, format_time

COMPARED_SETTINGS = ("threads", "cores", "batch", "input_hw")
Key = tuple[str, str, int, int, float, str]
"""Layer, method, block size, columns of a block, sparsity, type."""
Pair = tuple[str, VariantResult, VariantResult]
"""A layer, and a variant of it in the first and in the second run."""


@dataclass(frozen=True)
class ComparedVariant:
    """One variant of one layer that both runs have."""

    layer: str
    label: str
    """With both types where they differ: "bed N=4 s=0.75 fp32/fp16"."""
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
    """Everything that both runs measured, in the order of the first; what has no partner of its own type is compared
    with the same in another one, and says so."""
    pairs = pair_variants(first.run, second.run)
    compared = tuple(
        ComparedVariant(
            layer,
            label_pair(variant, other),
            variant.median_ns,
            other.median_ns,
            variant.checksum == other.checksum,
            variant.instructions,
            other.instructions,
        )
        for layer, variant, other in pairs
    )
    return Comparison(first.id, second.id, compared, differences(first.run, second.run, pairs))


def pair_variants(first: BenchRun, second: BenchRun) -> list[Pair]:
    """What both runs have, in the order of the first."""
    mine, others = variants_of(first), variants_of(second)
    free = {key[:-1]: other for key, other in others.items() if key not in mine}
    found = ((key, variant, others.get(key) or free.pop(key[:-1], None)) for key, variant in mine.items())
    return [(key[0], variant, other) for key, variant, other in found if other is not None]


def label_pair(first: VariantResult, second: VariantResult) -> str:
    """The label of both."""
    if first.dtype == second.dtype:
        return first.label
    return f"{first.label.removesuffix(f' {first.dtype}')} {first.dtype}/{second.dtype}"


def variants_of(run: BenchRun) -> dict[Key, VariantResult]:
    """Variants by layer, choice and type."""
    return {
        (layer.layer, one.method, one.block_size, one.block_columns, one.sparsity, one.dtype): one
        for layer in run.layers
        for one in layer.variants
    }


def differences(first: BenchRun, second: BenchRun, compared: Sequence[Pair]) -> tuple[str, ...]:
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
    across = sum(one.dtype != other.dtype for _, one, other in compared)
    if across:
        which = "1 ratio is" if across == 1 else f"{across} ratios are"
        found.append(f"type differs: {which} between fp32 and fp16")
    alone = len(variants_of(first)) + len(variants_of(second)) - 2 * len(compared)
    if alone:
        found.append("1 variant is in one run only" if alone == 1 else f"{alone} variants are in one run only")
    return tuple(found)
