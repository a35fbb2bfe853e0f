"""The layers that a pruner works on: what was asked for, resolved against the network. Writes no weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from ubp_core.budgets import dense_reason, too_few_rows
from ubp_core.errors import PruningError
from ubp_core.models.layer_extraction import find_skip_reasons, own_weight
from ubp_core.plan import LayerPlan, Plan
from ubp_core.pruning.deployability import refusal
from ubp_core.pruning.masks import PrunedLayer
from ubp_core.pruning.rules import LayerSettings, Overrides, resolve_rules, rules_of_plan


def make_layers(
    model: nn.Module,
    defaults: LayerSettings,
    overrides: Overrides | None,
    skip: Sequence[str],
    plan: Plan | None,
    keep_dense: bool,
) -> list[PrunedLayer]:
    """The layers to prune, in the network's order; refuses those that can't be.

    Args:
        model: without wrappers.
        defaults: what holds where nothing else is said.
        overrides, skip: see `resolve_rules`.
        plan: says everything in place of these; what it can't prune stays dense.
        keep_dense: of `PrunedLayer`.

    Raises:
        PruningError: the line names the layer.
    """
    reasons = find_skip_reasons(model, PruningError)
    if plan is not None:
        overrides, skip = rules_of_plan(plan, reasons, [x.name for x in plan.pruned if _stays_dense(model, x, reasons)])
    layers = []
    for name, chosen in resolve_rules(reasons, defaults, overrides, skip).items():
        module = model.get_submodule(name)
        reason = refusal(module, chosen.block_size)
        if reason:
            raise PruningError(f"{name} can't be pruned: {reason}; leave it out by skip=[{name!r}]")
        layers.append(PrunedLayer(name, module, chosen, keep_dense))
        if layers[-1].weight.is_meta:
            raise PruningError(f"{name} can't be pruned: its weight is on the meta device, where it has no values")
    if len({id(layer.weight) for layer in layers}) < len(layers):
        raise PruningError("two layers share one weight; leave one of them out by skip")
    return layers


def find_small_layers(
    model: nn.Module, defaults: LayerSettings, overrides: Overrides | None, skip: Sequence[str]
) -> dict[str, str]:
    """Layers that would be pruned if they had as many rows as a block, with that in words."""
    found = {}
    for name, chosen in resolve_rules(find_skip_reasons(model, PruningError), defaults, overrides, skip).items():
        weight = own_weight(model.get_submodule(name))
        reason = None if weight is None else too_few_rows(weight.shape[0], chosen.block_size)
        if reason:
            found[name] = reason
    return found


def _stays_dense(model: nn.Module, planned: LayerPlan, names: Mapping[str, object]) -> bool:
    """Whether a layer of a plan can't have its blocks, or keeps every weight without them."""
    weight = own_weight(model.get_submodule(planned.name)) if planned.name in names else None
    if weight is None or not weight.numel():
        return False
    return dense_reason((weight.shape[0], weight[0].numel()), planned.block_size, planned.sparsity) is not None
