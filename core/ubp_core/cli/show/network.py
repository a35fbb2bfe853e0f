"""A packed network as a table and as JSON: its operations in their order, and what each layer's weights are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.show.integers import meaning, table_record, tensor_record
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.units import format_grouped, format_share, format_size

if TYPE_CHECKING:
    from ubp_core.packed.file import PackedFile
    from ubp_core.packed.graph import Graph, Node, Tensor
    from ubp_core.packed.layer import PackedLayer

WEIGHTS = [Column("weights", yields=3), *numbers("sparsity"), *numbers("retained", yields=2), *numbers("bytes")]
WEIGHTS += [*numbers("dense", yields=4), *numbers("share", yields=5)]
COLUMNS = [*numbers("#"), Column("node", "name"), Column("operation"), Column("from", "text", 7)]
COLUMNS += [Column("result", yields=6), *WEIGHTS]


def network_record(packed: PackedFile) -> dict[str, Any] | None:
    """The graph in JSON output; None where the file holds layers alone."""
    graph = packed.graph
    if graph is None:
        return None
    return {
        "inputs": [list(tensor.shape) for tensor in graph.tensors[: graph.input_count]],
        "outputs": list(graph.outputs),
        "arena_bytes": graph.arena_size,
        "tensors": [tensor_record(tensor) for tensor in graph.tensors],
        "nodes": [_node_record(packed, graph, index) for index in range(len(graph.nodes))],
    }


def _node_record(packed: PackedFile, graph: Graph, index: int) -> dict[str, Any]:
    """One node; tensors by number, the network's inputs first."""
    node, tensor = graph.nodes[index], graph.tensors[graph.output_of(index)]
    return {
        "name": node.name,
        "op": node.op.name.lower(),
        "operands": list(node.operands),
        "output": graph.output_of(index),
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "arena_offset": tensor.offset,
        "layer": None if node.layer is None else packed.layers[node.layer].name,
        "activation": node.activation if node.layer is None else packed.layers[node.layer].activation,
        "window": None if node.window is None else list(node.window.numbers),
        **meaning(tensor),
        "table": table_record(node),
    }


def print_network(packed: PackedFile, graph: Graph) -> None:
    """A table of all nodes with a line of totals, and a line on the memory."""
    table = Table(COLUMNS)
    for index, node in enumerate(graph.nodes):
        layer = None if node.layer is None else packed.layers[node.layer]
        tensor = graph.tensors[graph.output_of(index)]
        sources = ", ".join(_source(graph, operand) for operand in node.operands)
        table.add_row(
            str(index),
            node.name,
            _operation(node, layer, tensor),
            sources,
            format_size(tensor.shape[1:]),
            *_weights(layer),
        )
    totals = _totals(packed)
    table.footer = (*[""] * (len(COLUMNS) - len(totals)), *totals)
    console = output.open_console()
    console.print(table)
    inputs = ", ".join(format_size(tensor.shape) for tensor in graph.tensors[: graph.input_count])
    console.print(f"input {inputs}; {graph.arena_size:,} bytes of memory for all arrays of a run", soft_wrap=True)


def _source(graph: Graph, operand: int) -> str:
    """The node that makes an operand."""
    return "input" if operand < graph.input_count else f"#{operand - graph.input_count}"


def _operation(node: Node, layer: PackedLayer | None, made: Tensor) -> str:
    """What a node does, in a few words."""
    if node.op.name == "CONVERT":
        return f"convert to {made.dtype}"
    if layer is not None:
        words = _layer_words(layer) + (" + addend" if len(node.operands) > 1 else "")
        words += f", makes {made.dtype}" if made.dtype != layer.dtype else ""
        return words + (f", {layer.activation}" if layer.activation != "none" else "")
    words = node.activation if node.op.name == "ACTIVATION" else node.op.name.lower()
    if node.window is not None:
        return f"{words} {format_size(node.window.kernel)}{_stride(node.window.stride)}"
    return words + (f", {node.activation}" if node.activation not in ("none", words) else "")


def _layer_words(layer: PackedLayer) -> str:
    if len(layer.shape) == 2:
        return "linear"
    kind = "conv" if layer.groups == 1 else "depthwise" if layer.shape[1] == 1 else f"conv of {layer.groups} groups"
    dilation = f" dilation {format_size(layer.dilation)}" if layer.dilation != (1, 1) else ""
    return f"{kind} {format_size(layer.kernel)}{_stride(layer.stride)}{dilation}"


def _stride(stride: tuple[int, int]) -> str:
    if stride == (1, 1):
        return ""
    return f" /{stride[0]}" if stride[0] == stride[1] else f" /{format_size(stride)}"


def _weights(layer: PackedLayer | None) -> tuple[str, ...]:
    """The cells on a layer's weights."""
    if layer is None:
        return ("",) * len(WEIGHTS)
    if layer.dense:
        return (kind_words(layer), "", "", format_grouped(layer.nbytes), format_grouped(layer.dense_nbytes), "")
    return (
        kind_words(layer),
        format_share(layer.achieved_sparsity),
        format_share(layer.retained),
        format_grouped(layer.nbytes),
        format_grouped(layer.dense_nbytes),
        format_share(layer.nbytes / layer.dense_nbytes, 1),
    )


def kind_words(layer: PackedLayer) -> str:
    """Blocks and type of a layer, in a few words."""
    words = [f"{layer.block_columns}x{layer.block_size} {'aligned' if layer.aligned else 'unaligned'}, {layer.method}"]
    if layer.dense:
        words = ["dense"]
    if layer.dtype != "fp32":
        words.append(f"{layer.dtype}, fp32 sums" if layer.wide_sums else layer.dtype)
    return ", ".join(words)


def _totals(packed: PackedFile) -> tuple[str, ...]:
    """The last line: the whole network's weights."""
    layers = packed.layers
    pruned = sum(not layer.dense for layer in layers)
    kept = sum(layer.kept for layer in layers)
    weights = sum(layer.rows * layer.columns for layer in layers)
    size, dense = sum(layer.nbytes for layer in layers), sum(layer.dense_nbytes for layer in layers)
    return (
        f"{pruned} of {len(layers)} layers pruned",
        format_share(1 - kept / weights),
        "",
        format_grouped(size),
        format_grouped(dense),
        format_share(size / dense, 1),
    )
