"""What each ATen operation becomes. A function per operation; what it can't express it refuses with a reason.

Every function takes a `StepMaker` and returns the number of the value that holds the operation's result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ubp_core.network.draft import LayerWeights
from ubp_core.network.pooling import adaptive_window, average_window, max_window
from ubp_core.network.step_maker import Refused, StepMaker
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Window

Operation = Callable[[StepMaker], int]


def layer_name(path: str) -> str:
    """Name of the module whose weight this is."""
    return path.removesuffix(".weight") if path != "weight" else "layer"


def layer_weights(maker: StepMaker, **geometry: Any) -> LayerWeights:
    """Weight and bias of a convolution or linear layer."""
    stored, bias = maker.stored("weight"), maker.stored("bias")
    if stored is None:
        raise Refused("has no weight")
    path, weight = stored
    rows = weight.shape[0]
    offset = np.zeros(rows) if bias is None else bias[1].astype(np.float64)
    return LayerWeights(layer_name(path), weight, np.ones(rows), offset, **geometry)


def convert_conv2d(maker: StepMaker) -> int:
    """A convolution; padding as numbers or as a word."""
    stored = maker.stored("weight")
    assert stored is not None
    dilation = maker.pair("dilation", 1)
    padding, extra = (0, 0), (0, 0)
    if maker.get("padding") == "same":
        both = [d * (k - 1) for d, k in zip(dilation, stored[1].shape[2:], strict=True)]
        padding, extra = (both[0] // 2, both[1] // 2), (both[0] % 2, both[1] % 2)
    elif maker.get("padding") != "valid":
        padding = maker.pair("padding", 0)
    weights = layer_weights(
        maker,
        stride=maker.pair("stride", 1),
        padding=padding,
        extra_padding=extra,
        dilation=dilation,
        groups=int(maker.get("groups") or 1),
    )
    return maker.add(Op.LAYER, (maker.value("input"),), weights=weights)


def convert_linear(maker: StepMaker) -> int:
    """A linear layer on vectors."""
    value = maker.value("input")
    if maker.shape(value).rank != 2:
        raise Refused("works on something else than vectors [batch, features]")
    return maker.add(Op.LAYER, (value,), weights=layer_weights(maker))


def convert_batch_norm(maker: StepMaker) -> int:
    """A normalisation by stored statistics: a factor and an offset for each channel."""
    value = maker.value("input")
    if maker.get("training"):
        raise Refused("is in training mode: call eval() on the model")
    mean, variance = maker.stored("running_mean"), maker.stored("running_var")
    if mean is None or variance is None:
        raise Refused("has no running statistics")
    weight, bias = maker.stored("weight"), maker.stored("bias")
    spread = variance[1].astype(np.float64) + float(maker.get("eps"))
    if not (spread > 0).all():
        raise Refused(f"has a running_var ({variance[0]}) whose least value, {variance[1].min():g}, is no variance")
    scale = 1.0 / np.sqrt(spread)
    if weight is not None:
        scale = scale * weight[1]
    offset = -mean[1].astype(np.float64) * scale
    if bias is not None:
        offset = offset + bias[1]
    return maker.add_scale(value, mean[0].removesuffix(".running_mean"), scale, offset)


def activation(name: str) -> Operation:
    """A function of each element."""

    def convert(maker: StepMaker) -> int:
        return maker.add(Op.ACTIVATION, (maker.value("self"),), activation=name)

    return convert


def convert_clamp(maker: StepMaker) -> int:
    """Clamps that are a ReLU or a ReLU6."""
    low, high = (maker.get(new if maker.has(new) else old) for new, old in (("min_val", "min"), ("max_val", "max")))
    if low == 0 and (high is None or high == math.inf):
        return activation("relu")(maker)
    if low == 0 and high == 6:
        return activation("relu6")(maker)
    raise Refused(f"clamps to {low} .. {high}; only 0 .. 6 and 0 .. infinity can be exported")


def pairwise(op: Op) -> Operation:
    """Additions and multiplications of two values; the second may be one number for each channel."""

    def convert(maker: StepMaker) -> int:
        if maker.has("alpha") and maker.get("alpha") not in (None, 1):
            raise Refused(f"multiplies by alpha = {maker.get('alpha')}")
        if not maker.is_array("other") and isinstance(maker.get("other"), int | float):
            return scaled(maker, op, float(maker.get("other")))
        pair = [maker.value("self"), maker.value("other")]
        shapes = [maker.shape(value).chw for value in pair]
        if shapes[0] != shapes[1] and shapes[0][1:] == (1, 1):
            pair.reverse()
            shapes.reverse()
        if shapes[1] not in (shapes[0], (shapes[0][0], 1, 1)) or maker.result.chw != shapes[0]:
            raise Refused(f"combines arrays of {shapes[0]} and {shapes[1]} (channels, height, width)")
        return maker.add(op, (pair[0], pair[1]))

    return convert


def scaled(maker: StepMaker, op: Op, number: float) -> int:
    """A value plus or times one number."""
    value = maker.value("self")
    whole = np.full(maker.shape(value).channels, number, np.float64)
    if op == Op.ADD:
        return maker.add_scale(value, maker.place, np.ones_like(whole), whole)
    return maker.add_scale(value, maker.place, whole, np.zeros_like(whole))


def convert_divide(maker: StepMaker) -> int:
    """A division by a number."""
    if maker.is_array("other") or not isinstance(maker.get("other"), int | float) or not maker.get("other"):
        raise Refused("divides by something else than a number")
    return scaled(maker, Op.MULTIPLY, 1.0 / maker.get("other"))


def pool(op: Op, find_window: Callable[[StepMaker, int], tuple[Window, bool]]) -> Operation:
    """A pooling; `find_window` gives its window and whether the divisor counts the padding."""

    def convert(maker: StepMaker) -> int:
        value = maker.value("self")
        if maker.shape(value).rank != 4:
            raise Refused("works on something else than images")
        window, counts_padding = find_window(maker, value)
        if window == Window((1, 1), (1, 1)):
            return value
        return maker.add(op, (value,), window=window, counts_padding=counts_padding)

    return convert


def convert_mean(maker: StepMaker) -> int:
    """A mean over height and width."""
    value = maker.value("self")
    shape = maker.shape(value)
    dims = sorted(int(d) % 4 for d in (maker.get("dim") or []))
    if shape.rank != 4 or dims != [2, 3]:
        raise Refused(f"is over dimensions {maker.get('dim')}; only a mean over height and width can be exported")
    return maker.add(Op.AVERAGE_POOL, (value,), window=Window((shape.height, shape.width), (1, 1)))


def convert_view(maker: StepMaker) -> int:
    """Shapes of the same elements: to vectors, or between vectors and 1x1 images."""
    name = "self" if maker.has("self") else "input"
    value, result = maker.value(name), maker.result
    shape = maker.shape(value)
    if (result.batch, result.chw) == (shape.batch, shape.chw):
        return value if result.rank == shape.rank else maker.reshaped(value, result.rank)
    if result.batch != shape.batch or (result.height, result.width) != (1, 1):
        raise Refused("makes another shape than one vector for each image")
    return maker.add(Op.FLATTEN, (value,))


def convert_identity(maker: StepMaker) -> int:
    """Operations that leave everything as it is when the network isn't trained."""
    if maker.has("train") and maker.get("train"):
        raise Refused("is in training mode: call eval() on the model")
    return maker.value("input" if maker.has("input") else "self")


