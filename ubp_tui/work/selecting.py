"""The blocks of one layer, selected and laid out for drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ubp_tui.choices.choice import SelectionRequest
from ubp_tui.work.basis import LayerBasis, build_basis
from ubp_tui.work.grouping import find_groups
from ubp_tui.work.measuring import LayerMeasure, make_measure
from ubp_tui.work.services import Services
from ubp_tui.work.source import MapSource, build_source

if TYPE_CHECKING:
    from ubp_core.models import Layer
    from ubp_core.selection import Selection


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
    grouped = request.grouped and layer.prunable
    if basis is None or basis.by_tap != request.by_tap or (basis.order is not None) != grouped:
        scores = basis.importance if basis else services.find_importance(layer.weight)
        order = find_groups(scores).order.astype(np.int64) if grouped else None
        basis = build_basis(layer.weight, scores, request.by_tap, order)
    started = services.clock()
    selection = None
    if layer.prunable and not request.kept:
        reusable = known is not None and known.request.choice == request.choice
        selection = known.selection if known and reusable else None
        selection = selection or services.select(basis.importance, request.choice, None)
    seconds = services.clock() - started
    offsets = None if selection is None else services.count_offsets(selection)
    source = build_source(basis, selection)
    measure = None if selection is None else make_measure(layer, request.choice, selection, basis.total)
    return LayerResult(request, layer, selection, source, basis, offsets, seconds, measure)
