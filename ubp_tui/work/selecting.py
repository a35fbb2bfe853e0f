"""The work of the worker threads, as plain functions: no widget, no message, no thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ubp_tui.choices.choice import BLOCK_SIZES, CURVE_METHODS, Choice, SelectionRequest
from ubp_tui.work.basis import LayerBasis, build_basis
from ubp_tui.work.services import Services, background_threads
from ubp_tui.work.source import MapSource, build_source

if TYPE_CHECKING:
    from ubp_core.models import Layer
    from ubp_core.selection import Selection

CURVE_POINTS = tuple(
    round(0.05 * step, 2) for step in (10, 16, 4, 19, 1, 13, 7, 18, 15, 17, 14, 12, 11, 9, 8, 6, 5, 3, 2)
)
"""Sparsities of the curves, coarse to fine: the shape is there after five points, the rest fills in."""


@dataclass(frozen=True, eq=False)
class LayerResult:
    """One layer, selected and laid out for drawing."""

    request: SelectionRequest
    """What was asked for."""
    layer: Layer
    """The layer."""
    selection: Selection | None
    """None for a layer that stays dense."""
    source: MapSource
    """What the map draws from."""
    basis: LayerBasis
    """What does not depend on the choice."""
    offsets: NDArray[np.int64] | None
    """Blocks by r % N; None for a dense layer."""
    seconds: float
    """How long the selection took."""
    measure: LayerMeasure | None
    """The table's figures; None for a layer that stays dense."""


@dataclass(frozen=True)
class LayerMeasure:
    """What one choice keeps of one layer."""

    layer: str
    """Name of the layer."""
    retained: float
    """Share of the importance kept, 0..1; NaN where the method gave up."""
    achieved_sparsity: float
    """Share of the weights removed."""
    importance: float
    """Sum of the layer's importance."""
    kept: int = 0
    """Weights that stay."""
    pruned: int = 0
    """Weights that go."""
    file_bytes: int = 0
    """Of the packed layer, without its bias."""
    rounded: float = float("nan")
    """The sparsity asked for, rounded to whole blocks."""


class ForegroundGate:
    """Lets the selection of the layer on the screen go first: background work waits here while one is under way."""

    def __init__(self) -> None:
        """Start with nobody in the foreground."""
        self._turn = threading.Lock()
        self._background = threading.Lock()
        self._waiting = 0
        self._changed = threading.Condition()

    @contextmanager
    def foreground(self) -> Iterator[None]:
        """Hold back the background, and run one foreground job at a time."""
        with self._changed:
            self._waiting += 1
        try:
            with self._turn:
                yield
        finally:
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()

    @contextmanager
    def background(self) -> Iterator[None]:
        """Wait until no foreground job waits or runs, and run one background job at a time."""
        with self._background:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting == 0)
            yield


def prepare_layer(
    services: Services, layer: Layer, request: SelectionRequest, known: LayerResult | None = None
) -> LayerResult:
    """Select one layer's blocks and lay them out for drawing.

    Args:
        services: what computes.
        layer: the layer.
        request: how to select, and how to arrange the columns.
        known: an earlier result for the same layer, if there is one; what does not depend on the choice is used again.

    Raises:
        UbpError: there is no such selection.
    """
    basis = known.basis if known else None
    if basis is None or basis.by_tap != request.by_tap:
        scores = basis.importance if basis else services.find_importance(layer.weight)
        basis = build_basis(layer.weight, scores, request.by_tap)
    started = services.clock()
    selection = None
    if layer.prunable and not request.dense:
        reusable = known is not None and known.request.choice == request.choice
        selection = known.selection if known and reusable else None
        selection = selection or services.select(basis.importance, request.choice, None)
    seconds = services.clock() - started
    offsets = None if selection is None else services.count_offsets(selection)
    source = build_source(basis, selection)
    measure = None if selection is None else make_measure(layer, request.choice, selection, basis.total)
    return LayerResult(request, layer, selection, source, basis, offsets, seconds, measure)


def make_measure(layer: Layer, choice: Choice, selection: Selection | None, total: float) -> LayerMeasure:
    """The table's figures of a selection; NaN where there is none."""
    if selection is None:
        return LayerMeasure(layer.name, float("nan"), float("nan"), total)
    from ubp_core.report import layer_cost

    cost = layer_cost(layer, selection)
    size = choice.block_size
    return LayerMeasure(
        layer.name,
        selection.retained,
        selection.achieved_sparsity,
        total,
        kept=cost.parameters_after,
        pruned=cost.parameters_before - cost.parameters_after,
        file_bytes=cost.bytes_after,
        rounded=1 - round((1 - choice.sparsity) * layer.parameters / size) * size / layer.parameters,
    )


def measure_layer(services: Services, layer: Layer, choice: Choice) -> LayerMeasure:
    """Find what a choice keeps of a layer; NaN where the method gave up or can't run."""
    from ubp_core.errors import UbpError

    importance = services.find_importance(layer.weight)
    selection = None
    with suppress(UbpError):
        selection = services.select(importance, choice, background_threads())
    return make_measure(layer, choice, selection, float(importance.sum(dtype=np.float64)))


def plan_curves(choice: Choice, known: Container[Choice]) -> list[Choice]:
    """The curve points still to find: the present sparsity for every method first, then coarse to fine, then over N."""
    sparsities = dict.fromkeys((choice.sparsity, *CURVE_POINTS))
    points = [Choice(m, choice.block_size, s) for s in sparsities for m in CURVE_METHODS]
    sizes = [Choice(m, n, choice.sparsity) for n in BLOCK_SIZES for m in CURVE_METHODS]
    first = len(CURVE_METHODS) * 6
    return [point for point in dict.fromkeys((*points[:first], *sizes, *points[first:])) if point not in known]
