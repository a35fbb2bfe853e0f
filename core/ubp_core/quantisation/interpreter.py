"""Runs a quantised network in whole numbers, operation by operation: the judge of kernels, bit for bit.

Slow, and without a plan of memory; for checks, calibration and measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ubp_core.errors import UbpError
from ubp_core.network.reference import FUNCTIONS, run_node
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Node
from ubp_core.quantisation.network import QuantisedLayer, QuantisedNetwork
from ubp_core.quantisation.node_types import activation_of
from ubp_core.quantisation.operators import finish, layer_sums, rescaled, run_elementwise, scaled_sums
from ubp_core.vocabulary import INT8


def run_integers(network: QuantisedNetwork, inputs: Sequence[NDArray[Any]]) -> tuple[NDArray[np.float32], ...]:
    """The network's outputs, as fp32.

    Args:
        network: in integers.
        inputs: one array for each input of the network, of its shape; any number of pictures in a batch.

    Raises:
        UbpError: an input has another shape.
    """
    run = IntegerRun(network, inputs)
    for index in range(len(network.graph.nodes)):
        run.step(index)
    outputs = [run.numbers(tensor) for tensor in network.graph.outputs]
    tensors = (network.graph.tensors[tensor] for tensor in network.graph.outputs)
    return tuple(
        out.numpy().copy().reshape(-1, *tensor.shape[1:]) for out, tensor in zip(outputs, tensors, strict=True)
    )


@dataclass
class IntegerRun:
    """A run that is under way: what its nodes made so far, as long as somebody needs it."""

    network: QuantisedNetwork
    inputs: Sequence[NDArray[Any]]
    """One array for each input of the network."""
    _values: dict[int, Tensor] = field(default_factory=dict, init=False)
    """By tensor: uint8, or fp32 of inputs and of what is made in fp32 or fp16."""

    def __post_init__(self) -> None:
        graph = self.network.graph
        self._last = graph.last_uses()
        if len(self.inputs) != graph.input_count:
            raise UbpError(f"need {graph.input_count} inputs, got {len(self.inputs)}")
        for number, given in enumerate(self.inputs):
            shape, wanted = np.shape(given), graph.tensors[number]
            if shape[1:] != wanted.shape[1:] or not shape[0]:
                raise UbpError(f"input {number}: need shape {wanted.shape}, got {shape}")
            array = np.ascontiguousarray(given, np.float32)
            self._values[number] = torch.from_numpy(array).reshape(-1, *wanted.chw)

    def codes(self, tensor: int) -> Tensor:
        """A tensor's bytes; converted where it is fp32."""
        value = self._values[tensor]
        return value if value.dtype == torch.uint8 else self.network.tensors[tensor].to_bytes(value)

    def numbers(self, tensor: int) -> Tensor:
        """What a tensor's numbers are, as fp32."""
        value = self._values[tensor]
        return value if value.dtype != torch.uint8 else self.network.tensors[tensor].to_numbers(value)

    def numbers_of_codes(self, tensor: int) -> Tensor:
        """What a tensor's bytes mean, as fp32: what a layer in integers is given."""
        return self.network.tensors[tensor].to_numbers(self.codes(tensor))

    def centred(self, tensor: int) -> Tensor:
        """A tensor's whole numbers `q - zero_point`."""
        return self.network.tensors[tensor].centred(self.codes(tensor))

    @torch.no_grad()
    def step(self, index: int) -> None:
        """Runs one node, and forgets what nobody needs any more."""
        graph = self.network.graph
        node, made = graph.nodes[index], graph.output_of(index)
        self._values[made] = self._run(index, node).reshape(-1, *graph.tensors[made].chw)
        for tensor in {*node.operands, made}:
            if self._last[tensor] <= index:
                self._values.pop(tensor)

    def _run(self, index: int, node: Node) -> Tensor:
        network, dtype = self.network, self.network.type_made(index)
        if node.layer is not None and node.layer in network.layers:
            return self._run_layer(index, node, network.layers[node.layer])
        made = network.tensors[network.graph.output_of(index)]
        if node.op == Op.CONVERT and dtype == INT8:
            return made.to_bytes(self.numbers(node.operands[0]))
        if dtype != INT8:
            taken = network.type_taken(index)
            operands = [rounded(self.numbers(tensor), taken) for tensor in node.operands]
            return rounded(run_node(network.packed.layers, node, operands), dtype)
        codes, given = zip(*((self.codes(t), network.tensors[t]) for t in node.operands), strict=True)
        return run_elementwise(node, codes, given, made, network.table_of(index))

    def _run_layer(self, index: int, node: Node, layer: QuantisedLayer) -> Tensor:
        network, (image, *addends) = self.network, node.operands
        made = network.tensors[network.graph.output_of(index)]
        table, exact = network.table_of(index), network.type_made(index) != INT8
        unit = 1.0 if exact else (table.given if table else made).scale
        scaled = scaled_sums(layer, layer_sums(layer, self.centred(image)), network.tensors[image], unit)
        for tensor in addends:
            scaled = scaled + rescaled(self.codes(tensor), network.tensors[tensor], unit)
        activation = activation_of(network.packed, node)
        return FUNCTIONS[activation](scaled) if exact else finish(scaled, activation, made, table)


def rounded(numbers: Tensor, dtype: str) -> Tensor:
    """fp32 numbers as an fp16 tensor has them; others as they are."""
    return numbers.half().float() if dtype == "fp16" else numbers
