"""What a pruner has done, layer by layer: requested beside achieved. Computes from selections; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ubp_core.budgets import budget_note
from ubp_core.pruning.masks import PrunedLayer


@dataclass(frozen=True)
class LayerReport:
    """One pruned layer."""

    name: str
    shape: tuple[int, int]
    """(R, K)."""
    block_size: int
    block_columns: int
    method: str
    """What made the last selection ("bed" also where `greedy` ran out of candidates)."""
    requested: float
    """Sparsity that the schedule asked for at the last update; in the scope "global" that of the whole budget."""
    achieved: float
    """Share of the weights that is pruned: what whole blocks allow."""
    blocks: int
    """Blocks that stay; 0 while the layer is dense."""
    retained: float
    """Share of the importance kept at the last update."""
    note: str = ""
    """Where the layer can't have its final sparsity: what is achieved, and why."""


def report_layer(layer: PrunedLayer) -> LayerReport:
    """The record of one layer."""
    selection, settings = layer.selection, layer.settings
    asked = (settings.block_size, settings.target, settings.block_columns)
    return LayerReport(
        name=layer.name,
        shape=layer.shape,
        block_size=layer.settings.block_size,
        block_columns=layer.settings.block_columns,
        method=layer.settings.method if selection is None else selection.method,
        requested=layer.sparsity,
        achieved=0.0 if selection is None else selection.achieved_sparsity,
        blocks=0 if selection is None else selection.block_count,
        retained=1.0 if selection is None else selection.retained,
        note="" if settings.common else budget_note(layer.shape, *asked) or "",
    )


def total_sparsity(layers: Iterable[PrunedLayer]) -> float:
    """Share of the weights of all layers together that is pruned."""
    sizes, pruned = 0, 0.0
    for layer in layers:
        sizes += layer.weight.numel()
        if layer.selection is not None:
            pruned += layer.weight.numel() - len(layer.selection.rows) * layer.selection.block_size
    return pruned / sizes


def total_requested(layers: Sequence[PrunedLayer]) -> float:
    """What the schedule asked of all layers together at the last mask update."""
    sizes = [layer.weight.numel() for layer in layers]
    return sum(layer.sparsity * size for layer, size in zip(layers, sizes, strict=True)) / sum(sizes)
