"""A small packed network with every operation, and random ones, that tests of the graph share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from packed_samples import TEXTS, random_layer
from ubp_core.network.memory import Use, plan_arena
from ubp_core.network.types.half import as_type, to_half
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Graph, Node, Tensor, Window
from ubp_core.packed.graph_shapes import node_result
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.writer import packed_chunks
from ubp_core.vocabulary import ACTIVATIONS

Shape = tuple[int, int, int]
Kind = tuple[Shape, str]
"""Shape and type of a tensor."""
OTHER = {"fp32": "fp16", "fp16": "fp32"}


def planned_graph(
    inputs: Sequence[Shape],
    nodes: Sequence[Node],
    outputs: Sequence[int],
    layers: Sequence[PackedLayer],
    batch: int = 1,
) -> Graph:
    """A graph whose shapes and types follow from its inputs, which are fp32, with an arena plan."""
    shapes, dtypes = list(inputs), ["fp32"] * len(inputs)
    for node in nodes:
        layer = None if node.layer is None else layers[node.layer]
        shapes.append(node_result(node.op, [shapes[t] for t in node.operands], layer, node.window))
        dtypes.append(OTHER[dtypes[node.operands[0]]] if node.op == Op.CONVERT else dtypes[node.operands[0]])
    plan = plan_arena(shapes, dtypes, batch, [Use(node.op, node.operands) for node in nodes], outputs)
    tensors = (
        Tensor(2 if shape[1:] == (1, 1) else 4, batch, *shape, offset, dtype)
        for shape, offset, dtype in zip(shapes, plan.offsets, dtypes, strict=True)
    )
    return Graph(tuple(tensors), tuple(nodes), tuple(outputs))


def graph_bytes(layers: Sequence[PackedLayer], graph: Graph) -> bytes:
    """A network's file, in memory."""
    return b"".join(packed_chunks(layers, TEXTS, graph))


def every_operation() -> PackedFile:
    """A network with each operation, two inputs, two outputs, in-place results and an addend.

    Tensors 0 and 1 are inputs, node i makes tensor i + 2.
    """
    rng = np.random.default_rng(3)
    depthwise = replace(random_layer(rng, (6, 1, 3, 3), 0, name="depthwise"), groups=6, stride=(2, 2), padding=(1, 1))
    layers = (
        replace(random_layer(rng, (6, 4, 3, 3), 4, name="conv"), padding=(0, 0), extra_padding=(2, 2)),
        depthwise,
        replace(random_layer(rng, (12, 12, 1, 1), 2, name="point"), activation="hard_swish"),
        random_layer(rng, (5, 48), 4, name="head"),
    )
    nodes = (
        Node("conv", Op.LAYER, (0,), layer=0),
        Node("depthwise", Op.LAYER, (2,), layer=1),
        Node("pool", Op.MAX_POOL, (2,), window=Window((2, 2), (2, 2))),
        Node("add", Op.ADD, (3, 4), activation="relu"),
        Node("scale", Op.MULTIPLY, (5, 1), activation="silu"),
        Node("gate", Op.ACTIVATION, (6,), activation="sigmoid"),
        Node("join", Op.CONCAT, (7, 6)),
        Node("mean", Op.AVERAGE_POOL, (8,), window=Window((3, 3), (2, 2), (1, 1)), counts_padding=True),
        Node("point", Op.LAYER, (9, 9), layer=2),
        Node("flatten", Op.FLATTEN, (10,)),
        Node("head", Op.LAYER, (11,), layer=3),
        Node("scores", Op.SOFTMAX, (12,)),
    )
    graph = planned_graph([(4, 6, 6), (6, 1, 1)], nodes, (13, 6), layers)
    return PackedFile(layers, "a model", "drawn by a test", graph=graph)


def half_network() -> PackedFile:
    """A network in fp16 between conversions: blocks, a dense layer that sums in fp32, a depthwise one, a softmax."""
    rng = np.random.default_rng(5)
    conv = replace(random_layer(rng, (6, 4, 3, 3), 4, name="conv"), padding=(1, 1))
    depthwise = replace(random_layer(rng, (6, 1, 3, 3), 0, name="depthwise"), groups=6, padding=(1, 1))
    layers = (
        to_half(conv),
        to_half(depthwise),
        to_half(random_layer(rng, (6, 6, 1, 1), 0, name="wide"), wide_sums=True),
        to_half(random_layer(rng, (5, 6), 2, name="head")),
    )
    nodes = (
        Node("input.fp16", Op.CONVERT, (0,)),
        Node("conv", Op.LAYER, (1,), layer=0),
        Node("depthwise", Op.LAYER, (2,), layer=1),
        Node("wide", Op.LAYER, (3, 2), layer=2),
        Node("mean", Op.AVERAGE_POOL, (4,), window=Window((6, 6), (1, 1))),
        Node("flatten", Op.FLATTEN, (5,)),
        Node("head", Op.LAYER, (6,), layer=3),
        Node("head.fp32", Op.CONVERT, (7,)),
        Node("scores", Op.SOFTMAX, (8,)),
    )
    return PackedFile(layers, "a model", "drawn by a test", graph=planned_graph([(4, 6, 6)], nodes, (9,), layers))


