"""Packs a layer of a loaded model: takes geometry and bias from the layer, so that callers give only the selection."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ubp_core.errors import ModelError, SelectionError
from ubp_core.packed.format import MAX_STEP, MAX_TEXT
from ubp_core.packed.packing import BlockSelection, pack, pack_dense
from ubp_core.printable import printable

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel
    from ubp_core.packed.layer import PackedLayer


def pack_layer(
    layer: Layer, selection: BlockSelection | None, criterion: str = "", activation: str | None = None
) -> PackedLayer:
    """Packs one layer of a model.

    Args:
        layer: a convolution with one group, or a linear layer.
        selection: the blocks that stay; None packs the layer dense.
        criterion: the importance that the selection saw.
        activation: fused behind the bias; a model's layers don't know theirs.

    Raises:
        ModelError: the layer has groups, or its geometry or its bias isn't known.
        SelectionError: the selection does not fit the layer, or the layer a packed file; the line names it.
    """
    if layer.groups != 1:
        raise ModelError(f"{layer.name} has {layer.groups} groups: only layers with one group can be packed")
    if layer.kind == "transposed":
        raise ModelError(f"{layer.name}: {layer.skip_reason}; only plain convolutions and linear layers can be packed")
    if not layer.bias_known:
        raise ModelError(f"{layer.name}: {layer.skip_reason}; packed without it the layer would be another one")
    if not layer.geometry_known:
        raise ModelError(
            f"{layer.name}: geometry unknown, a checkpoint tells no stride, padding and dilation; --arch NAME tells "
            "its network, or `ubp pack` takes --stride and --padding"
        )
    image_hw = input_image(layer)
    geometry = (layer.bias, layer.stride, layer.padding, layer.dilation, activation)
    try:
        if selection is None:
            return pack_dense(layer.weight, *geometry, name=layer.name, image_hw=image_hw)
        return pack(layer.weight, selection, *geometry, name=layer.name, criterion=criterion, image_hw=image_hw)
    except SelectionError as error:
        raise SelectionError(f"{layer.name}: {error}") from None


def give_geometry(layer: Layer, stride: int, padding: int, dilation: int) -> Layer:
    """A layer of a bare checkpoint with the geometry that the user knows; a linear layer has none and stays as it is.

    Raises:
        ModelError: the layer's network tells its geometry.
    """
    if layer.kind == "linear":
        return layer
    if layer.geometry_known:
        raise ModelError(f"{layer.name}: its network tells the geometry; leave out --stride, --padding and --dilation")
    return replace(
        layer,
        stride=(stride, stride),
        padding=(padding, padding),
        dilation=(dilation, dilation),
        geometry_known=True,
    )


def head_texts(model: LoadedModel) -> tuple[str, str]:
    """The model's name and source as a packed file may hold them: each one line of limited length."""
    return _one_line(model.name), _one_line(model.source)


def add_to_source(source: str, words: str) -> str:
    """Where the weights come from, and more on what the file is, in one line that it may hold."""
    added = f"; {words}" if source else words
    return source.encode()[: MAX_TEXT - len(added.encode())].decode("utf-8", "ignore") + added


def _one_line(text: str) -> str:
    return printable(text).encode("utf-8", "replace")[:MAX_TEXT].decode("utf-8", "ignore")


def input_image(layer: Layer) -> tuple[int, int] | None:
    """An input image that gives the layer the output it has in its model; None where that isn't known.

    Several sizes do where the stride is above 1: then output times stride is taken, if it is one of them.
    """
    if layer.output_hw is None:
        return None
    kernel = layer.shape[2:] if len(layer.shape) == 4 else (1, 1)
    sides = [
        _input_side(*numbers)
        for numbers in zip(layer.output_hw, kernel, layer.stride, layer.padding, layer.dilation, strict=True)
    ]
    return (sides[0], sides[1]) if all(1 <= side <= MAX_STEP for side in sides) else None


def _input_side(output: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Height or width of an input; see `input_image`."""
    least = (output - 1) * stride + dilation * (kernel - 1) + 1 - 2 * padding
    usual = output * stride
    return usual if least <= usual < least + stride else max(least, 1)
