"""The compare screen's worker, and what it has computed already."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from textual import work
from textual.screen import Screen
from textual.worker import get_current_worker

from ubp_tui.messages import ComparisonFinished
from ubp_tui.work.comparing import Comparison, ComparisonRequest, compare_layer
from ubp_tui.work.gate import ForegroundGate
from ubp_tui.work.selecting import LayerResult
from ubp_tui.work.services import Services
from ubp_tui.workspace.cache import ResultCache

if TYPE_CHECKING:
    from ubp_core.models import Layer

LIMIT_BYTES: Final = 200_000_000
"""Memory for differences."""
DIFFERENCE_BYTES: Final = 4
"""Bytes per weight of one difference."""


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
        while len(self._kept) > 1 and self._bytes() > LIMIT_BYTES:
            self._kept.popitem(last=False)

    def _bytes(self) -> int:
        """Memory, about."""
        sizes = (kept.difference.classes.size for kept in self._kept.values() if kept.difference is not None)
        return DIFFERENCE_BYTES * sum(sizes)


class CompareWork(Screen[None]):
    """A screen that can compare two selections in the background."""

    def __init__(self, services: Services, gate: ForegroundGate, cache: ResultCache, pairs: ComparisonCache) -> None:
        """Args: what computes, whose turn it is, what was computed for single layers and for comparisons."""
        super().__init__()
        self.services = services
        self.cache = cache
        self.pairs = pairs
        self._gate = gate

    @work(thread=True, exclusive=True, group="compare_layer", description="select both sides and lay them together")
    def _compare(
        self,
        layer: Layer,
        request: ComparisonRequest,
        known: tuple[LayerResult | None, LayerResult | None],
        related: LayerResult | None,
    ) -> None:
        """Compare; a request that was overtaken while it waited is not even begun."""
        worker = get_current_worker()
        with self._gate.foreground():
            if worker.is_cancelled:
                return
            comparison = compare_layer(self.services, layer, request, known, related)
        if not worker.is_cancelled:
            self.post_message(ComparisonFinished(comparison))
