"""What the bytes of a packed file mean: scales and zero points as a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.tables import Column, Table, numbers
from ubp_core.units import format_size
from ubp_core.vocabulary import INT8

if TYPE_CHECKING:
    from ubp_core.packed.file import PackedFile
    from ubp_core.packed.graph import Graph, Node, Tensor
    from ubp_core.packed.layer import PackedLayer


def layer_scales(layer: PackedLayer) -> dict[str, Any]:
    """Of a layer in JSON output; null where it is not int8."""
    whole = layer.dtype == INT8
    return {
        "block_columns": layer.block_columns,
        "scales": layer.scales.tolist() if whole else None,
        "column_order": layer.column_order.tolist() if len(layer.column_order) else None,
    }


def tensor_record(tensor: Tensor) -> dict[str, Any]:
    """A tensor in JSON output; scale and zero point are null where it is not int8."""
    return {"shape": list(tensor.shape), "dtype": tensor.dtype, **meaning(tensor)}


def meaning(tensor: Tensor) -> dict[str, Any]:
    """Scale and zero point of a tensor."""
    whole = tensor.dtype == INT8
    return {"scale": tensor.scale if whole else None, "zero_point": tensor.zero_point if whole else None}


def table_record(node: Node) -> dict[str, Any] | None:
    """The table of a node's activation; scale and zero point of what it is given are null where that is a tensor."""
    if node.table is None:
        return None
    own = node.before_scale > 0
    return {
        "scale": node.before_scale if own else None,
        "zero_point": node.before_zero_point if own else None,
        "bytes": list(node.table),
    }


def print_scales(packed: PackedFile) -> None:
    """Tensors of int8 with scale and zero point, then layers with the ends of their rows' scales."""
    console = output.open_console()
    if not any(layer.dtype == INT8 for layer in packed.layers):
        console.print("nothing in the file is int8, so nothing has a scale", soft_wrap=True)
        return
    if packed.graph is not None:
        console.print(_tensors(packed.graph))
    columns = [Column("layer of int8", "name"), *numbers("rows", "smallest scale", "largest scale")]
    table = Table(columns)
    for layer in packed.layers:
        if layer.dtype == INT8:
            ends = (layer.scales.min(), layer.scales.max())
            table.add_row(layer.name, str(layer.rows), *(f"{float(end):.4g}" for end in ends))
    console.print(table)
    console.print("--json has the scale of every row", soft_wrap=True)


def _tensors(graph: Graph) -> Table:
    """Rows in the order of the nodes; what stands before an activation's table has one of its own."""
    table = Table(
        [*numbers("#"), Column("array of int8", "name"), Column("shape", yields=1), *numbers("scale", "zero")]
    )
    for number, tensor in enumerate(graph.tensors):
        index = number - graph.input_count
        node = graph.nodes[index] if index >= 0 else None
        place = "" if node is None else str(index)
        name = "input" if node is None else node.name
        if node is not None and node.before_scale > 0:
            cells = (f"{node.before_scale:.4g}", str(node.before_zero_point))
            table.add_row(place, f"{name}, before its activation", format_size(tensor.shape[1:]), *cells)
        if tensor.dtype == INT8:
            cells = (f"{tensor.scale:.4g}", str(tensor.zero_point))
            table.add_row(place, name, format_size(tensor.shape[1:]), *cells)
    return table
