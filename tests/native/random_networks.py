"""Random networks of the blocks that real ones are made of, larger than those of graph_samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graph_samples import graph_bytes, planned_graph
from packed_samples import random_layer
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Graph, Node, Window
from ubp_core.packed.graph_shapes import node_result
from ubp_core.packed.layer import PackedLayer
from ubp_core.vocabulary import ACTIVATIONS

Shape = tuple[int, int, int]


class NetworkBuilder:
    """Adds nodes one by one; every operand is chosen among the tensors so far."""

    def __init__(self, rng: np.random.Generator, batch: int, *inputs: Shape) -> None:
        self.rng = rng
        self.batch = batch
        self.inputs = len(inputs)
        self.shapes = list(inputs)
        self.nodes: list[Node] = []
        self.layers: list[PackedLayer] = []

    def add(self, node: Node) -> int:
        """Appends the node and returns the tensor that it makes."""
        layer = None if node.layer is None else self.layers[node.layer]
        self.shapes.append(node_result(node.op, [self.shapes[i] for i in node.operands], layer, node.window))
        self.nodes.append(node)
        return len(self.shapes) - 1

    def add_layer(
        self, operands: tuple[int, ...], rows: int, kernel: int, block_size: int = 0, **changes: object
    ) -> int:
        """A convolution of the first operand; `groups` among the changes."""
        groups = int(changes.get("groups", 1))  # type: ignore[call-overload]
        channels = self.shapes[operands[0]][0]
        name = f"layer{len(self.layers)}"
        layer = random_layer(self.rng, (rows, channels // groups, kernel, kernel), block_size, name=name)
        self.layers.append(replace(layer, **changes))  # type: ignore[arg-type]
        return self.add(Node(name, Op.LAYER, operands, layer=len(self.layers) - 1))

    def last(self) -> int:
        return len(self.shapes) - 1

    def finish(self, outputs: tuple[int, ...], in_place: bool) -> tuple[Graph, bytes]:
        """The graph with a plan, and its file."""
        graph = planned_graph(self.shapes[: self.inputs], self.nodes, outputs, self.layers, self.batch)
        graph = graph if in_place else apart(graph)
        return graph, graph_bytes(self.layers, graph)


def apart(graph: Graph) -> Graph:
    """The graph with memory of its own for every tensor: nothing in place."""
    ends = np.cumsum([tensor.nbytes for tensor in graph.tensors])
    places = zip(graph.tensors, [0, *ends], strict=False)
    return replace(graph, tensors=tuple(replace(tensor, offset=int(begin)) for tensor, begin in places))


def random_network(seed: int | np.random.Generator, in_place: bool = True) -> tuple[Graph, list[PackedLayer], bytes]:
    """A small network in which every op, activation and kind of layer may occur."""
    rng = np.random.default_rng(seed)
    batch = int(rng.integers(1, 4))
    net = NetworkBuilder(rng, batch, (int(rng.integers(1, 5)), int(rng.integers(9, 19)), int(rng.integers(9, 19))))
    x = net.add_layer((0,), 8, 3, stride=(2, 2), padding=(1, 1), extra_padding=(0, 1), activation=pick_activation(rng))
    for _ in range(int(rng.integers(2, 7))):
        x = add_block(net, rng, x)
    pooled = net.add(pool_node(Op.AVERAGE_POOL, x, Window(net.shapes[x][1:], (1, 1))))
    flat = net.add(Node("flatten", Op.FLATTEN, (pooled,)))
    logits = net.add_layer((flat,), 5, 1)
    scores = net.add(Node("softmax", Op.SOFTMAX, (logits,)))
    graph, data = net.finish((logits, scores), in_place)
    return graph, net.layers, data


def pick_activation(rng: np.random.Generator, first: int = 0) -> str:
    return ACTIVATIONS[int(rng.integers(first, len(ACTIVATIONS)))]


def pool_node(op: Op, x: int, window: Window, counts_padding: bool = False) -> Node:
    return Node(op.name.lower(), op, (x,), window=window, counts_padding=counts_padding)


def add_block(net: NetworkBuilder, rng: np.random.Generator, x: int) -> int:
    """One of the shapes of block that networks have; channels and size may change."""
    channels, height, width = net.shapes[x]
    activation = pick_activation(rng)
    kind = int(rng.integers(0, 7))
    if kind == 0:  # inverted residual, the addend fused
        wide = net.add_layer((x,), 2 * channels, 1, int(rng.choice([0, 1, 2, 4, 8])), activation=activation)
        kernel = int(rng.choice([3, 5, 7]))
        deep = net.add_layer((wide,), 2 * channels, kernel, groups=2 * channels, padding=(kernel // 2,) * 2,
                             activation=pick_activation(rng))  # fmt: skip
        return net.add_layer((deep, x), channels, 1, 4, activation=pick_activation(rng))
    if kind == 1:  # squeeze and excite
        mean = net.add(pool_node(Op.AVERAGE_POOL, x, Window((height, width), (1, 1))))
        small = net.add_layer((mean,), 3, 1, activation="relu")
        scale = net.add_layer((small,), channels, 1, activation="hard_sigmoid")
        return net.add(Node("scale", Op.MULTIPLY, (x, scale), activation=activation))
    if kind == 2:  # two paths, joined
        left = net.add_layer((x,), 4, 3, 2, padding=(1, 1), dilation=(1, 1))
        right = net.add(Node("curve", Op.ACTIVATION, (x,), activation=pick_activation(rng, 1)))
        return net.add(Node("concat", Op.CONCAT, (left, x, right)))
    if kind == 3:  # a pool that pads unevenly
        window = Window((3, 2), (2, 1), (1, 1), (1, 0))
        op = Op.MAX_POOL if rng.random() < 0.5 else Op.AVERAGE_POOL
        return net.add(pool_node(op, x, window, op == Op.AVERAGE_POOL and rng.random() < 0.5))
    if kind == 4:  # groups of more than one channel, with an addend
        groups = 2 if channels % 2 == 0 else 1
        return net.add_layer((x, x), channels, 3, groups=groups, padding=(1, 1), activation=activation)
    if kind == 5:  # an addition in either order, and one per channel
        other = net.add_layer((x,), channels, 1, 8, activation=activation)
        total = net.add(Node("sum", Op.ADD, (other, x), activation=pick_activation(rng)))
        mean = net.add(pool_node(Op.AVERAGE_POOL, total, Window((height, width), (1, 1))))
        return net.add(Node("shift", Op.ADD, (total, mean), activation=activation))
    return net.add_layer((x,), channels, 3, 16, padding=(1, 1), activation=activation)
