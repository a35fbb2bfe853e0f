"""Small packed layers and networks of int8 that tests of the format share. Numbers are random, and mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from graph_samples import Shape, graph_bytes, random_network
from packed_samples import file_bytes, random_layer
from ubp_core.network.memory import Use, plan_arena
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import CLAMPS, Op
from ubp_core.packed.graph import Graph, Node, Tensor, Window
from ubp_core.packed.graph_shapes import node_result
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.rules.integer_nodes import SAME_SCALE, TABLE_OPS, needs_table


def to_integers(rng: np.random.Generator, layer: PackedLayer) -> PackedLayer:
    """The layer with random whole numbers in the places of its weights."""
    return replace(
        layer,
        weights=rng.integers(-127, 128, layer.weights.shape).astype(np.int8),
        bias=rng.integers(-2000, 2000, layer.rows).astype(np.int32),
        scales=rng.uniform(1e-3, 2e-2, layer.rows).astype(np.float32),
        wide_sums=False,
    )


def grouped_layer(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    block_size: int,
    density: float = 0.4,
    aligned: bool = False,
    name: str = "layer",
) -> PackedLayer:
    """A layer of int8 with blocks of four columns, in a random order."""
    columns = int(np.prod(shape[1:]))
    layer = to_integers(rng, random_layer(rng, (shape[0], -(-columns // 4)), block_size, density, aligned, name))
    weights = rng.integers(-127, 128, (*layer.weights.shape, 4)).astype(np.int8)
    if columns % 4:
        weights[layer.block_column == columns // 4, :, columns % 4 :] = 0
    order = rng.permutation(columns).astype(np.uint16)
    return replace(layer, shape=shape, weights=weights, block_columns=4, column_order=order)


def integer_layer_bytes() -> bytes:
    """A small file with every kind of layer of int8, and one of fp32 behind them."""
    rng = np.random.default_rng(17)
    depthwise = replace(random_layer(rng, (6, 1, 3, 3), 0, name="depthwise"), groups=6)
    return file_bytes(
        to_integers(rng, random_layer(rng, (9, 2, 3, 2), 4, name="stem.0")),
        grouped_layer(rng, (8, 5, 1, 2), 2, 0.6, aligned=True, name="blocks.0"),
        to_integers(rng, random_layer(rng, (3, 4), 0, name="classifier")),
        to_integers(rng, depthwise),
        grouped_layer(rng, (3, 8), 16, name="too narrow"),
        random_layer(rng, (3, 4), 2, name="fp32"),
    )


def integer_network() -> PackedFile:
    """A network with each operation in int8, tables and clamps, a layer that makes fp32, and one that stays in fp16.

    Tensor 0 is the input, node i makes tensor i + 1.
    """
    rng = np.random.default_rng(23)
    depthwise = replace(random_layer(rng, (6, 1, 3, 3), 0, name="depthwise"), groups=6, padding=(1, 1))
    half = replace(random_layer(rng, (6, 6, 1, 1), 0, name="half"), activation="relu")
    layers = (
        replace(to_integers(rng, random_layer(rng, (6, 4, 3, 3), 4, name="conv")), padding=(1, 1)),
        replace(to_integers(rng, depthwise), activation="hard_swish"),
        replace(half, weights=half.weights.astype(np.float16)),
        replace(grouped_layer(rng, (5, 36), 2, name="head"), activation="relu6"),
    )
    nodes = (
        (Node("input.int8", Op.CONVERT, (0,)), "int8"),
        (Node("conv", Op.LAYER, (1,), layer=0), "int8"),
        (Node("depthwise", Op.LAYER, (2,), layer=1), "int8"),
        (Node("add", Op.ADD, (2, 3), activation="silu"), "int8"),
        (Node("sum", Op.ADD, (4, 3), activation="relu"), "int8"),
        (Node("gate", Op.ACTIVATION, (5,), activation="sigmoid"), "int8"),
        (Node("scale", Op.MULTIPLY, (5, 6), activation="hard_sigmoid"), "int8"),
        (Node("clamp", Op.ACTIVATION, (7,), activation="relu"), "int8"),
        (Node("clamp.fp16", Op.CONVERT, (8,)), "fp16"),
        (Node("half", Op.LAYER, (9,), layer=2), "fp16"),
        (Node("half.int8", Op.CONVERT, (10,)), "int8"),
        (Node("join", Op.CONCAT, (11, 7)), "int8"),
        (Node("mean", Op.AVERAGE_POOL, (8,), window=Window((2, 2), (4, 4), (1, 1)), counts_padding=True), "int8"),
        (Node("pool", Op.MAX_POOL, (12,), window=Window((3, 3), (3, 3))), "int8"),
        (Node("flatten", Op.FLATTEN, (13,)), "int8"),
        (Node("tops", Op.AVERAGE_POOL, (14,), window=Window((2, 2), (1, 1))), "int8"),
        (Node("tops.fp32", Op.CONVERT, (16,)), "fp32"),
        (Node("sums", Op.MULTIPLY, (17, 17)), "fp32"),
    )
    extra = (
        (Node("flat tops", Op.FLATTEN, (16,)), "int8"),
        (Node("joined", Op.CONCAT, (15, 19)), "int8"),
        (Node("head", Op.LAYER, (20,), layer=3), "fp32"),
        (Node("scores", Op.SOFTMAX, (21,)), "fp32"),
    )
    return planned(rng, [(4, 6, 6)], (*nodes, *extra), (22, 18), layers)


def planned(
    rng: np.random.Generator,
    inputs: Sequence[Shape],
    nodes: Sequence[tuple[Node, str]],
    outputs: Sequence[int],
    layers: Sequence[PackedLayer],
    batch: int = 1,
    input_types: Sequence[str] = ("fp32",),
) -> PackedFile:
    """A network of nodes and the types that they make: places, random scales, zero points and tables added."""
    shapes, dtypes = list(inputs), [*input_types, *(dtype for _, dtype in nodes)]
    for node, _ in nodes:
        layer = None if node.layer is None else layers[node.layer]
        shapes.append(node_result(node.op, [shapes[t] for t in node.operands], layer, node.window))
    plan = plan_arena(shapes, dtypes, batch, [Use(node.op, node.operands) for node, _ in nodes], outputs)
    tensors: list[Tensor] = []
    for number, (shape, offset, dtype) in enumerate(zip(shapes, plan.offsets, dtypes, strict=True)):
        tensor = Tensor(2 if shape[1:] == (1, 1) else 4, batch, *shape, offset, dtype)
        node = nodes[number - len(inputs)][0] if number >= len(inputs) else None
        if dtype == "int8" and node is not None and node.op in SAME_SCALE:
            given = tensors[node.operands[0]]
            tensor = replace(tensor, scale=given.scale, zero_point=given.zero_point)
        elif dtype == "int8":
            tensor = replace(tensor, scale=random_scale(rng), zero_point=int(rng.integers(256)))
        tensors.append(tensor)
    made = tensors[len(inputs) :]
    finished = [with_table(rng, node, layers, tensor) for (node, _), tensor in zip(nodes, made, strict=True)]
    return PackedFile(
        tuple(layers), "a model", "drawn by a test", graph=Graph(tuple(tensors), tuple(finished), tuple(outputs))
    )


def random_scale(rng: np.random.Generator) -> float:
    return float(np.float32(rng.uniform(0.01, 0.1)))


def with_table(rng: np.random.Generator, node: Node, layers: Sequence[PackedLayer], made: Tensor) -> Node:
    """The node with a random table, where it needs one."""
    if not needs_table(node, None if node.layer is None else layers[node.layer], made):
        return node
    node = replace(node, table=rng.bytes(256))
    if node.op not in TABLE_OPS:
        return node
    return replace(node, before_scale=random_scale(rng), before_zero_point=int(rng.integers(256)))


def random_integer_network(rng: np.random.Generator, node_count: int) -> PackedFile:
    """A random network in which int8 takes the place of fp32, or, with a softmax, of fp16; some layers make fp32."""
    packed = random_network(rng, node_count)
    graph = packed.graph
    assert graph is not None
    softmax = any(node.op == Op.SOFTMAX for node in graph.nodes)
    replaced, kept = ("fp16", "fp32") if softmax else ("fp32", "fp16")
    layers = [to_integers(rng, layer) if layer.dtype == replaced else layer for layer in packed.layers]
    used = {operand for node in graph.nodes for operand in node.operands}
    dtypes = ["int8" if tensor.dtype == replaced else kept for tensor in graph.tensors]
    for index, node in enumerate(graph.nodes):
        made, layer = graph.output_of(index), None if node.layer is None else layers[node.layer]
        if layer is not None and layer.dtype == "int8" and layer.activation in CLAMPS and made not in used:
            dtypes[made] = str(rng.choice(["int8", "fp32"]))
    inputs = graph.input_count
    return planned(
        rng,
        [tensor.chw for tensor in graph.tensors[:inputs]],
        list(zip(graph.nodes, dtypes[inputs:], strict=True)),
        graph.outputs,
        layers,
        graph.tensors[0].batch,
        dtypes[:inputs],
    )


def network_file_bytes(network: PackedFile) -> bytes:
    """A network's file, in memory."""
    assert network.graph is not None
    return graph_bytes(network.layers, network.graph)


@st.composite
def integer_files(draw: st.DrawFn) -> tuple[PackedFile, bytes]:
    """A file of int8, layers alone or a network, and its bytes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        network = random_integer_network(rng, draw(st.integers(1, 9)))
        return network, network_file_bytes(network)
    layers = []
    for number in range(draw(st.integers(1, 3))):
        shape = (draw(st.integers(1, 40)), *draw(st.sampled_from([(7,), (9, 1, 1), (2, 3, 2)])))
        size, density, aligned = draw(st.sampled_from([0, 1, 2, 4, 8, 16])), draw(st.floats(0, 1)), draw(st.booleans())
        name = f"layer {number}"
        if size and draw(st.booleans()):
            layers.append(grouped_layer(rng, shape, size, density, aligned, name))
        else:
            layers.append(to_integers(rng, random_layer(rng, shape, size, density, aligned, name)))
    return PackedFile(tuple(layers)), file_bytes(*layers)