def random_network(rng: np.random.Generator, node_count: int, all_fp32: bool = False) -> PackedFile:
    """A network of random operations that fit each other, in two types or one; what nobody uses is an output."""
    batch = int(rng.integers(1, 3))
    side = tuple(int(n) for n in rng.integers(2, 9, 2))
    inputs = [(int(rng.integers(1, 5)), *side) for _ in range(int(rng.integers(1, 3)))]
    kinds: list[Kind] = [((c, h, w), "fp32") for c, h, w in inputs]
    layers: list[PackedLayer] = []
    nodes: list[Node] = []
    while len(nodes) < node_count:
        node = random_node(rng, kinds, layers, f"node {len(nodes)}", all_fp32)
        layer = None if node.layer is None else layers[node.layer]
        dtype = kinds[node.operands[0]][1]
        shape = node_result(node.op, [kinds[t][0] for t in node.operands], layer, node.window)
        kinds.append((shape, OTHER[dtype] if node.op == Op.CONVERT else dtype))
        nodes.append(node)
    if not layers:
        return random_network(rng, node_count, all_fp32)
    used = {operand for node in nodes for operand in node.operands}
    outputs = [tensor for tensor in range(len(kinds)) if tensor not in used][:64]
    graph = planned_graph([shape for shape, _ in kinds[: len(inputs)]], nodes, outputs, layers, batch)
    return PackedFile(tuple(layers), graph=graph)


def random_node(
    rng: np.random.Generator, kinds: Sequence[Kind], layers: list[PackedLayer], name: str, all_fp32: bool
) -> Node:
    """A node on tensors that there are; a layer that it needs is added to the list."""
    first = int(rng.integers(len(kinds)))
    (shape, dtype), op = kinds[first], Op(int(rng.integers(1, Op.CONVERT if all_fp32 else Op.CONVERT + 1)))
    alike = [t for t, other in enumerate(kinds) if other == (shape, dtype)]
    beside = [t for t, other in enumerate(kinds) if (other[0][1:], other[1]) == (shape[1:], dtype)]
    scales = [t for t, other in enumerate(kinds) if other == ((shape[0], 1, 1), dtype)]
    activation = str(rng.choice(ACTIVATIONS))
    if op == Op.LAYER:
        return layer_node(rng, kinds, layers, first, name)
    if op in (Op.ADD, Op.MULTIPLY):
        return Node(name, op, (first, int(rng.choice(alike + scales))), activation=activation)
    if op in (Op.MAX_POOL, Op.AVERAGE_POOL):
        return Node(
            name,
            op,
            (first,),
            window=random_window(rng, shape),
            counts_padding=op == Op.AVERAGE_POOL and bool(rng.integers(2)),
        )
    if op == Op.CONCAT:
        return Node(name, op, (first, *(int(t) for t in rng.choice(beside, int(rng.integers(1, 3))))))
    if op in (Op.FLATTEN, Op.CONVERT) or (op == Op.SOFTMAX and shape[1:] == (1, 1) and dtype == "fp32"):
        return Node(name, op, (first,))
    return Node(name, Op.ACTIVATION, (first,), activation=str(rng.choice(ACTIVATIONS[1:])))


def layer_node(
    rng: np.random.Generator, kinds: Sequence[Kind], layers: list[PackedLayer], first: int, name: str
) -> Node:
    """A convolution, depthwise or not, or a linear layer, with an addend where one fits."""
    (channels, height, width), dtype = kinds[first]
    rows, block_size = int(rng.integers(1, 9)), int(rng.choice([0, 1, 2, 4]))
    if (height, width) == (1, 1) and rng.integers(2):
        layer = random_layer(rng, (rows, channels), block_size, name=f"layer {len(layers)}")
    else:
        kernel = tuple(int(rng.integers(1, min(side, 3) + 1)) for side in (height, width))
        depthwise = bool(rng.integers(3) == 0)
        weight = (channels, 1, *kernel) if depthwise else (rows, channels, *kernel)
        layer = random_layer(rng, weight, 0 if depthwise else block_size, name=f"layer {len(layers)}")
        pairs = {label: tuple(int(n) for n in rng.integers(least, 3, 2)) for label, least in GEOMETRY.items()}
        layer = replace(layer, **pairs, groups=channels if depthwise else 1)  # type: ignore[arg-type]
    layer = as_type(replace(layer, activation=str(rng.choice(ACTIVATIONS))), dtype, bool(rng.integers(4) == 0))
    result = node_result(Op.LAYER, [kinds[first][0]], layer, None)
    addends = [t for t, other in enumerate(kinds) if other == (result, dtype)]
    operands = (first, int(rng.choice(addends))) if addends and rng.integers(2) else (first,)
    layers.append(layer)
    return Node(name, Op.LAYER, operands, layer=len(layers) - 1)


GEOMETRY = {"stride": 1, "padding": 0, "extra_padding": 0}


def random_window(rng: np.random.Generator, shape: Shape) -> Window:
    """A window that touches the image wherever it stands."""
    kernel = tuple(int(rng.integers(1, side + 1)) for side in shape[1:])
    stride = tuple(int(n) for n in rng.integers(1, 4, 2))
    padding = tuple(int(rng.integers(0, side)) for side in kernel)
    extra = []
    for side, k, s, p in zip(shape[1:], kernel, stride, padding, strict=True):
        most = max((side + p - 1) // s * s + k - side - 2 * p, 0)
        extra.append(int(rng.integers(0, most + 1)))
    pairs = ((kernel[0], kernel[1]), (stride[0], stride[1]), (padding[0], padding[1]), (extra[0], extra[1]))
    return Window(*pairs)
