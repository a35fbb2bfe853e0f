"""Windows of pooling operations, with what torch says by `ceil_mode` and adaptive sizes turned into plain numbers."""

from __future__ import annotations

from ubp_core.network.step_maker import Refused, StepMaker
from ubp_core.packed.graph import Window


def sized_window(maker: StepMaker, value: int) -> Window:
    """A window from its arguments; `ceil_mode` becomes more rows and columns at the end."""
    kernel = maker.pair("kernel_size")
    stride = maker.pair("stride") if maker.get("stride") else kernel
    padding = maker.pair("padding", 0)
    shape, result = maker.shape(value), maker.result
    extra = [0, 0]
    for axis, (side, wanted) in enumerate(((shape.height, result.height), (shape.width, result.width))):
        reach = (wanted - 1) * stride[axis] + kernel[axis]
        extra[axis] = max(reach - side - 2 * padding[axis], 0)
    return Window(kernel, stride, padding, (extra[0], extra[1]))


def max_window(maker: StepMaker, value: int) -> tuple[Window, bool]:
    """Of a maximum."""
    if maker.pair("dilation", 1) != (1, 1):
        raise Refused("has a dilated window")
    return sized_window(maker, value), False


def average_window(maker: StepMaker, value: int) -> tuple[Window, bool]:
    """Of a mean; without padding, it is all the same whether the divisor counts it."""
    window = sized_window(maker, value)
    divisor = maker.get("divisor_override")
    if divisor is not None and divisor != window.kernel[0] * window.kernel[1]:
        raise Refused(f"divides by {divisor}")
    counts_padding = bool(maker.get("count_include_pad")) and window.padding != (0, 0)
    if counts_padding and window.extra != (0, 0):
        raise Refused("counts its padding (count_include_pad) and rounds up (ceil_mode) at the same time")
    return window, counts_padding


def adaptive_window(maker: StepMaker, value: int) -> tuple[Window, bool]:
    """Of a pooling to a given size, where all windows are alike."""
    shape, result = maker.shape(value), maker.result
    kernel = []
    for side, wanted in ((shape.height, result.height), (shape.width, result.width)):
        if side % wanted:
            raise Refused(f"makes {result.height}x{result.width} of {shape.height}x{shape.width}: its windows differ")
        kernel.append(side // wanted)
    pair = (kernel[0], kernel[1])
    return Window(pair, (1, 1) if (result.height, result.width) == (1, 1) else pair), False
