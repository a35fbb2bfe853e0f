"""Runs the graph of a packed file with torch in double precision: what the native runtime is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ubp_core.packed.format import Op
from ubp_core.packed.graph import Graph, Node, Window
from ubp_core.packed.layer import PackedLayer

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "relu": F.relu,
    "relu6": F.relu6,
    "hard_swish": F.hardswish,
    "hard_sigmoid": F.hardsigmoid,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
}


def run_plain(graph: Graph, layers: Sequence[PackedLayer], inputs: Sequence[NDArray[np.float32]]) -> list[Tensor]:
    """Every tensor of the graph, as [batch, channels, height, width]."""
    values = [torch.from_numpy(x.astype(np.float64)) for x in inputs]
    values = [x if x.ndim == 4 else x[:, :, None, None] for x in values]
    for node in graph.nodes:
        values.append(apply_node(node, layers, [values[tensor] for tensor in node.operands]))
    return values


def apply_node(node: Node, layers: Sequence[PackedLayer], operands: list[Tensor]) -> Tensor:
    x = operands[0]
    if node.op == Op.LAYER:
        assert node.layer is not None
        return apply_layer(layers[node.layer], x, operands[1] if len(operands) > 1 else None)
    if node.op in (Op.MAX_POOL, Op.AVERAGE_POOL):
        return pool(node, x)
    if node.op == Op.FLATTEN:
        return x.reshape(x.shape[0], -1, 1, 1)
    if node.op == Op.CONCAT:
        return torch.cat(operands, 1)
    if node.op == Op.SOFTMAX:
        return torch.softmax(x, 1)
    result = {Op.ADD: lambda: x + operands[1], Op.MULTIPLY: lambda: x * operands[1], Op.ACTIVATION: lambda: x}[
        node.op
    ]()
    return ACTIVATIONS[node.activation](result)


def apply_layer(layer: PackedLayer, x: Tensor, addend: Tensor | None) -> Tensor:
    weight = torch.from_numpy(layer.unpack().astype(np.float64).reshape(layer.shape))
    weight = weight if weight.ndim == 4 else weight[:, :, None, None]
    (down, across), (more_down, more_across) = layer.padding, layer.extra_padding
    padded = F.pad(x, (across, across + more_across, down, down + more_down))
    bias = torch.from_numpy(layer.bias.astype(np.float64))
    y = F.conv2d(padded, weight, bias, layer.stride, 0, layer.dilation, layer.groups)
    return ACTIVATIONS[layer.activation](y if addend is None else y + addend)


def pool(node: Node, x: Tensor) -> Tensor:
    """Windows over the padded image, one by one: what lies in the padding counts nowhere but in a divisor."""
    window = node.window
    assert window is not None
    (top, left), (more_down, more_across) = window.padding, window.extra
    pads = (left, left + more_across, top, top + more_down)
    if node.op == Op.MAX_POOL:
        return windows_of(F.pad(x, pads, value=-np.inf), window).amax((-1, -2))
    inside = windows_of(F.pad(torch.ones_like(x), pads), window).sum((-1, -2))
    count = window.kernel[0] * window.kernel[1] if node.counts_padding else inside
    return windows_of(F.pad(x, pads), window).sum((-1, -2)) / count


def windows_of(image: Tensor, window: Window) -> Tensor:
    """[..., out_h, out_w, kernel_h, kernel_w]"""
    rows = image.unfold(2, window.kernel[0], window.stride[0])
    return rows.unfold(3, window.kernel[1], window.stride[1])
