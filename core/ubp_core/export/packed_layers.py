"""The pruned layers of a network as one packed file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ubp_core.errors import PlanError
from ubp_core.packed.file import PackedFile
from ubp_core.packed.layer_packing import add_to_source, head_texts, pack_layer
from ubp_core.quantisation.exports.single_layers import MEANING, with_types
from ubp_core.vocabulary import INT8

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan.plan import Plan
    from ubp_core.selection import Selection


@dataclass(frozen=True)
class PackedLayers:
    """The pruned layers as one packed file, without the rest of the network."""

    file: PackedFile
    notes: tuple[str, ...]
    """Where the type takes more of a layer than it should."""


def pack_selected(
    plan: Plan, model: LoadedModel, selections: dict[str, Selection], check: Callable[[], None]
) -> PackedLayers:
    """The pruned layers, in the plan's types.

    Raises:
        SelectionError: a block size that kernels don't have, or weights that a type can't hold; the line names the
            layer.
        PlanError: nothing is pruned.
    """
    if not selections:
        raise PlanError("no layer is pruned, so there is nothing to pack")
    layers = []
    for name, selection in selections.items():
        check()
        layers.append(pack_layer(model.layer(name), selection, plan.criterion))
    dtypes = [plan.dtype_of(layer.name) for layer in layers]
    typed, notes = with_types(layers, dtypes, [selection.groups for selection in selections.values()])
    name, source = head_texts(model)
    return PackedLayers(PackedFile(typed, name, add_to_source(source, MEANING) if INT8 in dtypes else source), notes)
