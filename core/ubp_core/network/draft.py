"""A network on its way from a torch model to a packed file: steps that make values, weights not yet packed.

Owns the values and questions about who makes and who uses what. Knows no torch and no bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ubp_core.packed.format import Op
from ubp_core.packed.graph import Window


@dataclass(frozen=True)
class Value:
    """One array that flows through the network."""

    rank: int
    """4 for images, 2 for vectors."""
    batch: int
    channels: int
    height: int = 1
    width: int = 1
    dtype: str = "fp32"

    @property
    def chw(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width

    @property
    def elements(self) -> int:
        """How many numbers it has."""
        return self.batch * self.channels * self.height * self.width


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """Weights of a step that applies a layer: as the model has them, and what was folded into them."""

    name: str
    """Name of the layer in its model, as in `models.Layer`."""
    weight: NDArray[np.float32]
    """[out, in / groups, kh, kw] or [out, in], unchanged: what selections are made from."""
    scale: NDArray[np.float64]
    """[out] factor of each row, from the normalisation behind the layer."""
    bias: NDArray[np.float64]
    """[out], normalisation included."""
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    extra_padding: tuple[int, int] = (0, 0)
    """More zeros below and to the right."""
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    is_scale: bool = False
    """A normalisation by itself: a factor and an offset for each channel, as a depthwise 1x1 convolution."""

    @property
    def is_padded(self) -> bool:
        """Whether it sees zeros around its input."""
        return any((*self.padding, *self.extra_padding))

    @property
    def folded_weight(self) -> NDArray[np.float32]:
        """The weight with its factors."""
        scale = self.scale.reshape(-1, *(1,) * (self.weight.ndim - 1))
        return (self.weight * scale).astype(np.float32)

    @property
    def folded_bias(self) -> NDArray[np.float32]:
        """The bias as it is stored."""
        return self.bias.astype(np.float32)

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width; (1, 1) of a linear layer."""
        return (self.weight.shape[2], self.weight.shape[3]) if self.weight.ndim == 4 else (1, 1)


@dataclass(frozen=True, eq=False)
class Step:
    """One operation. Makes exactly one value."""

    place: str
    """Where in the model: a module's path, with the operation's name where the module does more than that."""
    op: Op | None
    """None: zeros around an image (`pads`), which must become the padding of a convolution."""
    inputs: tuple[int, ...]
    """Numbers of values; of a layer the input, then what is added to its result."""
    output: int
    weights: LayerWeights | None = None
    """Of Op.LAYER."""
    activation: str = "none"
    """Of a layer, an addition, a multiplication, or by itself."""
    window: Window | None = None
    """Of the pooling ops."""
    counts_padding: bool = False
    """Of Op.AVERAGE_POOL."""
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Above, below, left, right; where op is None."""


@dataclass
class Draft:
    """Steps in an order in which they can run."""

    inputs: list[int]
    """Numbers of the values that the caller gives."""
    values: dict[int, Value] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    """Numbers of the values that the caller gets."""

    def maker(self, value: int) -> Step | None:
        """The step that makes a value; None for what the caller gives."""
        return next((step for step in self.steps if step.output == value), None)

    def uses(self, value: int) -> int:
        """How often steps and the caller use a value."""
        return sum(step.inputs.count(value) for step in self.steps) + self.outputs.count(value)

    def users(self, value: int) -> list[Step]:
        """The steps that use a value."""
        return [step for step in self.steps if value in step.inputs]

    def swap(self, old: Step, new: Step) -> None:
        """Puts a step in another one's place."""
        self.steps[self.steps.index(old)] = new

    def merge(self, first: Step, second: Step, **changes: object) -> None:
        """Replaces two steps by `first` with changes, standing where `second` stood and making what it made."""
        self.swap(second, replace(first, output=second.output, **changes))  # type: ignore[arg-type]
        self.steps.remove(first)
        self.values.pop(first.output)

    def drop_unused(self) -> None:
        """Removes steps whose value nobody uses."""
        needed: set[int] = set(self.outputs)
        for step in reversed(list(self.steps)):
            if step.output in needed:
                needed.update(step.inputs)
            else:
                self.steps.remove(step)
                del self.values[step.output]

    def layer_steps(self) -> Iterable[tuple[Step, LayerWeights]]:
        """The steps that apply layers, with their weights."""
        return [(step, step.weights) for step in self.steps if step.weights is not None]
