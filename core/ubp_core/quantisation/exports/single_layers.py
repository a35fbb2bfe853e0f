"""Layers that are stored alone in one of the stored types: fp32 as they are, fp16, or int8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ubp_core.grouping.columns import ColumnGroups
from ubp_core.network.types.half import as_type, loss_note
from ubp_core.packed.layer import PackedLayer
from ubp_core.vocabulary import INT8

MEANING: Final = "layers of int8 for speed alone: they take bytes q that mean (q - 128) / 128"
"""For the file's source: nothing else in it says what their input is."""


def as_stored(layer: PackedLayer, dtype: str, groups: ColumnGroups | None = None) -> PackedLayer:
    """The layer with weights of this type; an fp32 layer comes back as it is.

    Args:
        layer: in fp32.
        dtype: one of DTYPES.
        groups: of columns, where its blocks are those of N x 4 blocks; only int8 writes them in one piece.

    Raises:
        SelectionError: weights that the type can't hold; the line names the layer.
    """
    if dtype != INT8:
        return as_type(layer, dtype)
    from ubp_core.quantisation.exports.uncalibrated import to_integers  # needs torch, which an ARM64 host may lack

    return to_integers(layer, groups)


def with_types(
    layers: Sequence[PackedLayer], dtypes: Sequence[str], groups: Sequence[ColumnGroups | None]
) -> tuple[tuple[PackedLayer, ...], tuple[str, ...]]:
    """The layers in their types, and a note for each where rounding to fp16 takes more of a row than it should.

    Raises:
        SelectionError: as `as_stored`.
    """
    typed = tuple(map(as_stored, layers, dtypes, groups))
    pairs = zip(layers, typed, strict=True)
    return typed, tuple(filter(None, (loss_note(one, other) for one, other in pairs if other.dtype != INT8)))
