"""The explore screen's workers: threads that compute through the services and post what they found.

They touch no widget. The selection of the layer on the screen goes first; the other two wait for it
(`ForegroundGate`), and every worker looks for its cancellation before it starts and before it posts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from numpy import float32
from numpy.typing import NDArray
from textual import work
from textual.screen import Screen
from textual.worker import get_current_worker

from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.choices.problem import explain_failure
from ubp_tui.messages import CurvePointFound, LayerMeasured, SelectionFailed, SelectionFinished
from ubp_tui.work.gate import ForegroundGate
from ubp_tui.work.measuring import LayerMeasure, measure_layer
from ubp_tui.work.selecting import LayerResult, prepare_layer
from ubp_tui.work.services import Services, background_threads

if TYPE_CHECKING:
    from ubp_core.models import Layer


class ExploreWork(Screen[None]):
    """A screen that can select, measure and trace curves in the background."""

    def __init__(self, services: Services) -> None:
        """Args: what computes."""
        super().__init__()
        self.services = services
        self.gate = ForegroundGate()
        """Whose turn it is to compute."""

    @work(
        thread=True, exclusive=True, group="select_blocks", description="select the blocks of the layer on the screen"
    )
    def _select_blocks(self, request: SelectionRequest, layer: Layer, known: LayerResult | None) -> None:
        """Select and lay out one layer; a request that was overtaken while it waited is not even begun."""
        from ubp_core.errors import UbpError

        worker = get_current_worker()
        with self.gate.foreground():
            if worker.is_cancelled:
                return
            message: SelectionFinished | SelectionFailed
            try:
                message = SelectionFinished(prepare_layer(self.services, layer, request, known))
            except (UbpError, MemoryError) as error:
                message = SelectionFailed(request, explain_failure(error, layer, request.choice))
        if not worker.is_cancelled:
            self.post_message(message)

    @work(thread=True, exclusive=True, group="measure_layers", description="find what the choice keeps of every layer")
    def _measure_layers(
        self, wanted: tuple[tuple[Layer, Choice], ...], known: Mapping[tuple[str, Choice], LayerMeasure]
    ) -> None:
        """Measure layer after layer; `known` grows meanwhile and is only read here."""
        worker = get_current_worker()
        for layer, choice in wanted:
            with self.gate.background():
                if worker.is_cancelled:
                    return
                if (layer.name, choice) in known:
                    continue
                measure = measure_layer(self.services, layer, choice)
            self.post_message(LayerMeasured(choice, measure))

    @work(thread=True, exclusive=True, group="trace_curves", description="trace retained importance over sparsity")
    def _trace_curves(self, layer: str, importance: NDArray[float32], points: list[Choice]) -> None:
        """Find curve points one by one; without the means to find them, the selection has already said why."""
        from ubp_core.errors import UbpError

        worker = get_current_worker()
        for point in points:
            with self.gate.background():
                if worker.is_cancelled:
                    return
                try:
                    retained = self.services.find_retained(importance, point, background_threads())
                except UbpError:
                    return
            self.post_message(CurvePointFound(layer, point, retained))
