"""The variants of a layer that a comparison runs against each other, and their packed files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.benchmark.errors import BadSetting
from ubp_core.units import format_block
from ubp_core.vocabulary import (
    COMPARED_METHODS,
    DEFAULT_BLOCK_COLUMNS,
    DEFAULT_BLOCK_SIZE,
    DEFAULT_CRITERION,
    DEFAULT_DTYPE,
    DEFAULT_SPARSITY,
    DENSE,
)

if TYPE_CHECKING:
    from ubp_core.models import Layer


@dataclass(frozen=True)
class Variant:
    """One way to run a layer."""

    method: str
    """"dense" or a selection method."""
    block_size: int = 0
    """0 where dense, and where the layers of a network differ."""
    sparsity: float = 0.0
    dtype: str = DEFAULT_DTYPE
    """Of weights and arrays, one of DTYPES."""
    block_columns: int = DEFAULT_BLOCK_COLUMNS
    """Of a block; of no meaning where the block size is 0."""

    @property
    def label(self) -> str:
        """Short name, such as "bed N=4 s=0.75", "bed N=4x4 s=0.75" or "dense fp16"."""
        block = format_block(self.block_size, self.block_columns)
        words = [f"{self.method} N={block} s={self.sparsity:g}" if self.block_size else self.method]
        return " ".join(words if self.dtype == DEFAULT_DTYPE else [*words, self.dtype])


@dataclass(frozen=True)
class PackedVariants:
    """Variants as files, each holding one layer or a whole network."""

    layer: str
    variants: tuple[Variant, ...]
    files: tuple[Path, ...]
    retained: tuple[float, ...]
    """Share of the importance that each variant keeps."""
    network: bool = False
    """The files are whole networks, and `layer` is only a word for that."""
    weight_shape: tuple[int, ...] = ()
    """Of the layer; of a network ()."""
    notes: tuple[str, ...] = ()
    """What must stand beside their figures, a line each."""


def make_variants(
    methods: Sequence[str] = COMPARED_METHODS,
    block_sizes: Sequence[int] = (DEFAULT_BLOCK_SIZE,),
    sparsities: Sequence[float] = (DEFAULT_SPARSITY,),
    dtypes: Sequence[str] = (DEFAULT_DTYPE,),
    block_columns: Sequence[int] = (DEFAULT_BLOCK_COLUMNS,),
) -> tuple[Variant, ...]:
    """For each type dense (once, first) and every method with every form of block and sparsity; unstructured has
    single weights."""
    found = []
    for dtype in dtypes:
        found.append(Variant(DENSE, dtype=dtype))
        for method in methods:
            if method != DENSE:
                single = method == "unstructured"
                forms = [(1, 1)] if single else [(size, width) for size in block_sizes for width in block_columns]
                found += [Variant(method, n, s, dtype, c) for n, c in forms for s in sparsities]
    return tuple(dict.fromkeys(found))


def pack_variants(
    layer: Layer,
    variants: Iterable[Variant],
    folder: Path,
    criterion: str = DEFAULT_CRITERION,
    threads: int | None = None,
) -> PackedVariants:
    """Selects and packs every variant of a layer.

    Args:
        layer: a layer with one group.
        folder: an empty or own folder for the files.

    Raises:
        SelectionError, ModelError: a variant that the layer can't have.
        BadSetting: a variant that packed files can't hold.
    """
    from ubp_core import importance, select_blocks
    from ubp_core.budgets import no_kernel, too_few_rows
    from ubp_core.packed.layer_packing import pack_layer
    from ubp_core.quantisation.exports.single_layers import as_stored

    chosen = tuple(variants)
    matrix = importance(layer.weight, criterion)
    folder.mkdir(parents=True, exist_ok=True)
    files, retained = [], []
    for number, variant in enumerate(chosen):
        selection = None
        if variant.method != DENSE:
            if reason := no_kernel(variant.block_size):
                raise BadSetting(reason)
            reason = too_few_rows(layer.rows, variant.block_size)
            if reason:
                raise BadSetting(f"{layer.name} {reason}: it stays dense; take smaller blocks")
            asked = (variant.block_size, variant.sparsity, variant.method, threads, variant.block_columns)
            selection = select_blocks(matrix, *asked)
        path = folder / f"{number}.ubp"
        packed = pack_layer(layer, selection, criterion if selection else "")
        packed = as_stored(packed, variant.dtype, selection.groups if selection else None)
        if layer.kind == "linear":
            packed = replace(packed, image_hw=(1, 1))  # a convolution over one pixel
        packed.save(path)
        files.append(path)
        retained.append(packed.retained)
    return PackedVariants(layer.name, chosen, tuple(files), tuple(retained), weight_shape=layer.shape)
