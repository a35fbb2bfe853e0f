"""`quantise`: from a packed network in fp32 and pictures to the same network in integers, layer after layer.

Every layer is quantised against what the layers before it, already in integers, give it: so it makes good what it can
of their errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch

from ubp_core.errors import ModelError
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Node
from ubp_core.packed.layer import PackedLayer
from ubp_core.quantisation.calibration import Calibration, Inputs, calibrate
from ubp_core.quantisation.interpreter import IntegerRun
from ubp_core.quantisation.moments import Moments, patches
from ubp_core.quantisation.network import QuantisedLayer, QuantisedNetwork
from ubp_core.quantisation.node_types import NodeTypes, graph_of
from ubp_core.quantisation.observers import OBSERVERS
from ubp_core.quantisation.weights import LayerInputs, quantise_layer
from ubp_core.vocabulary import DEFAULT_OBSERVER

MOST_COLUMNS = 8192
"""Of a layer that is rounded by second moments: these take the square of that in memory, and its cube in time."""


@dataclass(frozen=True)
class Recipe:
    """How a network is quantised."""

    observer: str = DEFAULT_OBSERVER
    """Which range of a tensor its bytes cover; one of `OBSERVERS`."""
    least_squares: bool = True
    """Whether weights are rounded by the second moments of their inputs; otherwise each to its nearest."""
    correct_bias: bool = True
    """Whether every row's mean result is made that of fp32."""
    exact_outputs: bool = True
    """Whether a layer writes fp32 where only the caller or softmax takes its result."""
    keep: frozenset[str] = field(default_factory=frozenset)
    """Names of layers that stay in fp32."""

    @property
    def looks_at_inputs(self) -> bool:
        """Whether layers need to know what they are given."""
        return self.least_squares or self.correct_bias


Tell = Callable[[str], None]


def quantise(
    packed: PackedFile, pictures: Sequence[Inputs], recipe: Recipe | None = None, tell: Tell = lambda line: None
) -> QuantisedNetwork:
    """The network in integers.

    Args:
        packed: folded, fused and packed in fp32, pruned or not; masks stay as they are.
        pictures: to calibrate on, prepared as the network takes them: one array for each of its inputs.
        recipe: how; the default is what measures best (docs/results.md).
        tell: gets a line before each slow step.

    Raises:
        ModelError: no pictures, a tensor whose range can't be used, a layer that can't be kept or quantised; the line
            names it.
    """
    layers: dict[int, QuantisedLayer] = {}
    network, steps = _quantise_steps(packed, pictures, recipe or Recipe(), tell, layers)
    layers.update(steps)  # each before the next one is made, which looks at what it makes
    return network


def quantise_each(
    packed: PackedFile, pictures: Sequence[Inputs], recipe: Recipe, tell: Tell = lambda line: None
) -> dict[str, QuantisedNetwork]:
    """By name of each layer, the network with this layer alone in integers; arguments and errors as of `quantise`."""
    network, steps = _quantise_steps(packed, pictures, recipe, tell, {})
    return {packed.layers[number].name: replace(network, layers={number: layer}) for number, layer in steps}


def _quantise_steps(
    packed: PackedFile, pictures: Sequence[Inputs], recipe: Recipe, tell: Tell, layers: Mapping[int, QuantisedLayer]
) -> tuple[QuantisedNetwork, Iterator[tuple[int, QuantisedLayer]]]:
    """The network with these layers, and what makes them: one for each that is not kept, in their order."""
    check_request(packed, recipe)
    numbers = {number for number, layer in enumerate(packed.layers) if layer.name not in recipe.keep}
    found = calibrate(packed, pictures, recipe.observer, tell, NodeTypes(packed, numbers, recipe.exact_outputs))
    network = QuantisedNetwork(packed, layers, found.tensors, found.before_tables, recipe.exact_outputs)
    runs = [IntegerRun(network, picture) for picture in pictures] if recipe.looks_at_inputs else []

    def steps() -> Iterator[tuple[int, QuantisedLayer]]:
        for index, node in enumerate(network.graph.nodes):
            if node.layer in numbers:
                tell(f"quantising {packed.layers[node.layer].name}")
                yield node.layer, _quantise_node(network, index, runs, found, recipe)
            for run in runs:
                run.step(index)

    return network, steps()


def check_request(packed: PackedFile, recipe: Recipe) -> None:
    """Refuses what can't be done, before anything slow.

    Raises:
        ModelError: see `quantise`.
    """
    if recipe.observer not in OBSERVERS:
        raise ModelError(f"no observer {recipe.observer!r}; there are {', '.join(OBSERVERS)}")
    if unknown := recipe.keep - {layer.name for layer in packed.layers}:
        raise ModelError(f"{min(unknown)}: the network does not apply this layer, so it can't be kept in fp32")
    if any(node.op == Op.CONVERT for node in graph_of(packed).nodes):
        raise ModelError("the network has other types already; integers are made from fp32")
    applied = [node.layer for node in graph_of(packed).nodes if node.layer is not None]
    for number in applied:
        layer = packed.layers[number]
        if layer.dtype != "fp32":
            raise ModelError(f"{layer.name}: is {layer.dtype}; integers are made from fp32")
        if applied.count(number) > 1:
            raise ModelError(f"{layer.name}: is applied more than once; its integers would need inputs of one scale")


def _quantise_node(
    network: QuantisedNetwork, index: int, runs: Sequence[IntegerRun], found: Calibration, recipe: Recipe
) -> QuantisedLayer:
    """The layer that a node applies, in integers."""
    node = network.graph.nodes[index]
    assert node.layer is not None
    layer = network.packed.layers[node.layer]
    made = network.before_tables.get(index) or network.tensors[network.graph.output_of(index)]
    means_alone = not recipe.least_squares or layer.columns > MOST_COLUMNS
    inputs = gather_inputs(layer, node, runs, found.means[index], means_alone) if runs else None
    return quantise_layer(layer, network.tensors[node.operands[0]], made, inputs, recipe.correct_bias)


@torch.no_grad()
def gather_inputs(
    layer: PackedLayer, node: Node, runs: Sequence[IntegerRun], mean: torch.Tensor, means_alone: bool
) -> LayerInputs:
    """What a layer is given by runs that have come to it.

    Args:
        layer: about to be quantised.
        node: applies it.
        runs: one for each picture.
        mean: fp64 [rows], of the layer's result in fp32, addend included.
        means_alone: no second moments.
    """
    moments, wanted = Moments.of_layer(layer, means_alone), mean.clone()
    pictures = sum(len(run.codes(node.operands[0])) for run in runs)
    for run in runs:
        moments.add(patches(layer, run.numbers_of_codes(node.operands[0])))
        for tensor in node.operands[1:]:
            addend = run.numbers_of_codes(tensor)
            wanted -= addend.mean((0, 2, 3), dtype=torch.float64) * (len(addend) / pictures)
    return LayerInputs(moments, wanted)
