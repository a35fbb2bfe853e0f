"""What docs/format.md, "Integers", says of each operation, in plain loops: one number after the other, whole numbers in
Python's own, `f32` in numpy scalars. Shares nothing with `ubp_core.quantisation` but the values.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from ubp_core.packed.format import Op
from ubp_core.packed.graph import Node
from ubp_core.quantisation.affine import Affine
from ubp_core.quantisation.network import QuantisedLayer, QuantisedNetwork

Codes = NDArray[np.uint8]
F32 = np.float32


def factor(product: float, divisor: float = 1.0) -> np.float32:
    return F32(np.float64(product) / np.float64(divisor))


def to_byte(f: np.float32, z: int, low: int = 0, high: int = 255) -> int:
    assert math.isfinite(f)
    return min(max(round(float(f)) + z, low), high)  # Python rounds half to even


def convert(x: float, made: Affine) -> int:
    if math.isnan(x):
        return made.zero_point
    with np.errstate(over="ignore"):
        f = F32(x) * factor(1.0, made.scale)
    return to_byte(f, made.zero_point) if math.isfinite(f) else 255 * int(f > 0)


def limits(activation: str, made: Affine) -> tuple[int, int]:
    low = 0 if activation not in ("relu", "relu6") else made.zero_point
    return low, convert(6.0, made) if activation == "relu6" else 255


def activate(name: str, x: float) -> float:
    hard = min(max(x + 3, 0.0), 6.0) / 6
    sigmoid = 1 / (1 + math.exp(-x)) if x > -700 else 0.0
    return {"hard_swish": x * hard, "hard_sigmoid": hard, "silu": x * sigmoid, "sigmoid": sigmoid}[name]


def table(name: str, given: Affine, made: Affine) -> list[int]:
    values = (activate(name, given.scale * (q - given.zero_point)) / made.scale for q in range(256))
    return [min(max(round(value) + made.zero_point, 0), 255) for value in values]


def finish(f: np.float32, activation: str, made: Affine, before: Affine | None) -> int:
    if before is None:
        return to_byte(f, made.zero_point, *limits(activation, made))
    return table(activation, before, made)[to_byte(f, before.zero_point)]


def plain_layer(
    layer: QuantisedLayer, x: Codes, given: Affine, addend: tuple[Codes, Affine] | None, made: Affine,
    before: Affine | None, shape: tuple[int, ...],
) -> NDArray[np.uint8]:  # fmt: skip
    result = np.zeros(shape, np.uint8)
    unit = (before or made).scale
    for place in np.ndindex(shape):
        row = place[1]
        f = F32(plain_sum(layer, x, given.zero_point, place)) * factor(
            given.scale * np.float64(layer.scales[row]), unit
        )
        if addend is not None:
            codes, affine = addend
            f = f + F32(int(codes[place]) - affine.zero_point) * factor(affine.scale, unit)
        result[place] = finish(f, layer.source.activation, made, before)
    return result


def plain_sum(layer: QuantisedLayer, x: Codes, zero_point: int, place: tuple[int, ...]) -> int:
    source, (picture, row, y, across) = layer.source, place
    taps = itertools.product(range(source.shape[1]), range(source.kernel[0]), range(source.kernel[1]))
    group = row // (source.rows // source.groups)
    total = int(layer.bias[row])
    for column, (channel, down, right) in enumerate(taps):
        i = y * source.stride[0] + down * source.dilation[0] - source.padding[0]
        j = across * source.stride[1] + right * source.dilation[1] - source.padding[1]
        if 0 <= i < x.shape[2] and 0 <= j < x.shape[3]:
            q = int(x[picture, group * source.shape[1] + channel, i, j])
            total += int(layer.weights[row, column]) * (q - zero_point)
    assert abs(total) < 2**31
    return total


def plain_node(network: QuantisedNetwork, index: int, codes: list[Codes], shape: tuple[int, ...]) -> Codes:
    """The bytes of a node that makes bytes, of the bytes it is given."""
    node = network.graph.nodes[index]
    given = [network.tensors[tensor] for tensor in node.operands]
    made, before = network.tensors[network.graph.output_of(index)], network.before_tables.get(index)
    if node.layer is not None:
        addend = (codes[1], given[1]) if len(codes) > 1 else None
        return plain_layer(network.layers[node.layer], codes[0], given[0], addend, made, before, shape)
    if node.op == Op.FLATTEN:
        return codes[0].reshape(shape)
    if node.op == Op.CONCAT:
        parts = [rescale(part, affine, made) for part, affine in zip(codes, given, strict=True)]
        return np.concatenate(parts, 1)
    result = np.zeros(shape, np.uint8)
    for place in np.ndindex(shape):
        result[place] = plain_element(node, codes, given, made, before, place)
    return result


def rescale(codes: Codes, given: Affine, made: Affine) -> Codes:
    by = factor(given.scale, made.scale)
    bytes_of = [to_byte(F32(q - given.zero_point) * by, made.zero_point) for q in range(256)]
    return np.array(bytes_of, np.uint8)[codes]


def plain_element(
    node: Node, codes: list[Codes], given: list[Affine], made: Affine, before: Affine | None, place: tuple[int, ...]
) -> int:
    if node.op in (Op.MAX_POOL, Op.AVERAGE_POOL):
        return plain_window(node, codes[0], given[0], made, place)
    unit, q = (before or made).scale, int(codes[0][place])
    whole = q - given[0].zero_point
    if node.op == Op.ACTIVATION:
        if node.activation in ("relu", "relu6"):
            return finish(F32(whole) * factor(given[0].scale, unit), node.activation, made, None)
        return table(node.activation, given[0], made)[q]
    where = (min(n, side - 1) for n, side in zip(place, codes[1].shape, strict=True))  # one number for a channel
    second = int(codes[1][tuple(where)]) - given[1].zero_point
    if node.op == Op.MULTIPLY:
        f = F32(whole * second) * factor(given[0].scale * given[1].scale, unit)
    else:
        f = F32(whole) * factor(given[0].scale, unit) + F32(second) * factor(given[1].scale, unit)
    return finish(f, node.activation, made, before)


def plain_window(node: Node, codes: Codes, given: Affine, made: Affine, place: tuple[int, ...]) -> int:
    window = node.window
    assert window is not None
    inside = []
    for down, right in np.ndindex(window.kernel):
        i = place[2] * window.stride[0] + down - window.padding[0]
        j = place[3] * window.stride[1] + right - window.padding[1]
        if 0 <= i < codes.shape[2] and 0 <= j < codes.shape[3]:
            inside.append(int(codes[place[0], place[1], i, j]))
    if node.op == Op.MAX_POOL:
        return max(inside)
    count = math.prod(window.kernel) if node.counts_padding else len(inside)
    total = sum(q - given.zero_point for q in inside)
    return to_byte(F32(total) * factor(given.scale, made.scale * count), made.zero_point)
