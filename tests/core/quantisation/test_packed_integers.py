"""Quantised networks as files: written, read and unpacked they are the same integers, and make the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graph_samples import every_operation, planned_graph, random_network
from integer_samples import integer_network, network_file_bytes, random_integer_network
from packed_samples import file_bytes, random_layer
from ubp_core.errors import ModelError, UbpError
from ubp_core.network.reference import run_reference
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Graph, Node, Window
from ubp_core.packed.reader import read_packed
from ubp_core.quantisation.affine import Affine
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.network import QuantisedNetwork
from ubp_core.quantisation.packed_network import integer_layer, keep_in_half, pack_integers, unpack_integers
from ubp_core.quantisation.quantising import Recipe, quantise

SEEDS = st.integers(0, 2**32 - 1)


def graph_of(packed: PackedFile) -> Graph:
    assert packed.graph is not None
    return packed.graph


def random_inputs(packed: PackedFile, rng: np.random.Generator) -> list[np.ndarray]:
    graph = graph_of(packed)
    return [rng.standard_normal(t.shape).astype(np.float32) for t in graph.tensors[: graph.input_count]]


def written_and_read(packed: PackedFile) -> PackedFile:
    contents = read_packed(memoryview(network_file_bytes(packed)))
    return PackedFile(contents.layers, contents.model, contents.source, contents.tool, contents.graph)


def assert_same_integers(network: QuantisedNetwork, read: QuantisedNetwork) -> None:
    """Layers number by number; of every node what its bytes mean, wherever conversions have moved it."""
    assert network.layers.keys() == read.layers.keys()
    for number, layer in network.layers.items():
        for label in ("weights", "scales", "bias"):
            assert np.array_equal(getattr(layer, label), getattr(read.layers[number], label)), label
    kept = [index for index, node in enumerate(read.graph.nodes) if node.op != Op.CONVERT]
    for index, moved in enumerate(kept):
        assert read.graph.nodes[moved].name == network.graph.nodes[index].name
        assert read.type_made(moved) == network.type_made(index)
        if network.type_made(index) == "int8":
            assert read.tensors[read.graph.output_of(moved)] == network.tensors[network.graph.output_of(index)]
        mine, theirs = network.table_of(index), read.table_of(moved)
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            assert mine.given == theirs.given and np.array_equal(mine.codes, theirs.codes)


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 8), st.booleans(), st.booleans())
def test_what_is_packed_is_what_was_quantised(seed: int, node_count: int, exact: bool, keeps: bool) -> None:
    rng = np.random.default_rng(seed)
    packed = random_network(rng, node_count, all_fp32=True)
    inputs = random_inputs(packed, rng)
    names = [layer.name for layer in packed.layers]
    keep = frozenset(names[: len(names) // 2]) if keeps else frozenset()
    try:
        network = quantise(packed, [inputs], Recipe(least_squares=False, exact_outputs=exact, keep=keep))
        made = pack_integers(network).packed
    except ModelError:  # some tensor is zero, or nearly
        assume(False)
    read = unpack_integers(written_and_read(made))
    assert_same_integers(network, read)
    for one, other in zip(run_integers(network, inputs), run_integers(read, inputs), strict=True):
        assert np.array_equal(one, other, equal_nan=True)


def quantised(keep: frozenset[str] = frozenset()) -> tuple[QuantisedNetwork, list[np.ndarray]]:
    packed, rng = every_operation(), np.random.default_rng(1)
    inputs = random_inputs(packed, rng)
    return quantise(packed, [inputs], Recipe(least_squares=False, keep=keep)), inputs


def test_a_network_through_a_file(tmp_path: Path) -> None:
    network, inputs = quantised()
    made = pack_integers(network)
    made.packed.save(tmp_path / "network.ubp")
    read = unpack_integers(PackedFile.load(tmp_path / "network.ubp"))
    assert_same_integers(network, read)
    assert {layer.dtype for layer in read.packed.layers} == {"int8"}
    assert made.plan.size == graph_of(read.packed).arena_size
    graph = graph_of(read.packed)
    assert {t.dtype for t in graph.tensors[: graph.input_count]} == {"fp32"}
    assert {graph.tensors[t].dtype for t in graph.outputs} == {"fp32"}
    for one, other in zip(run_integers(network, inputs), run_integers(read, inputs), strict=True):
        assert np.array_equal(one, other)


def test_layers_that_stay_get_conversions() -> None:
    network, inputs = quantised(frozenset({"depthwise", "head"}))
    halves = keep_in_half(network, ["depthwise"])
    made = pack_integers(halves).packed
    assert [layer.dtype for layer in made.layers] == ["int8", "fp16", "int8", "fp32"]
    converted = [node.name for node in graph_of(made).nodes if node.op == Op.CONVERT]
    assert converted == [
        "input.int8", "conv.fp16", "depthwise.int8", "input.int8", "flatten.fp32", "scale.fp32"
    ]  # fmt: skip
    read = unpack_integers(written_and_read(made))
    for one, other in zip(run_integers(halves, inputs), run_integers(read, inputs), strict=True):
        assert np.array_equal(one, other)


def test_memory_is_a_quarter() -> None:
    """Of a network whose largest tensors are bytes; weights are a quarter too, but for a scale for each row."""
    rng = np.random.default_rng(3)
    layers = (random_layer(rng, (64, 4), 0, name="one"), random_layer(rng, (64, 64), 0, name="two"))
    layers = tuple(replace(layer, shape=(*layer.shape, 1, 1)) for layer in layers)
    nodes = (
        Node("one", Op.LAYER, (0,), layer=0),
        Node("two", Op.LAYER, (1,), layer=1),
        Node("sum", Op.ADD, (1, 2)),
        Node("mean", Op.AVERAGE_POOL, (3,), window=Window((16, 16), (1, 1))),
    )
    packed = PackedFile(layers, graph=planned_graph([(4, 16, 16)], nodes, (4,), layers))
    made = pack_integers(quantise(packed, [random_inputs(packed, rng)], Recipe(exact_outputs=False)))
    ends = sum(tensor.nbytes for tensor in graph_of(made.packed).tensors if tensor.dtype == "fp32")
    assert ends < graph_of(packed).arena_size / 20
    assert made.plan.size <= graph_of(packed).arena_size / 4 + ends
    assert made.packed.layers[1].nbytes == packed.layers[1].nbytes / 4 + (4 + 3) * 64


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 9))
def test_any_file_of_int8_is_unpacked_and_packed(seed: int, node_count: int) -> None:
    packed = random_integer_network(np.random.default_rng(seed), node_count)
    network = unpack_integers(written_and_read(packed))
    for number, layer in network.layers.items():
        again = integer_layer(layer)
        assert file_bytes(again) == file_bytes(packed.layers[number])


def test_the_reference_runs_a_file_with_every_operation() -> None:
    packed = integer_network()
    network = unpack_integers(packed)
    outputs = run_integers(network, random_inputs(packed, np.random.default_rng(2)))
    assert [out.shape for out in outputs] == [graph_of(packed).tensors[t].shape for t in graph_of(packed).outputs]
    assert np.isclose(outputs[0].sum(), 1) and np.isfinite(outputs[1]).all()
    grouped = packed.layers[3]
    assert file_bytes(integer_layer(network.layers[3])) == file_bytes(grouped)


def test_the_reference_of_floats_refuses_bytes() -> None:
    packed = integer_network()
    with pytest.raises(UbpError, match="the network is in int8"):
        run_reference(packed, random_inputs(packed, np.random.default_rng(2)))


def test_tables_of_a_file_are_taken_as_they_are() -> None:
    packed = integer_network()
    graph = graph_of(packed)
    index = next(i for i, node in enumerate(graph.nodes) if node.name == "gate")
    nodes = [replace(node, table=bytes(256)) if i == index else node for i, node in enumerate(graph.nodes)]
    network = unpack_integers(replace(packed, graph=replace(graph, nodes=tuple(nodes))))
    table = network.table_of(index)
    assert table is not None and not table.codes.any()


def test_scales_too_far_apart() -> None:
    network, _ = quantised()
    tensors = list(network.tensors)
    conv = network.graph.output_of(0)
    tensors[conv] = Affine(float(np.float32(2.0**126)), 0)
    tensors[0] = Affine(2.0**-100, 0)
    with pytest.raises(ModelError, match=r"^conv: what it takes and what it makes lie too far apart for int8; keep it"):
        pack_integers(replace(network, tensors=tuple(tensors)))


def test_layers_alone_are_no_network() -> None:
    with pytest.raises(ModelError, match="layers alone"):
        unpack_integers(PackedFile(integer_network().layers))
