"""What a comparison has computed for it. No Textual."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ubp_tui.observing import Cancelled, Runner
from ubp_tui.work.comparing import ComparisonRequest, compare_layer
from ubp_tui.work.gate import ForegroundGate
from ubp_tui.work.selecting import LayerResult
from ubp_tui.work.services import Services
from ubp_tui.workspace.comparison import SideBySide

if TYPE_CHECKING:
    from ubp_core.models import Layer

COMPARE: Final = "compare_layer"


class ComparisonErrand:
    """Follows the wishes of a comparison."""

    def __init__(self, sides: SideBySide, services: Services, runner: Runner, gate: ForegroundGate) -> None:
        """Args: whose wishes to follow, what computes, what has threads, whose turn it is to compute."""
        self._sides, self._services, self._runner, self._gate = sides, services, runner, gate
        sides.wish_changed.connect(self._follow)

    def _follow(self) -> None:
        """Compare, unless it was done lately."""
        sides, request = self._sides, self._sides.request
        found = sides.pairs.find(request)
        if found is not None:
            self._runner.cancel(COMPARE)
            sides.take(found)
            return
        known = sides.known.find(request.side(0)), sides.known.find(request.side(1))
        related = sides.known.find_layer(request.side(0))
        work = partial(self._compare, sides.model.layer(sides.layer), request, known, related)
        self._runner.run(COMPARE, work, "select both sides and lay them together")

    def _compare(
        self,
        layer: Layer,
        request: ComparisonRequest,
        known: tuple[LayerResult | None, LayerResult | None],
        related: LayerResult | None,
        cancelled: Cancelled,
    ) -> None:
        """Compare; a request that was overtaken while it waited is not even begun."""
        with self._gate.foreground():
            if cancelled():
                return
            comparison = compare_layer(self._services, layer, request, known, related)
        if not cancelled():
            self._runner.tell(self._sides.take, comparison)
