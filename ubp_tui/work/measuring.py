"""What a choice keeps of a layer, in figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ubp_core.budgets import asked_blocks, grouped
from ubp_core.vocabulary import DTYPES
from ubp_tui.choices.choice import Choice
from ubp_tui.work.services import Services, background_threads

if TYPE_CHECKING:
    from ubp_core.models import Layer
    from ubp_core.selection import Selection


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
    file_bytes: Mapping[str, int] = field(default_factory=dict)
    """Of the packed layer, without its bias, in every type: no blocks depend on it."""
    rounded: float = float("nan")
    """The sparsity asked for, rounded to whole blocks."""


def make_measure(layer: Layer, choice: Choice, selection: Selection | None, total: float) -> LayerMeasure:
    """The table's figures of a selection; NaN where there is none."""
    if selection is None:
        return LayerMeasure(layer.name, float("nan"), float("nan"), total)
    from ubp_core.report import layer_cost

    cost, shape = layer_cost(layer, selection), (layer.rows, layer.columns)
    blocks = asked_blocks(shape, choice.block_size, choice.sparsity, choice.block_columns)
    places = math.prod(grouped(shape, choice.block_columns))
    return LayerMeasure(
        layer.name,
        selection.retained,
        selection.achieved_sparsity,
        total,
        kept=cost.parameters_after,
        pruned=cost.parameters_before - cost.parameters_after,
        file_bytes={dtype: layer_cost(layer, selection, dtype).bytes_after for dtype in DTYPES},
        rounded=1 - blocks * choice.block_size / places,
    )


def measure_layer(services: Services, layer: Layer, choice: Choice) -> LayerMeasure:
    """Find what a choice keeps of a layer; NaN where the method gave up or can't run."""
    from ubp_core.errors import UbpError

    importance = services.find_importance(layer.weight)
    selection = None
    with suppress(UbpError):
        selection = services.select(importance, choice, background_threads())
    return make_measure(layer, choice, selection, float(importance.sum(dtype=np.float64)))
