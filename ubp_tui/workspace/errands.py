"""What a workspace has computed for it: selections, figures, curves, and what the history has measured. No Textual.

Errands follow the workspace's wishes. Threads of a runner compute through the services and tell the workspace what came
out; they change nothing themselves. The selection of the layer on the screen goes first, the others wait for it (the
gate), and every work looks for its cancellation before it starts and before it tells.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from numpy import float32
from numpy.typing import NDArray

from ubp_core.history.figures import LayerFigures
from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.choices.problem import explain_failure
from ubp_tui.observing import Cancelled, Runner
from ubp_tui.work.curves import plan_curves
from ubp_tui.work.gate import ForegroundGate
from ubp_tui.work.measuring import measure_layer
from ubp_tui.work.selecting import LayerResult, prepare_layer
from ubp_tui.work.services import Services, background_threads
from ubp_tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel

SELECT: Final = "select_blocks"
MEASURE: Final = "measure_layers"
CURVES: Final = "trace_curves"
FIGURES: Final = "read_figures"


class Errands:
    """Lets others work for a workspace."""

    def __init__(self, workspace: Workspace, services: Services, runner: Runner) -> None:
        """Args: whose wishes to follow, what computes, what has threads."""
        self.gate = ForegroundGate()
        """Whose turn it is to compute."""
        self._workspace, self._services, self._runner = workspace, services, runner
        workspace.wish_changed.connect(self._follow_wish)
        workspace.selection_changed.connect(self._trace_curves)
        workspace.held_changed.connect(self._follow_hold)
        workspace.device_changed.connect(self._read_figures)

    def _follow_wish(self) -> None:
        """Select, unless it was done lately; the background follows the choices."""
        request = self._workspace.wanted
        layer = self._workspace.find(request.layer)
        if layer is None:
            return
        self._runner.cancel(CURVES)
        drawn = self._workspace.known.find(request)
        if drawn is not None:
            self._runner.cancel(SELECT)
            self._workspace.take_selection(drawn)
        else:
            known = self._workspace.known.find_layer(request)
            work = partial(self._select, request, layer, known)
            self._runner.run(SELECT, work, "select the blocks of the layer on the screen")
        self._measure_layers()

    def _select(self, request: SelectionRequest, layer: Layer, known: LayerResult | None, cancelled: Cancelled) -> None:
        """Select and lay out one layer; a request that was overtaken while it waited is not even begun."""
        from ubp_core.errors import UbpError

        with self.gate.foreground():
            if cancelled():
                return
            try:
                result = prepare_layer(self._services, layer, request, known)
            except (UbpError, MemoryError) as error:
                problem = explain_failure(error, layer, request.choice)
                self._runner.tell(self._workspace.take_failure, request, problem)
                return
        if not cancelled():
            self._runner.tell(self._workspace.take_selection, result)

    def _follow_hold(self) -> None:
        """Go on in the background, or leave it for later."""
        if self._workspace.held:
            self._runner.cancel(MEASURE)
            self._runner.cancel(CURVES)
        else:
            self._measure_layers()
            self._trace_curves()

    def _measure_layers(self) -> None:
        """Find what is not known of the layers as they are chosen."""
        workspace = self._workspace
        wanted = [(layer, workspace.choices.of(layer.name)) for layer in workspace.pruned]
        missing = [(layer, choice) for layer, choice in wanted if (layer.name, choice) not in workspace.known.measures]
        # The layer on the screen comes last: by then its own selection has given its figures.
        missing.sort(key=lambda pair: pair[0].name == workspace.layer)
        if missing and not workspace.held:
            self._runner.run(MEASURE, partial(self._measure, missing), "find what the choice keeps of every layer")
        else:
            self._runner.cancel(MEASURE)

    def _measure(self, wanted: Sequence[tuple[Layer, Choice]], cancelled: Cancelled) -> None:
        """Measure layer after layer; what is known grows meanwhile and is only read here."""
        known = self._workspace.known.measures
        for layer, choice in wanted:
            with self.gate.background():
                if cancelled():
                    return
                if (layer.name, choice) in known:
                    continue
                measure = measure_layer(self._services, layer, choice)
            self._runner.tell(self._workspace.take_measure, choice, measure)

    def _trace_curves(self) -> None:
        """Find the curve points of the layer on the screen that are not known."""
        workspace, result = self._workspace, self._workspace.selection
        if result is None or result.selection is None or workspace.held:
            return
        points = plan_curves(workspace.choice, workspace.known.points.get(result.layer.name, {}))
        if points:
            work = partial(self._trace, result.layer.name, result.basis.importance, points)
            self._runner.run(CURVES, work, "trace retained importance over sparsity")

    def _trace(self, layer: str, importance: NDArray[float32], points: Sequence[Choice], cancelled: Cancelled) -> None:
        """Find curve points one by one; without the means to find them, the selection has already said why."""
        from ubp_core.errors import UbpError

        for point in points:
            with self.gate.background():
                if cancelled():
                    return
                try:
                    retained = self._services.find_retained(importance, point, background_threads())
                except UbpError:
                    return
            self._runner.tell(self._workspace.take_point, layer, point, retained)

    def _read_figures(self) -> None:
        """Look for the figures of the device that is followed."""
        model, device = self._workspace.model, self._workspace.device
        if model is not None:
            self._runner.run(FIGURES, partial(self._read, model, device), "look for figures of the layers")

    def _read(self, model: LoadedModel, device: str, cancelled: Cancelled) -> None:
        """Ask the history; one that can't be read leaves the column away, and says why in the log."""
        from ubp_core.history import HistoryError

        try:
            figures = self._services.bench.read_figures(model, device)
        except HistoryError as error:
            logging.getLogger("ubp_tui").warning("no measured figures: %s", error)
            figures = LayerFigures(device)
        if not cancelled():
            self._runner.tell(self._workspace.take_figures, device, figures)
