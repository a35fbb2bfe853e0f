"""Runs a packed network with torch, operation by operation, inside one arena as its plan says.

The judge of writers and runtimes: independent of the native code, and a wrong arena plan gives wrong results here too.
A step computes in fp32 and rounds what it makes to the type of its tensor. Slow; for checks only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ubp_core.errors import UbpError
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.packed.graph import ELEMENT_BYTES, Graph, Node, Window
from ubp_core.packed.graph import Tensor as GraphTensor
from ubp_core.packed.layer import PackedLayer

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "relu": torch.relu,
    "relu6": functional.relu6,
    "hard_swish": functional.hardswish,
    "hard_sigmoid": functional.hardsigmoid,
    "silu": functional.silu,
    "sigmoid": torch.sigmoid,
}

Observer = Callable[[Node, Sequence[Tensor]], None]
TORCH_TYPES = {"fp32": torch.float32, "fp16": torch.float16}


def run_reference(
    packed: PackedFile, inputs: Sequence[NDArray[Any]], observe: Observer = lambda node, operands: None
) -> tuple[NDArray[np.float32], ...]:
    """The network's outputs.

    Args:
        packed: a file with a graph.
        inputs: one array for each input of the network, of its shape.
        observe: gets every node, with what it is given, before it runs.

    Raises:
        UbpError: the file has no graph, or one of int8, or an input has another shape.
    """
    graph = packed.graph
    if graph is None:
        raise UbpError("the file holds layers alone, no network")
    if any(tensor.dtype not in TORCH_TYPES for tensor in graph.tensors):
        raise UbpError(
            "the network is in int8, which this reference does not compute; `quantisation` has one that does"
        )
    arena = Arena(graph)
    for number, given in enumerate(inputs):
        arena.fill(number, np.asarray(given, np.float32))
    with torch.no_grad():
        for index, node in enumerate(graph.nodes):
            operands = [arena[tensor] for tensor in node.operands]
            observe(node, operands)
            arena.store(graph.output_of(index), run_node(packed.layers, node, operands))
    return tuple(arena[tensor].numpy().copy().reshape(graph.tensors[tensor].shape) for tensor in graph.outputs)


class Arena:
    """The memory of a run; every tensor is a view into it."""

    def __init__(self, graph: Graph) -> None:
        memory = torch.full((graph.arena_size,), 0xFF, dtype=torch.uint8)  # NaN, in every type
        self._views = [view_in(memory, tensor) for tensor in graph.tensors]
        self._shapes = [t.shape for t in graph.tensors[: graph.input_count]]

    def __getitem__(self, tensor: int) -> Tensor:
        """The tensor's numbers in fp32, which has them all."""
        return self._views[tensor].float()

    def fill(self, tensor: int, values: NDArray[np.float32]) -> None:
        """Copies an input of the network."""
        if values.shape != self._shapes[tensor]:
            raise UbpError(f"input {tensor}: need shape {self._shapes[tensor]}, got {values.shape}")
        self.store(tensor, torch.from_numpy(np.ascontiguousarray(values)))

    def store(self, tensor: int, values: Tensor) -> None:
        """Copies a result, which has been calculated outside the arena, rounded to the tensor's type."""
        self._views[tensor].copy_(values.reshape(self._views[tensor].shape))


def view_in(memory: Tensor, tensor: GraphTensor) -> Tensor:
    """A tensor as it lies in the arena's bytes."""
    size = ELEMENT_BYTES[tensor.dtype] * tensor.elements
    numbers = memory[tensor.offset : tensor.offset + size].view(TORCH_TYPES[tensor.dtype])
    return numbers.view(tensor.batch, tensor.channels, tensor.height, tensor.width)


def run_node(layers: Sequence[PackedLayer], node: Node, operands: Sequence[Tensor]) -> Tensor:
    """What one node makes, [batch, channels, height, width]."""
    if node.op == Op.LAYER:
        assert node.layer is not None
        return run_layer(layers[node.layer], operands)
    first, activate = operands[0], FUNCTIONS[node.activation]
    if node.op == Op.ADD:
        return activate(first + operands[1])
    if node.op == Op.MULTIPLY:
        return activate(first * operands[1])
    if node.op == Op.ACTIVATION:
        return activate(first)
    if node.op == Op.CONVERT:
        return first
    if node.op == Op.FLATTEN:
        return first.flatten(1)
    if node.op == Op.CONCAT:
        return torch.cat(list(operands), 1)
    if node.op == Op.SOFTMAX:
        return first.softmax(1)
    assert node.window is not None
    return max_pool(first, node.window) if node.op == Op.MAX_POOL else average_pool(first, node)


def run_layer(layer: PackedLayer, operands: Sequence[Tensor]) -> Tensor:
    """A convolution or linear layer from its unpacked weights."""
    weight = torch.from_numpy(layer.unpack())
    weight = weight.reshape(*weight.shape, *(1,) * (4 - weight.ndim))
    padded = pad(operands[0], layer.padding, layer.extra_padding, 0.0)
    bias = torch.from_numpy(layer.bias.copy())
    result = functional.conv2d(padded, weight, bias, layer.stride, 0, layer.dilation, layer.groups)
    return FUNCTIONS[layer.activation](result + operands[1] if len(operands) > 1 else result)


def pad(image: Tensor, padding: tuple[int, int], extra: tuple[int, int], value: float) -> Tensor:
    """The image with something around it."""
    sides = (padding[1], padding[1] + extra[1], padding[0], padding[0] + extra[0])
    return functional.pad(image, sides, value=value)


def max_pool(image: Tensor, window: Window) -> Tensor:
    """Largest element of each window."""
    return functional.max_pool2d(pad(image, window.padding, window.extra, -torch.inf), window.kernel, window.stride)


def average_pool(image: Tensor, node: Node) -> Tensor:
    """Mean of each window."""
    window = node.window
    assert window is not None

    def sums(values: Tensor) -> Tensor:
        padded = pad(values, window.padding, window.extra, 0.0)
        return functional.avg_pool2d(padded, window.kernel, window.stride, divisor_override=1)

    counts = sums(torch.ones_like(image[:1, :1]))
    if node.counts_padding:
        counts = torch.full_like(counts, window.kernel[0] * window.kernel[1])
    return sums(image) / counts
