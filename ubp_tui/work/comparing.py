"""The work behind the compare screen, as plain functions: two selections of one layer and their difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.choices.problem import Problem, explain_failure
from ubp_tui.work.difference import Difference, build_difference
from ubp_tui.work.selecting import LayerResult, prepare_layer
from ubp_tui.work.services import Services

if TYPE_CHECKING:
    from ubp_core.models import Layer

Pair = tuple[Choice, Choice]
"""How the left and the right side choose."""


@dataclass(frozen=True)
class ComparisonRequest:
    """One wish for a comparison; a result is drawn only if it answers the latest one."""

    number: int
    """Rises with every request."""
    layer: str
    """Name of the layer."""
    choices: Pair
    """Left and right."""
    by_tap: bool = False
    """Whether columns stand by tap."""

    @property
    def key(self) -> ComparisonRequest:
        """The same without its number."""
        return replace(self, number=0)

    def side(self, place: int) -> SelectionRequest:
        """The selection of the left (0) or right (1) side."""
        by_group = any(choice.grouped for choice in self.choices)
        return SelectionRequest(self.number, self.layer, self.choices[place], by_tap=self.by_tap, by_group=by_group)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two selections of one layer."""

    request: ComparisonRequest
    """What was asked for."""
    sides: tuple[LayerResult | None, LayerResult | None]
    """Left and right; None where there is no such selection."""
    problems: tuple[Problem | None, Problem | None]
    """Why there is none."""
    difference: Difference | None
    """None where a side is missing."""


def pair_of(choice: Choice, kind: str) -> Pair:
    """What to compare first.

    Args:
        choice: the present one.
        kind: `optimal`: aligned blocks against the best unaligned ones; else the present choice against another method.
    """
    if kind == "optimal":
        return replace(choice, method="abp"), replace(choice, method="optimal")
    return choice, replace(choice, method="abp" if choice.method == "optimal" else "optimal")


def compare_layer(
    services: Services,
    layer: Layer,
    request: ComparisonRequest,
    known: tuple[LayerResult | None, LayerResult | None],
    related: LayerResult | None,
) -> Comparison:
    """Select both sides, as far as they are not known, and lay them against each other.

    Args:
        services: what computes.
        layer: a prunable layer.
        request: what to compare.
        known: results for the very requests of the sides, if there are any.
        related: any result for the same layer; what does not depend on the choice is used again.
    """
    from ubp_core.errors import UbpError

    sides: list[LayerResult | None] = []
    problems: list[Problem | None] = []
    for place in (0, 1):
        result, choice = known[place], request.choices[place]
        problem: Problem | None = None
        if result is None:
            try:
                result = prepare_layer(services, layer, request.side(place), related)
            except (UbpError, MemoryError) as error:
                problem = explain_failure(error, layer, choice)
        sides.append(result)
        problems.append(problem)
        related = result or related
    left, right = sides
    difference = build_difference(left.source, right.source) if left is not None and right is not None else None
    return Comparison(request, (left, right), (problems[0], problems[1]), difference)
