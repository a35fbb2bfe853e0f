"""Methods over a grid of block sizes and sparsities: what each keeps of every layer. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubp_core.vocabulary import DEFAULT_CRITERION

if TYPE_CHECKING:
    from ubp_core.models import Layer


@dataclass(frozen=True)
class LayerResult:
    """One layer at one form of blocks and one sparsity."""

    layer: Layer
    total: float
    """Sum of its importance."""
    kept_weights: int
    """Weights that the budget of blocks keeps; all of them where the layer stays dense."""
    methods: dict[str, dict[str, Any]]
    """By method: retained, upper_bound, blocks, seconds, note."""


@dataclass(frozen=True)
class GridResult:
    """All layers at one form of blocks and one sparsity."""

    block_size: int
    block_columns: int
    sparsity: float
    layers: tuple[LayerResult, ...]

    def total(self, method: str, key: str = "retained") -> float | None:
        """Share kept over all layers; None where a layer has none (`greedy` ran out), or there are no layers."""
        shares = [result.methods[method][key] for result in self.layers]
        total = sum(result.total for result in self.layers)
        if not shares or None in shares:
            return None
        kept = sum(share * result.total for share, result in zip(shares, self.layers, strict=True))
        return float(kept / total) if total > 0 else 1.0

    def seconds(self, method: str) -> float:
        """Time of the selections of all layers."""
        return float(sum(result.methods[method]["seconds"] for result in self.layers))

    @property
    def achieved_sparsity(self) -> float | None:
        """Over all layers compared; None without layers."""
        weights = sum(result.layer.parameters for result in self.layers)
        return 1 - sum(result.kept_weights for result in self.layers) / weights if weights else None


def compare_layers(
    layers: Sequence[Layer],
    asked: Sequence[tuple[int, int, float]],
    methods: Sequence[str],
    criterion: str = DEFAULT_CRITERION,
    threads: int | None = None,
    step: Callable[[], None] = lambda: None,
) -> list[GridResult]:
    """Every method on every layer for every (block size, columns of a block, sparsity).

    Args:
        layers: their weights are used as they are.
        asked: block size 1 to 32, columns 1 or 4, sparsity in [0, 1).
        methods: names from `ubp_core.METHODS`.
        criterion: of the importance.
        threads: of each selection.
        step: called after each layer and what is asked of it.

    Returns:
        One result for each that is asked, in their order.
    """
    from ubp_core import importance
    from ubp_core.budgets import blocks_to_keep, too_few_rows
    from ubp_core.report import compare_methods
    from ubp_core.selection import check_importance, fit_groups

    rows: list[list[LayerResult]] = [[] for _ in asked]
    for layer in layers:
        matrix = importance(layer.weight, criterion)
        total = float(matrix.sum(dtype="float64"))
        shape = (layer.rows, layer.columns)
        alike = fit_groups(check_importance(matrix), None) if any(width > 1 for _, width, _ in asked) else None
        for row, (block_size, width, sparsity) in zip(rows, asked, strict=True):
            groups = None if width == 1 else alike
            outcomes = compare_methods(matrix, block_size, sparsity, tuple(methods), threads, groups)
            by_method = {o.method: _method_record(o) for o in outcomes}
            dense = too_few_rows(layer.rows, block_size)
            size, blocks, columns = blocks_to_keep(shape, block_size, sparsity, "optimal", width)
            kept = min(blocks * size * columns, layer.parameters)
            row.append(LayerResult(layer, total, layer.parameters if dense else kept, by_method))
            step()
    return [GridResult(*one, tuple(row)) for one, row in zip(asked, rows, strict=True)]


def notes_of(results: Sequence[GridResult]) -> list[str]:
    """A line for every layer that stays dense or can't have its sparsity, each once."""
    from ubp_core.budgets import budget_note, dense_reason

    lines = []
    for result in results:
        for row in result.layers:
            shape = (row.layer.rows, row.layer.columns)
            reason = dense_reason(shape, result.block_size, result.sparsity)
            note = budget_note(shape, result.block_size, result.sparsity, result.block_columns)
            note = f"stays dense: {reason}" if reason else note
            if note:
                lines.append(f"{row.layer.name}: {note}")
    return list(dict.fromkeys(lines))


def _method_record(outcome: Any) -> dict[str, Any]:
    """A `MethodResult` as it stands in the JSON object."""
    return {
        "retained": outcome.retained,
        "upper_bound": outcome.upper_bound,
        "blocks": outcome.blocks,
        "seconds": outcome.seconds,
        "note": outcome.note,
    }


def number(share: float | None) -> str:
    """Per cent without the sign, which the line below the table has."""
    return "-" if share is None else f"{100 * share:.2f}"
