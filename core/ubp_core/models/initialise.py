"""Building networks without their costly default initialisation, and filling them with seeded random weights.

torchvision draws every weight twice (the module's default, then the network's own rule). Networks here are built with
the drawing switched off, and then get either a file's weights or one seeded Kaiming-normal draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.overrides import TorchFunctionMode

OTHER_STD = 0.02
"""Standard deviation for what is neither convolution nor linear (position embeddings, attention projections)."""


_WHOLE = frozenset((nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_))
"""Functions of `nn.init` that a function mode sees as a whole."""

_METHODS = frozenset((torch.Tensor.normal_, torch.Tensor.uniform_))
"""What the other ones come down to."""


class _NoDrawing(TorchFunctionMode):
    """Makes drawing nearly free while a network is built, and remembers the tensors that were to be drawn.

    Unlike building on the meta device it keeps all that is computed while building: index tables, layer scales,
    widths that a network works out with tensors. A function mode holds for the current thread only.
    """

    def __init__(self) -> None:
        super().__init__()
        self.undrawn: dict[int, torch.Tensor] = {}

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func not in _WHOLE and func not in _METHODS:
            return func(*args, **kwargs)
        tensor: torch.Tensor = args[0] if args else kwargs["tensor"]
        self.undrawn[id(tensor)] = tensor
        # A truncated normal draws again until no value is out of bounds: it has to find the mean, not arbitrary memory.
        return tensor if func in _WHOLE else tensor.fill_(_mean(func, *args[1:3], **kwargs))


def _mean(func: Callable[..., Any], first: float = 0.0, second: float | None = None, **options: Any) -> float:
    """Mean of what `normal_(mean, std)` or `uniform_(low, high)` draws."""
    if func is torch.Tensor.normal_:
        return float(options.get("mean", first))
    low, high = options.get("from", first), options.get("to", 1.0 if second is None else second)
    return (float(low) + float(high)) / 2


def build_undrawn(build: Callable[[], nn.Module]) -> tuple[nn.Module, frozenset[str]]:
    """Build a network whose drawn parameters hold arbitrary memory.

    Args:
        build: makes the network.

    Returns:
        The network in eval mode, and the names of the parameters that must be filled before use.
    """
    with _NoDrawing() as mode:
        module = build().eval()
    return module, frozenset(name for name, value in module.named_parameters() if id(value) in mode.undrawn)


def fill_random(module: nn.Module, undrawn: frozenset[str], seed: int) -> None:
    """Fill a network with random weights: Kaiming-normal (fan-in, ReLU gain) for convolutions and linears.

    Every tensor has a generator of its own, seeded by `seed` and its name: the result doesn't depend on threads.

    Args:
        module: from `build_undrawn`.
        undrawn: names of the parameters to fill, from `build_undrawn`.
        seed: 0 or more.
    """
    kaiming = {
        f"{name}.weight" if name else "weight"
        for name, child in module.named_modules()
        if isinstance(child, (nn.Conv2d, nn.Linear))
    }
    parameters = dict(module.named_parameters())
    jobs: list[tuple[NDArray[np.float32], float, int]] = []
    for name in sorted(undrawn | (kaiming & parameters.keys())):
        array = parameters[name].detach().numpy()
        if name in kaiming:
            jobs.append((array, math.sqrt(2 / max(array[:1].size, 1)), crc32(name.encode())))
        elif name.endswith("bias"):
            array.fill(0)
        else:
            jobs.append((array, OTHER_STD, crc32(name.encode())))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda job: _draw(job[0], job[1], job[2], seed), jobs))


def _draw(array: NDArray[np.float32], std: float, stream: int, seed: int) -> None:
    """Fill one array in place; numpy draws without holding the interpreter's lock."""
    generator = np.random.Generator(np.random.SFC64([seed, stream]))
    generator.standard_normal(dtype=np.float32, out=array)
    array *= np.float32(std)
