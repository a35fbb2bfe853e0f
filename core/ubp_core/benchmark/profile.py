"""Where a network's time goes: its steps, and their shares by the kind of work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

PRUNED, DENSE_LAYERS, DEPTHWISE, REST = "pruned", "dense", "depthwise", "rest"
GROUPS = {
    PRUNED: "layers that are pruned in some variant",
    DENSE_LAYERS: "other convolutions and linear layers",
    DEPTHWISE: "depthwise convolutions",
    REST: "pooling, additions and the like",
}
"""What each group holds, in the order in which they are shown."""

OUTSIDE = "in no step: between them, and between these runs and theirs"
WHOLE = "the whole network"
"""The rows that make the groups add up."""

LAYER_OPERATIONS = ("convolution", "grouped", "linear")
SPARSE_KERNELS = ("abp", "ubp")


@dataclass(frozen=True)
class ProfileStep:
    """One step of a network, timed in runs of its own."""

    name: str
    """Place in the model."""
    operation: str
    """convolution, depthwise, grouped, linear, add, max_pool, ..."""
    kernel: str
    """dense, winograd, abp, ubp, or empty where there is no choice."""
    median_ns: float
    share: float
    """Of the sum of all steps."""
    multiply_adds: int

    def group(self, pruned: Collection[str]) -> str:
        """Which of GROUPS it belongs to.

        Args:
            pruned: names of the steps that are pruned in some variant, so that a dense variant is grouped alike.
        """
        if self.operation == "depthwise":
            return DEPTHWISE
        if self.operation not in LAYER_OPERATIONS:
            return REST
        return PRUNED if self.name in pruned else DENSE_LAYERS


def same_steps(profiles: Sequence[Sequence[ProfileStep]]) -> list[tuple[ProfileStep | None, ...]]:
    """The steps of several variants side by side, in the order of the variant that has most; None where one has no
    such step: networks of fp16 convert what others don't. Steps of one name are told apart by their order."""
    numbered = [_numbered(steps) for steps in profiles]
    keys = dict.fromkeys(key for steps in sorted(numbered, key=len, reverse=True) for key in steps)
    return [tuple(steps.get(key) for steps in numbered) for key in keys]


def _numbered(steps: Sequence[ProfileStep]) -> dict[tuple[str, int], ProfileStep]:
    """Steps by name, and by how many of that name come before."""
    found: dict[tuple[str, int], ProfileStep] = {}
    seen: dict[str, int] = {}
    for step in steps:
        seen[step.name] = seen.get(step.name, 0) + 1
        found[step.name, seen[step.name]] = step
    return found


def longest_steps(profiles: Sequence[Sequence[ProfileStep]], most: int) -> list[tuple[ProfileStep | None, ...]]:
    """Of `same_steps` those with the largest share in some variant, at most so many, in their order."""
    rows = same_steps(profiles)
    shares = [max(step.share for step in row if step is not None) for row in rows]
    longest = sorted(sorted(range(len(rows)), key=lambda number: -shares[number])[:most])
    return [rows[number] for number in longest]


def pruned_names(profiles: Iterable[Iterable[ProfileStep]]) -> frozenset[str]:
    """Names of the steps that ran a kernel for blocks in some variant."""
    return frozenset(step.name for steps in profiles for step in steps if step.kernel in SPARSE_KERNELS)


def account(
    steps: Iterable[ProfileStep], pruned: Collection[str], whole_ns: float | None
) -> tuple[dict[str, float], float, float]:
    """Where the time of a whole run goes, so that it adds up.

    Args:
        steps: timed in runs of their own, with a clock between them.
        pruned: see `ProfileStep.group`.
        whole_ns: median of the runs of the network; None: the sum of its steps.

    Returns:
        Nanoseconds of each of GROUPS; those of the whole run that are in no step (below 0 where the steps' own runs
        were slower); and the whole run.
    """
    times = group_times(steps, pruned)
    whole = sum(times.values()) if whole_ns is None else whole_ns
    return times, whole - sum(times.values()), whole


def group_times(steps: Iterable[ProfileStep], pruned: Collection[str]) -> dict[str, float]:
    """Nanoseconds of each of GROUPS, by medians."""
    times = dict.fromkeys(GROUPS, 0.0)
    for step in steps:
        times[step.group(pruned)] += step.median_ns
    return times
