"""What a loaded model is: frozen records of its layers and where the weights come from. Must not read files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import ModelError

if TYPE_CHECKING:
    import torch

Kind = Literal["conv", "depthwise", "grouped", "linear", "transposed"]
"""`transposed`: a weight of a bare checkpoint whose rows are input channels."""


IMAGE_CHANNELS = 4
"""A first convolution with at most so many input channels reads the image: it is the stem."""


def stem_reason(channels: int) -> str:
    """Why a stem stays dense."""
    return f"stem ({channels} input channel{'' if channels == 1 else 's'})"


@dataclass(frozen=True, eq=False)
class WeightSource:
    """Where the weight of a bare checkpoint's layer is in its file."""

    keys: tuple[str, ...]
    """Keys of the tensor, or of the parts that make it."""
    target: str
    """The key of the weight in one piece."""
    composed: torch.Tensor | None = field(default=None, repr=False)
    """What the parts make; None where the file has the weight as one tensor."""
    masked: bool = False
    """True: the parts are a weight and a mask of zeros and ones."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One convolution or linear layer. Its weight is the matrix `W` of `rows` x `columns`."""

    name: str
    """Dotted path of the module, or the tensor's name in a bare checkpoint."""
    kind: Kind
    weight: NDArray[np.float32]
    """`[out, in/groups, kh, kw]` or `[out, in]`; shares memory with `LoadedModel.module` where there is one."""
    bias: NDArray[np.float32] | None = None
    """`[out]`."""
    groups: int = 1
    stride: tuple[int, int] = (1, 1)
    """(1, 1) where it isn't known."""
    padding: tuple[int, int] = (0, 0)
    """What the convolution itself adds on each side; padding done by other modules isn't in it."""
    dilation: tuple[int, int] = (1, 1)
    output_hw: tuple[int, int] | None = None
    """Height and width of the output; (1, T) for a linear over T positions; None where unknown."""
    skip_reason: str | None = None
    """Why the layer stays dense by default, in words; None: it can be pruned."""
    geometry_known: bool = True
    """False: stride, padding and dilation stand at their defaults because the file doesn't tell them."""
    bias_known: bool = True
    """False: the file has a bias that no plain layer has, and `bias` is None."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weight."""
        return self.weight.shape

    @property
    def rows(self) -> int:
        """R: output channels."""
        return int(self.weight.shape[0])

    @property
    def columns(self) -> int:
        """K: in/groups * kh * kw."""
        return self.parameters // self.rows if self.rows else 0

    @property
    def parameters(self) -> int:
        """Number of weights, without the bias."""
        return self.weight.size

    @property
    def multiply_adds(self) -> int | None:
        """Multiply-adds for one image, None where the output's size isn't known."""
        return None if self.output_hw is None else self.parameters * self.output_hw[0] * self.output_hw[1]

    @property
    def prunable(self) -> bool:
        """Whether block pruning applies to the layer by default."""
        return self.skip_reason is None


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network, or the weights of a bare checkpoint."""

    name: str
    """The network's name, or the file's."""
    source: str
    """One line for people: where the weights come from."""
    random_weights: bool
    """True: nobody trained these weights, and whoever shows them must say so."""
    layers: tuple[Layer, ...]
    """In the network's order."""
    input_size: int | None
    """Height and width in pixels of the image behind `output_hw`; None for a bare checkpoint."""
    module: torch.nn.Module | None = field(default=None, repr=False)
    """The network itself in eval mode; None for a bare checkpoint."""
    tensors: Mapping[str, torch.Tensor] | None = field(default=None, repr=False)
    """All tensors of a bare checkpoint by the file's own keys, as they are there; None for a network."""
    sources: Mapping[str, WeightSource] = field(default_factory=dict, repr=False)
    """Where in `tensors` each layer's weight is, by the layer's name; empty for a network."""
    notes: tuple[str, ...] = ()
    """What else people should know of the file: what was left out, chosen or guessed, a line each."""

    @property
    def prunable(self) -> tuple[Layer, ...]:
        """The layers that block pruning applies to by default; may be empty."""
        return tuple(layer for layer in self.layers if layer.prunable)

    @property
    def parameters(self) -> int:
        """Weights of all layers, biases and normalisation not counted."""
        return sum(layer.parameters for layer in self.layers)

    def layer(self, name: str) -> Layer:
        """Find a layer by its name.

        Args:
            name: as in `Layer.name`.

        Raises:
            ModelError: there is none; the line offers similar names.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise ModelError(f"{self.name} has no layer {name!r}: {hint_at(name, names)}")


def hint_at(name: str, names: Sequence[str]) -> str:
    """Which layers may be meant by a name that none has."""
    close = get_close_matches(name, names, n=3, cutoff=0.5) or [known for known in names if name and name in known][:3]
    return f"did you mean {', '.join(close)}?" if close else f"it has {len(names)} layers; `ubp layers` lists them"
