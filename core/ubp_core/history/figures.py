"""The figures of single layers in rows of their own, so that the newest ones are found without unpacking a run.

A *setup* is what figures must have in common to stand in one column: network, device, kind of figure, threads, cores,
and the criterion that blocks were chosen by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from ubp_core.vocabulary import DEFAULT_BLOCK_COLUMNS, DEFAULT_DTYPE, DENSE

if TYPE_CHECKING:
    import sqlite3

    from ubp_core.benchmark.result import BenchRun, VariantResult
    from ubp_core.models import Layer

ONE_BLOCK_SIZE = "unstructured"
"""A method without blocks: it runs with block size 1, whatever is chosen."""

Key = tuple[str, str, int, int, float, str]
"""Layer, method, block size, columns of a block, sparsity, type."""


@dataclass(frozen=True)
class LayerFigures:
    """The newest figures of a network's layers on one device."""

    device: str = ""
    """Name of the device; empty where none was asked for and none has figures."""
    figure: str = ""
    """What they may be called, a key of `benchmark.figure.FIGURE_WORDS`; empty where there are none."""
    threads: int = 1
    cores: str = ""
    """As asked for; empty where that was left to the device."""
    values: Mapping[Key, float] = field(default_factory=lambda: MappingProxyType({}))
    """Median times in nanoseconds, or executed instructions."""

    def of(
        self,
        layer: str,
        method: str = DENSE,
        block_size: int = 0,
        sparsity: float = 0.0,
        dtype: str = DEFAULT_DTYPE,
        block_columns: int = DEFAULT_BLOCK_COLUMNS,
    ) -> float | None:
        """The figure of a layer and a choice, by default dense; None where there is none."""
        return self.values.get(make_key(layer, method, block_size, sparsity, dtype, block_columns))


def make_key(
    layer: str,
    method: str,
    block_size: int,
    sparsity: float,
    dtype: str = DEFAULT_DTYPE,
    block_columns: int = DEFAULT_BLOCK_COLUMNS,
) -> Key:
    """What a figure is of."""
    if method == DENSE:
        return layer, method, 0, 1, 0.0, dtype
    if method == ONE_BLOCK_SIZE:
        block_size = block_columns = 1
    return layer, method, block_size, block_columns, round(sparsity, 6), dtype


def find_setup(connection: sqlite3.Connection, run: BenchRun) -> int | None:
    """The number of a run's setup, made where it is new; None where the run has no figure of a single layer."""
    if not any(layer.weight_shape and figure_of(variant) for layer in run.layers for variant in layer.variants):
        return None
    place = (run.model, run.device, run.figure, run.settings.get("threads") or 1, run.settings.get("cores") or "",
             run.extra.get("criterion") or "")  # fmt: skip
    names = "model, device, figure, threads, cores, criterion"
    connection.execute(f"INSERT OR IGNORE INTO setup ({names}) VALUES (?, ?, ?, ?, ?, ?)", place)
    query = f"SELECT id FROM setup WHERE ({names}) = (?, ?, ?, ?, ?, ?)"
    return int(connection.execute(query, place).fetchone()[0])


def add_figures(connection: sqlite3.Connection, setup: int, number: int, run: BenchRun) -> None:
    """Adds the figures of run `number`; outputs that differ from the plain loop have none."""
    rows = [
        (setup, layer.layer, layer.weight_shape, layer.output_shape, *key[1:], number, value)
        for layer in run.layers
        if layer.weight_shape
        for variant in layer.variants
        if (value := figure_of(variant))
        for key in [key_of(layer.layer, variant)]
    ]
    connection.executemany("INSERT OR REPLACE INTO figure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def key_of(layer: str, variant: VariantResult) -> Key:
    """What the figure of a variant is of."""
    chosen = (variant.method, variant.block_size, variant.sparsity)
    return make_key(layer, *chosen, variant.dtype, variant.block_columns)


def figure_of(variant: VariantResult) -> float | None:
    """Median time, or executed instructions where nothing was timed; None where the output was wrong."""
    if variant.check != "ok":
        return None
    return variant.median_ns if variant.median_ns is not None else variant.instructions


def newest_figures(
    connection: sqlite3.Connection, model: str, layers: Iterable[Layer], device: str, criterion: str
) -> LayerFigures:
    """See `History.newest_figures`."""
    shapes = {layer.name: shapes_of(layer) for layer in layers}
    setups = connection.execute(
        "SELECT id, device, figure, threads, cores FROM setup WHERE model = ? AND device = ifnull(?, device) "
        "AND criterion = ? ORDER BY (SELECT max(id) FROM run WHERE run.setup = setup.id) DESC",
        (model, device or None, criterion),
    ).fetchall()
    for setup, name, figure, threads, cores in setups:
        values = read_figures(connection, setup, shapes)
        if values:
            return LayerFigures(name, figure, threads, cores, MappingProxyType(values))
    return LayerFigures(device)


def read_figures(connection: sqlite3.Connection, setup: int, shapes: Mapping[str, tuple[str, str]]) -> dict[Key, float]:
    """The newest figures of one setup, of layers with these shapes."""
    found = connection.execute(
        "SELECT layer, weight_shape, output_shape, method, block_size, block_columns, sparsity, dtype, value, "
        "max(run_id) FROM figure WHERE setup = ? "
        "GROUP BY layer, weight_shape, output_shape, method, block_size, block_columns, sparsity, dtype",
        (setup,),
    )
    return {
        (layer, method, block_size, columns, sparsity, dtype): value
        for layer, weight, output, method, block_size, columns, sparsity, dtype, value, _ in found
        if shapes.get(layer) == (weight, output)
    }


def shapes_of(layer: Layer) -> tuple[str, str]:
    """Shapes of weight and output of a layer as runs have them, for one image; empty where its image is not known."""
    weight = "x".join(map(str, layer.shape))
    image = layer.output_hw or ((1, 1) if layer.kind == "linear" else None)
    return weight, f"1x{layer.rows}x{image[0]}x{image[1]}" if image else ""
