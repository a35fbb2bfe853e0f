"""Whole networks as variants of a comparison: one packed file each, captured once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.benchmark.errors import BadSetting
from ubp_core.benchmark.variants import DENSE, PackedVariants, Variant
from ubp_core.errors import ModelError

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.selection import Selection

SettingsOf = Callable[[Variant, str], tuple[int, float] | None]

NETWORK = "network"
"""What stands for a layer's name."""


def pack_network_variants(
    model: LoadedModel,
    variants: Iterable[Variant],
    folder: Path,
    input_shape: tuple[int, int, int, int],
    criterion: str = "l1",
    threads: int | None = None,
    on_variant: Callable[[str], None] | None = None,
    settings_of: SettingsOf | None = None,
) -> PackedVariants:
    """Exports every variant of a network: all layers that can be pruned are, the others stay dense.

    Args:
        model: with its module.
        variants: what to compare.
        folder: an empty or own folder for the files.
        input_shape: batch, channels, height, width.
        on_variant: gets a variant's label before the work on it begins; may raise to end it.
        settings_of: for a variant and a layer's name, the layer's own block size and sparsity, or None: it stays
            dense. Without it every layer is as the variant says.

    Raises:
        ModelError: the network can't be exported, or has nothing to prune.
        SelectionError, BadSetting: a variant that it can't have.
    """
    from ubp_core.network.exporting import NetworkExporter

    chosen = tuple(variants)
    tell = on_variant or (lambda label: None)
    if not model.prunable and any(variant.method != DENSE for variant in chosen):
        raise ModelError(f"{model.name} has no layer that can be pruned")
    for variant in chosen:
        check_block_size(variant)
    folder.mkdir(parents=True, exist_ok=True)
    exporter = NetworkExporter(model, input_shape)
    files, retained = [], []
    for number, variant in enumerate(chosen):
        tell(variant.label)
        selections, share = select_layers(model, variant, criterion, threads, settings_of)
        path = folder / f"{number}.ubp"
        exporter.export(selections, criterion).packed.save(path)
        files.append(path)
        retained.append(share)
    return PackedVariants(NETWORK, chosen, tuple(files), tuple(retained), network=True)


def check_block_size(variant: Variant) -> None:
    """Refuses what packed files can't hold, before anything is captured."""
    from ubp_core.packed_format import BLOCK_SIZES

    if variant.method != DENSE and variant.block_size not in BLOCK_SIZES:
        raise BadSetting(f"block size {variant.block_size}: kernels have {', '.join(map(str, BLOCK_SIZES))}")


def select_layers(
    model: LoadedModel, variant: Variant, criterion: str, threads: int | None, settings_of: SettingsOf | None = None
) -> tuple[dict[str, Selection], float]:
    """Blocks of every layer that can be pruned, and the share of their importance that is kept."""
    from ubp_core import importance, select_blocks

    if variant.method == DENSE:
        return {}, 1.0
    selections, kept, total = {}, 0.0, 0.0
    for layer in model.prunable:
        own = settings_of(variant, layer.name) if settings_of else (variant.block_size, variant.sparsity)
        matrix = importance(layer.weight, criterion)
        whole = float(matrix.sum(dtype="float64"))
        if own is None:
            kept, total = kept + whole, total + whole
            continue
        selection = select_blocks(matrix, *own, variant.method, threads)
        selections[layer.name] = selection
        kept, total = kept + selection.retained * whole, total + whole
    return selections, kept / total if total else 1.0
