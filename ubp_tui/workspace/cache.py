"""What was computed already: figures of every layer and choice, and the latest pictures. For the event loop only."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.work.comparing import Comparison, ComparisonRequest
from ubp_tui.work.measuring import LayerMeasure
from ubp_tui.work.selecting import LayerResult

LIMIT_BYTES: Final = 300_000_000
"""Memory for pictures; figures are small and all kept."""
RESULT_BYTES, BASIS_BYTES = 2, 9
"""Bytes per weight of one picture, and of what all pictures of a layer share."""
PAIR_LIMIT_BYTES: Final = 200_000_000
"""Memory for differences."""
DIFFERENCE_BYTES: Final = 4
"""Bytes per weight of one difference."""


class ResultCache:
    """Measures, curve points and pictures of one model."""

    def __init__(self) -> None:
        """Start empty."""
        self.measures: dict[tuple[str, Choice], LayerMeasure] = {}
        """Figures for the table, by layer and choice."""
        self.points: dict[str, dict[Choice, float]] = {}
        """Share kept per point of the curves, by layer."""
        self._results: OrderedDict[SelectionRequest, LayerResult] = OrderedDict()

    def find(self, request: SelectionRequest) -> LayerResult | None:
        """The picture that a request asks for, if it was drawn lately."""
        found = self._results.get(_key(request))
        if found is None:
            return None
        self._results.move_to_end(_key(request))
        return replace(found, request=request)

    def find_layer(self, request: SelectionRequest) -> LayerResult | None:
        """The latest picture of the same layer: the same selection if there is one, then the same order of columns."""
        same = [result for result in self._results.values() if result.request.layer == request.layer]
        return max(
            same,
            key=lambda result: (
                result.request.choice == request.choice and result.request.kept == request.kept,
                result.request.grouped == request.grouped,
                result.request.by_tap == request.by_tap,
            ),
            default=None,
        )

    def keep(self, result: LayerResult) -> None:
        """Keep a picture; the oldest ones leave."""
        key = _key(result.request)
        self._results[key] = result
        self._results.move_to_end(key)
        while len(self._results) > 1 and self._bytes() > LIMIT_BYTES:
            self._results.popitem(last=False)
        if result.measure is not None:
            self.keep_measure(result.request.choice, result.measure)

    def keep_measure(self, choice: Choice, measure: LayerMeasure) -> None:
        """Keep the figures of a layer; its retained share is a point of the curves too."""
        self.measures[measure.layer, choice] = measure
        self.points.setdefault(measure.layer, {})[choice] = measure.retained

    def _bytes(self) -> int:
        """Memory of all pictures, about."""
        bases = {id(result.basis): result.layer.parameters for result in self._results.values()}
        weights = sum(result.layer.parameters for result in self._results.values())
        return RESULT_BYTES * weights + BASIS_BYTES * sum(bases.values())


class ComparisonCache:
    """The latest comparisons of one model. For the event loop only."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[ComparisonRequest, Comparison] = OrderedDict()

    def find(self, request: ComparisonRequest) -> Comparison | None:
        """The comparison that a request asks for, if it was made lately."""
        found = self._kept.get(request.key)
        if found is not None:
            self._kept.move_to_end(request.key)
        return found

    def keep(self, comparison: Comparison) -> None:
        """Keep a comparison; the oldest ones leave."""
        self._kept[comparison.request.key] = comparison
        while len(self._kept) > 1 and self._bytes() > PAIR_LIMIT_BYTES:
            self._kept.popitem(last=False)

    def _bytes(self) -> int:
        """Memory, about."""
        sizes = (kept.difference.classes.size for kept in self._kept.values() if kept.difference is not None)
        return DIFFERENCE_BYTES * sum(sizes)


def _key(request: SelectionRequest) -> SelectionRequest:
    """A request without its number; where the layer stays dense the choice does not matter."""
    return replace(request, number=0)
