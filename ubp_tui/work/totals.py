"""What the choices make of a whole network: parameters, multiply-adds and bytes before and after, importance kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ubp_core.vocabulary import DTYPES
from ubp_tui.work.measuring import LayerMeasure

if TYPE_CHECKING:
    from ubp_core.models import Layer


@dataclass(frozen=True)
class NetworkTotal:
    """Sums over all layers; those without a measure count as dense."""

    wanted: int
    """Layers that are pruned by the present choices."""
    measured: int
    """Of those, how many have figures."""
    failed: int
    """Of those, how many have no selection."""
    parameters: tuple[int, int]
    """Before and after."""
    multiply_adds: tuple[int, int] | None
    """Before and after, for one image; None where the size of an image is not known."""
    file_bytes: tuple[int, int]
    """Of the weights in their types, before and after."""
    dtypes: tuple[str, ...]
    """The types that layers have."""
    retained: float
    """Share of the importance of the layers that are pruned; NaN where there is none."""

    @property
    def complete(self) -> bool:
        """Whether every figure is there."""
        return self.measured == self.wanted


def layer_bytes(layer: Layer, dtype: str) -> int:
    """Bytes of a layer's dense weights in a type."""
    from ubp_core.report import dense_bytes

    return dense_bytes((layer.rows, layer.columns), dtype)


def sum_network(
    layers: Sequence[Layer],
    pruned: frozenset[str],
    measures: Mapping[str, LayerMeasure],
    dtype_of: Callable[[str], str],
) -> NetworkTotal:
    """Sum up a network.

    Args:
        layers: all layers.
        pruned: names of those that the present choices prune.
        measures: what is known of them, by name.
        dtype_of: the type of a layer, by name.
    """
    types = {layer.name: dtype_of(layer.name) for layer in layers}
    dense = {layer.name: layer_bytes(layer, types[layer.name]) for layer in layers}
    found = [measures[name] for name in pruned if name in measures]
    valid = [measure for measure in found if not math.isnan(measure.retained)]
    importance = sum(measure.importance for measure in valid)
    kept = sum(measure.importance * measure.retained for measure in valid)
    after = {measure.layer: measure for measure in valid}
    parameters = sum(layer.parameters for layer in layers)
    work = [layer.multiply_adds for layer in layers]
    multiply_adds = None
    if None not in work:
        now = (
            work_before if layer.name not in after else work_before * after[layer.name].kept // max(1, layer.parameters)
            for layer, work_before in zip(layers, work, strict=True)
            if work_before is not None
        )
        multiply_adds = (sum(filter(None, work)), sum(now))
    return NetworkTotal(
        wanted=len(pruned),
        measured=len(found),
        failed=len(found) - len(valid),
        parameters=(parameters, parameters - sum(m.pruned for m in valid)),
        multiply_adds=multiply_adds,
        file_bytes=(
            sum(dense.values()),
            sum(after[name].file_bytes[types[name]] if name in after else dense[name] for name in dense),
        ),
        dtypes=tuple(sorted(set(types.values()), key=DTYPES.index)),
        retained=kept / importance if importance else float("nan"),
    )
