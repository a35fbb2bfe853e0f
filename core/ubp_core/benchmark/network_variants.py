"""Whole networks as variants of a comparison: one packed file each, captured once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ubp_core.benchmark.errors import BadSetting
from ubp_core.benchmark.plan_variants import PLAN
from ubp_core.benchmark.variants import PackedVariants, Variant
from ubp_core.errors import ModelError
from ubp_core.vocabulary import DEFAULT_CRITERION, DENSE, INT8, RANDOM_NOTE

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan.plan import Plan
    from ubp_core.selection import Selection

Importances = Mapping[str, NDArray[np.float32]]
"""[R, K] of every layer that can be pruned, by name."""
Settings = tuple[int, int, float]
"""Block size, columns of a block, sparsity."""
SettingsOf = Callable[[Variant, str], Settings | None]
TypesOf = Callable[[Variant], Mapping[str, str]]

NETWORK = "network"
"""What stands for a layer's name."""


def pack_network_variants(
    model: LoadedModel,
    variants: Iterable[Variant],
    folder: Path,
    input_shape: tuple[int, int, int, int],
    criterion: str = DEFAULT_CRITERION,
    threads: int | None = None,
    on_variant: Callable[[str], None] | None = None,
    settings_of: SettingsOf | None = None,
    types_of: TypesOf | None = None,
    plan: Plan | None = None,
) -> PackedVariants:
    """Exports every variant of a network: all layers that can be pruned are, the others stay dense.

    Variants of int8 are calibrated on random numbers: how fast they run does not depend on that.

    Args:
        model: with its module.
        variants: what to compare.
        folder: an empty or own folder for the files.
        input_shape: batch, channels, height, width.
        threads: of each selection.
        on_variant: gets a variant's label before the work on it begins, and again before each slow step of it; may
            raise to end it.
        settings_of: for a variant and a layer's name, the layer's own blocks and sparsity, or None: it stays
            dense. Without it every layer is as the variant says.
        types_of: for a variant, the layers of another type than its own; without it there are none.
        plan: for a variant of `plan_network_variants`; other methods have its blocks and sparsities.

    Raises:
        ModelError: the network can't be exported, or has nothing to prune.
        SelectionError, BadSetting: a variant that it can't have.
        PlanError: the plan is not for this network, or has a block size without kernel.
    """
    from ubp_core import importance
    from ubp_core.network.exporting import NetworkExporter
    from ubp_core.network.types.conversions import NetworkTypes, types_of_plan
    from ubp_core.plan.applying import check_block_sizes, check_model, select_plan, settle_plan
    from ubp_core.quantisation.exports.by_types import export_by_types
    from ubp_core.quantisation.exports.exporting import Calibrating

    chosen = tuple(variants)
    tell = on_variant or (lambda label: None)
    if not model.prunable and any(variant.method != DENSE for variant in chosen):
        raise ModelError(f"{model.name} has no layer that can be pruned")
    for variant in chosen:
        check_block_size(variant)
    if plan is not None:
        check_model(plan, model)
        plan = settle_plan(plan, model)
        check_block_sizes(plan)
    folder.mkdir(parents=True, exist_ok=True)
    exporter = NetworkExporter(model, input_shape)
    importances = {layer.name: importance(layer.weight, criterion) for layer in model.prunable}
    settings_of = settings_of or (settings_of_variant if plan is None else settings_of_plan(plan))
    calibrating = Calibrating.of_random_numbers(input_shape)
    files, retained, found = [], [], set[str]()
    for number, variant in enumerate(chosen):
        tell(variant.label)
        if plan is not None and variant.method == PLAN:
            selections, types = select_plan(plan, model, threads=threads), types_of_plan(plan)
        else:
            selections = select_layers(importances, variant, settings_of, threads)
            types = NetworkTypes(variant.dtype, types_of(variant) if types_of else {})
        step = partial(tell_label, tell, variant.label)
        path = folder / f"{number}.ubp"
        export_by_types(exporter, selections, criterion, types, calibrating, step).packed.save(path)
        files.append(path)
        retained.append(find_retained(importances, selections))
        found |= types.all_types
    notes = (RANDOM_NOTE,) if INT8 in found else ()
    return PackedVariants(NETWORK, chosen, tuple(files), tuple(retained), network=True, notes=notes)


def tell_label(tell: Callable[[str], None], label: str, line: str) -> None:
    """A slow step of a variant is told by the variant's name."""
    tell(label)


def check_block_size(variant: Variant) -> None:
    """Refuses what packed files can't hold, before anything is captured."""
    from ubp_core.budgets import no_kernel

    if variant.block_size and (reason := no_kernel(variant.block_size)):
        raise BadSetting(reason)


def select_layers(
    importances: Importances, variant: Variant, settings_of: SettingsOf, threads: int | None
) -> dict[str, Selection]:
    """Blocks of every layer that the variant prunes; what can't have such blocks stays dense."""
    from ubp_core import select_blocks
    from ubp_core.budgets import dense_reason

    selections: dict[str, Selection] = {}
    for name, matrix in importances.items():
        own = None if variant.method == DENSE else settings_of(variant, name)
        if own is None:
            continue
        size, columns, sparsity = own
        if not dense_reason((matrix.shape[0], matrix.shape[1]), size, sparsity):
            selections[name] = select_blocks(matrix, size, sparsity, variant.method, threads, columns)
    return selections


def settings_of_variant(variant: Variant, layer: str) -> Settings | None:
    """Every layer alike."""
    return variant.block_size, variant.block_columns, variant.sparsity


def settings_of_plan(plan: Plan) -> SettingsOf:
    """Every layer with the plan's blocks and sparsity."""

    def find_settings(variant: Variant, layer: str) -> Settings | None:
        planned = plan.layer(layer)
        return None if planned.dense else (planned.block_size, planned.block_columns, planned.sparsity)

    return find_settings


def find_retained(importances: Importances, selections: Mapping[str, Selection]) -> float:
    """Share of the importance that is kept, over all layers that can be pruned."""
    kept = total = 0.0
    for name, matrix in importances.items():
        whole = float(matrix.sum(dtype="float64"))
        share = selections[name].retained if name in selections else 1.0
        kept, total = kept + share * whole, total + whole
    return kept / total if total else 1.0
