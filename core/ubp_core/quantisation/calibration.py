"""What pictures say of a network in fp32: the range of every tensor, and the mean of every row's result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ubp_core.errors import ModelError
from ubp_core.network.reference import FUNCTIONS, run_layer, run_node
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import CLAMPS
from ubp_core.packed.graph import Node
from ubp_core.packed.rules.integer_nodes import SAME_SCALE, TABLE_OPS
from ubp_core.quantisation.affine import Affine, affine_of_range
from ubp_core.quantisation.node_types import NodeTypes, activation_of, graph_of
from ubp_core.quantisation.observers import OBSERVERS, Extremes, Histogram
from ubp_core.vocabulary import INT8

Inputs = Sequence[NDArray[np.float32]]
"""One array for each input of a network, such as [batch, channels, height, width]."""
NO_BYTES = Affine(0.0, 0)
"""Of a tensor that is bytes for nobody."""
Key = tuple[str, int]
"""("tensor", its number), or ("before", the node's): what goes into the table of an activation."""


@dataclass
class Calibration:
    """What was found."""

    tensors: tuple[Affine, ...]
    """Of every tensor of the graph; `NO_BYTES` where it needs none."""
    before_tables: dict[int, Affine]
    """By node."""
    means: dict[int, Tensor]
    """By node that applies a layer: fp64 [rows], the mean of its result with addend, before its activation."""


def calibrate(
    packed: PackedFile,
    pictures: Sequence[Inputs],
    observer: str,
    tell: Callable[[str], None] = lambda line: None,
    types: NodeTypes | None = None,
) -> Calibration:
    """Runs the pictures through the network twice, and chooses what every tensor's bytes mean.

    Args:
        packed: a network in fp32.
        pictures: what it is calibrated on.
        observer: one of `OBSERVERS`.
        tell: gets a line before each picture.
        types: of nodes; all layers are in int8 where it is left out.

    Raises:
        ModelError: there are no pictures, or the range of a tensor that needs bytes can't be used; the line names it,
            and the layers that would have to stay out of int8.
    """
    if not pictures:
        raise ModelError("no pictures to calibrate on")
    seen = Seen(packed, types or NodeTypes(packed, range(len(packed.layers))))
    for number, picture in enumerate(pictures):
        tell(f"looking for ranges, picture {number + 1} of {len(pictures)}")
        seen.find_ends(picture)
    seen.check_ends()
    if observer != "minmax":
        for number, picture in enumerate(pictures):
            tell(f"counting, picture {number + 1} of {len(pictures)}")
            seen.count(picture)
    return seen.conclude(observer)


@dataclass
class Seen:
    """What was seen of every tensor so far."""

    packed: PackedFile
    types: NodeTypes
    ends: dict[Key, Extremes] = field(default_factory=dict)
    histograms: dict[Key, Histogram] = field(default_factory=dict)
    sums: dict[int, Tensor] = field(default_factory=dict)
    """By node that applies a layer: fp64 [rows], mean results of the pictures, added up."""
    pictures: int = 0

    def __post_init__(self) -> None:
        self._needed = self.types.byte_tensors()

    def find_ends(self, picture: Inputs) -> None:
        """The first look at a picture."""
        for index, before, made in walk(self.packed, picture):
            for key, numbers in self.watched(index, before, made):
                self.ends.setdefault(key, Extremes()).add(numbers)
            if index >= 0 and graph_of(self.packed).nodes[index].layer is not None:
                mean = before.mean((0, 2, 3), dtype=torch.float64) * len(before)
                self.sums[index] = self.sums.get(index, torch.zeros_like(mean)) + mean
        self.pictures += len(picture[0])

    def check_ends(self) -> None:
        """Refuses ranges that can't be used."""
        for key, ends in self.ends.items():
            affine_of_range(ends.low, ends.high, self.name(key), self.otherwise(key))

    def count(self, picture: Inputs) -> None:
        """The second look, between the ends."""
        for key, numbers in (found for step in walk(self.packed, picture) for found in self.watched(*step)):
            ends = self.ends[key]
            self.histograms.setdefault(key, Histogram(ends.low, ends.high)).add(numbers)

    def conclude(self, observer: str) -> Calibration:
        """Chooses."""
        chosen = {key: self._affine(key, observer) for key in self.ends}
        graph = graph_of(self.packed)
        tensors = [chosen.get(("tensor", number), NO_BYTES) for number in range(graph.input_count)]
        for index, node in enumerate(graph.nodes):
            same = self.has_scale_of_operand(index)
            made = chosen.get(("tensor", graph.output_of(index)), NO_BYTES)
            tensors.append(tensors[node.operands[0]] if same else made)
        before = {number: affine for (kind, number), affine in chosen.items() if kind == "before"}
        return Calibration(tuple(tensors), before, {i: total / self.pictures for i, total in self.sums.items()})

    def _affine(self, key: Key, observer: str) -> Affine:
        ends = self.ends[key]
        low, high = OBSERVERS[observer](self.histograms.get(key) or Histogram(ends.low, ends.high))
        return affine_of_range(low, high, self.name(key), self.otherwise(key))

    def has_scale_of_operand(self, index: int) -> bool:
        """Whether a node hands on bytes as they are."""
        return graph_of(self.packed).nodes[index].op in SAME_SCALE and self.types.made(index) == INT8

    def watched(self, index: int, before: Tensor, made: Tensor) -> Iterator[tuple[Key, Tensor]]:
        """The arrays of a step that get a scale of their own; arguments as `walk` yields them."""
        graph = graph_of(self.packed)
        if index >= 0 and self.types.made(index) == INT8:
            node = graph.nodes[index]
            if node.op in TABLE_OPS and activation_of(self.packed, node) not in CLAMPS:
                yield ("before", index), before
        number = graph.input_count + index
        if number in self._needed and not (index >= 0 and self.has_scale_of_operand(index)):
            yield ("tensor", number), made

    def otherwise(self, key: Key) -> str:
        """What may be done about a range beside other pictures, for an error."""
        kind, number = key
        graph = graph_of(self.packed)
        node = graph.nodes[number] if kind == "before" else None
        if node is not None and node.layer is not None:
            names: tuple[str, ...] = (self.packed.layers[node.layer].name,)
        else:
            names = self.types.layers_around(graph.output_of(number) if kind == "before" else number)
        return f", or keep out of int8 what makes and takes it (--keep {' --keep '.join(names)})" if names else ""

    def name(self, key: Key) -> str:
        """A tensor for people."""
        kind, number = key
        graph = graph_of(self.packed)
        if kind == "tensor" and number < graph.input_count:
            return "the network's input" if graph.input_count == 1 else f"input {number}"
        node = graph.nodes[number if kind == "before" else number - graph.input_count]
        return f"{node.name} before {activation_of(self.packed, node)}" if kind == "before" else node.name


@torch.no_grad()
def walk(packed: PackedFile, inputs: Inputs) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Runs the network in fp32, with memory for what is still needed.

    Yields:
        For every input its number less than 0 (the last is -1), and the array twice; then for every node its number,
        what it makes before its activation, and what it makes; [batch, channels, height, width].
    """
    graph = graph_of(packed)
    last = graph.last_uses()
    values: dict[int, Tensor] = {}
    for number, given in enumerate(inputs):
        array = torch.from_numpy(np.ascontiguousarray(given, np.float32))
        values[number] = array.reshape(-1, *graph.tensors[number].chw)
        yield number - graph.input_count, values[number], values[number]
    for index, node in enumerate(graph.nodes):
        before, made = run_apart(packed, node, [values[tensor] for tensor in node.operands])
        number = graph.output_of(index)
        values[number] = made.reshape(-1, *graph.tensors[number].chw)
        yield index, before, values[number]
        for tensor in {*node.operands, number}:
            if last[tensor] <= index:
                del values[tensor]


def run_apart(packed: PackedFile, node: Node, operands: list[Tensor]) -> tuple[Tensor, Tensor]:
    """What a node makes before and behind its activation."""
    if node.layer is not None:
        layer = packed.layers[node.layer]
        before = run_layer(replace(layer, activation="none"), operands)
        return before, FUNCTIONS[layer.activation](before)
    if node.op in TABLE_OPS:
        before = run_node(packed.layers, replace(node, activation="none"), operands)
        return before, FUNCTIONS[node.activation](before)
    made = run_node(packed.layers, node, operands)
    return made, made