def convert_concat(maker: StepMaker) -> int:
    """Channels one behind the other."""
    values = maker.values("tensors")
    if int(maker.get("dim") or 0) % maker.result.rank != 1:
        raise Refused(f"joins dimension {maker.get('dim')}; only channels can be joined")
    return maker.add(Op.CONCAT, values) if len(values) > 1 else values[0]


def convert_softmax(maker: StepMaker) -> int:
    """Softmax of vectors."""
    value = maker.value("self")
    if maker.shape(value).chw[1:] != (1, 1) or int(maker.get("dim")) % maker.result.rank != 1:
        raise Refused("is over something else than the channels of vectors")
    return maker.add(Op.SOFTMAX, (value,))


def convert_pad(maker: StepMaker) -> int:
    """Zeros around an image."""
    numbers = [int(number) for number in maker.get("pad")]
    if maker.get("mode") not in (None, "constant") or maker.get("value") not in (None, 0):
        raise Refused("pads with something else than zeros")
    if len(numbers) % 2 or (len(numbers) > 4 and any(numbers[4:])) or min(numbers, default=0) < 0:
        raise Refused(f"pads by {numbers}; only zeros around an image can be exported")
    left, right, top, bottom = (*numbers, 0, 0, 0, 0)[:4]
    value = maker.value("self")
    if not any((left, right, top, bottom)):
        return value
    return maker.add(None, (value,), pads=(top, bottom, left, right))


OPERATIONS: dict[str, Operation] = {
    "conv2d": convert_conv2d,
    "linear": convert_linear,
    "batch_norm": convert_batch_norm,
    "relu": activation("relu"),
    "relu6": activation("relu6"),
    "hardtanh": convert_clamp,
    "clamp": convert_clamp,
    "clamp_min": convert_clamp,
    "hardswish": activation("hard_swish"),
    "hardsigmoid": activation("hard_sigmoid"),
    "silu": activation("silu"),
    "sigmoid": activation("sigmoid"),
    "add": pairwise(Op.ADD),
    "mul": pairwise(Op.MULTIPLY),
    "div": convert_divide,
    "max_pool2d": pool(Op.MAX_POOL, max_window),
    "max_pool2d_with_indices": pool(Op.MAX_POOL, max_window),
    "avg_pool2d": pool(Op.AVERAGE_POOL, average_window),
    "adaptive_avg_pool2d": pool(Op.AVERAGE_POOL, adaptive_window),
    "adaptive_max_pool2d": pool(Op.MAX_POOL, adaptive_window),
    "mean": convert_mean,
    "flatten": convert_view,
    "view": convert_view,
    "reshape": convert_view,
    "_unsafe_view": convert_view,
    "squeeze": convert_view,
    "unsqueeze": convert_view,
    "dropout": convert_identity,
    "feature_dropout": convert_identity,
    "contiguous": convert_identity,
    "clone": convert_identity,
    "alias": convert_identity,
    "detach": convert_identity,
    "cat": convert_concat,
    "concat": convert_concat,
    "softmax": convert_softmax,
    "pad": convert_pad,
    "constant_pad_nd": convert_pad,
}
"""By ATen name, without namespace and overload; the forms in place end up here too."""
WITH_PLACES = ("adaptive_max_pool2d", "max_pool2d_with_indices")
"""Those of them whose second result is where the maxima were; only the first can be exported."""
