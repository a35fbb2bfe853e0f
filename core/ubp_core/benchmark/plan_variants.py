"""Variants of a plan: what it says, next to dense and, where asked for, to other methods with the same numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ubp_core.benchmark.variants import Variant, make_variants
from ubp_core.vocabulary import DEFAULT_DTYPE, DENSE

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan.plan import Plan
    from ubp_core.plan.records import LayerPlan

PLAN = "plan"
"""Method of a network whose layers are each as a plan says."""


def plan_layer_variants(
    planned: LayerPlan, methods: Sequence[str] = (), dtype: str = DEFAULT_DTYPE
) -> tuple[Variant, ...]:
    """Variants of one layer that a plan prunes.

    Args:
        planned: what the plan says.
        methods: others to run, with the layer's blocks and sparsity.
        dtype: of the layer.
    """
    others = [method for method in methods if method != planned.method]
    columns = (planned.block_columns,)
    return make_variants((*others, planned.method), (planned.block_size,), (planned.sparsity,), (dtype,), columns)


def plan_network_variants(plan: Plan, model: LoadedModel, methods: Iterable[str] = ()) -> tuple[Variant, ...]:
    """Variants of the whole network; the plan's own is the last one.

    Where layers differ in blocks or sparsity, a variant has block size 0 and the sparsity that is requested of all
    layers together that can be pruned.

    Args:
        plan: prunes at least one layer.
        model: the plan's network.
        methods: others to run, every layer with its own blocks and sparsity.
    """
    numbers = {(layer.block_size, layer.sparsity, plan.dtype, layer.block_columns) for layer in plan.pruned}
    sizes = next(iter(numbers)) if len(numbers) == 1 else (0, requested_share(plan, model), plan.dtype)
    own = {layer.method for layer in plan.pruned}
    others = [method for method in methods if method != DENSE and own != {method}]
    chosen = (*((method, *sizes) for method in dict.fromkeys(others)), (PLAN, *sizes))
    return Variant(DENSE, dtype=plan.dtype), *(Variant(*each) for each in chosen)


def requested_share(plan: Plan, model: LoadedModel) -> float:
    """Share of the weights to prune, over all layers that can be pruned, 0 to 1."""
    total = sum(layer.parameters for layer in model.prunable)
    asked = sum(plan.layer(layer.name).sparsity * layer.parameters for layer in model.prunable)
    return round(asked / total, 4) if total else 0.0
