"""Exports a network in the types that are asked for, be they of numbers with a point, of integers, or mixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ubp_core.errors import ModelError
from ubp_core.network.exporting import ExportedNetwork, NetworkExporter
from ubp_core.network.types.conversions import NetworkTypes
from ubp_core.network.types.costs import Images
from ubp_core.quantisation.exports.exporting import Calibrating, kept_layers, with_integers
from ubp_core.selection import Selection
from ubp_core.vocabulary import INT8


def export_by_types(
    exporter: NetworkExporter,
    selections: Mapping[str, Selection],
    criterion: str,
    types: NetworkTypes,
    calibrating: Calibrating | None = None,
    progress: Callable[[str], None] | None = None,
    images: Images = (),
) -> ExportedNetwork:
    """Packs, quantises where any layer is int8, plans and checks. Writes nothing.

    Args:
        exporter: the captured network.
        selections, criterion, progress, images: as of `export_network`.
        types: of layers.
        calibrating: pictures and recipe for int8, in which `types` decides on layers that stay out.

    Raises:
        ModelError: int8 without pictures; else as `export_network` and `quantise`.
        SelectionError: a weight of a layer in fp16 that this type can't hold.
    """
    if INT8 not in types.all_types:
        return exporter.export(selections, criterion, progress, types, images)
    if calibrating is None:
        raise ModelError("int8 needs pictures to calibrate on, or random numbers for tests of speed")
    full = exporter.export(selections, criterion, progress)
    return with_integers(full, selections, keeping(calibrating, full, types), progress, images)


def keeping(calibrating: Calibrating, full: ExportedNetwork, types: NetworkTypes) -> Calibrating:
    """The same where the layers that are not int8 stay out."""
    own = {layer.name: types.of_layer(layer.name) for layer in full.packed.layers} | dict(types.layers)
    keep, halves = kept_layers({name: dtype for name, dtype in own.items() if dtype != INT8})
    return replace(calibrating, recipe=replace(calibrating.recipe, keep=keep), halves=halves)
