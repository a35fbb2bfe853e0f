"""Random torch modules of what `ubp export` knows: padding, normalisation, shared modules, odd sizes, every activation.

Each is one that can be exported: whatever goes wrong with one of them is a fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

ACTIVATIONS: tuple[Callable[[], nn.Module], ...] = (
    nn.Identity, nn.ReLU, nn.ReLU6, nn.Hardswish, nn.Hardsigmoid, nn.SiLU, nn.Sigmoid,
)  # fmt: skip


class Residual(nn.Module):
    """A branch and what it began with; the branch may be applied twice, with the same weights."""

    def __init__(self, branch: nn.Module, times: int) -> None:
        super().__init__()
        self.branch, self.times = branch, times

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for _ in range(self.times):
            y = self.branch(y)
        return x + y


class Excited(nn.Module):
    """Channels scaled by what a small layer makes of their means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.layer(x.mean((2, 3), keepdim=True)))


class Joined(nn.Module):
    """Two branches, one behind the other."""

    def __init__(self, left: nn.Module, right: nn.Module) -> None:
        super().__init__()
        self.left, self.right = left, right

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.left(x), self.right(x)], 1)


class Number(nn.Module):
    """A number times the image, and another added to it."""

    def __init__(self, factor: float, offset: float) -> None:
        super().__init__()
        self.factor, self.offset = factor, offset

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor + self.offset


@dataclass
class ModuleMaker:
    """Adds blocks; knows the shape that the last one makes."""

    rng: np.random.Generator
    channels: int
    size: tuple[int, int]

    def pick(self, *choices: int) -> int:
        return int(self.rng.choice(choices))

    def activation(self) -> nn.Module:
        return ACTIVATIONS[int(self.rng.integers(len(ACTIVATIONS)))]()

    def after(self, module: nn.Module) -> nn.Module:
        """The module, its shape taken down."""
        with torch.no_grad():
            _, self.channels, *size = module.eval()(torch.zeros(1, self.channels, *self.size)).shape
        self.size = (int(size[0]), int(size[1]))
        return module

    def norm(self, channels: int) -> nn.Module:
        norm = nn.BatchNorm2d(channels)
        with torch.no_grad():
            for tensor, low, high in (
                (norm.weight, 0.5, 1.5), (norm.bias, -1, 1), (norm.running_mean, -1, 1), (norm.running_var, 0.5, 2),
            ):  # fmt: skip
                assert tensor is not None
                tensor.copy_(torch.from_numpy(self.rng.uniform(low, high, channels)))
        return norm

    def convolution(self, channels: int, rows: int, kernel: int, same: bool = False) -> nn.Conv2d:
        groups = self.pick(1, 1, 2, channels)
        groups = groups if channels % groups == 0 and rows % groups == 0 else 1
        stride, padding = (1, kernel // 2) if same else (self.pick(1, 1, 2), self.pick(0, 1, 2))
        dilation = self.pick(1, 1, 2) if not same and kernel == 3 and min(self.size) >= 5 else 1
        return nn.Conv2d(channels, rows, kernel, stride, padding, dilation, groups, bias=bool(self.pick(0, 1)))

    def layer(self) -> nn.Module:
        """A convolution, mostly with normalisation and activation."""
        kernel = self.pick(1, 3, 3, 5, 7)
        kernel = kernel if min(self.size) >= kernel else 1
        rows = self.pick(4, 8, 12, 16, self.channels)
        parts: list[nn.Module] = [self.convolution(self.channels, rows, kernel)]
        if self.pick(0, 1, 1):
            parts.append(self.norm(rows))
        return nn.Sequential(*parts, self.activation())

    def padded(self) -> nn.Module:
        """Zeros around the image, then what may stand behind them."""
        left, top = self.pick(0, 1, 2), self.pick(0, 1, 2)
        zeros = nn.ZeroPad2d((left, left + self.pick(0, 1), top, top + self.pick(0, 1)))
        behind = (
            self.norm(self.channels),
            Number(0.5, 0.0),
            Number(2.0, -1.0),
            self.convolution(self.channels, 8, 1),
            self.convolution(self.channels, 8, 3) if min(self.size) >= 3 else self.norm(self.channels),
        )
        return nn.Sequential(zeros, behind[int(self.rng.integers(len(behind)))], self.activation())

    def pool(self) -> nn.Module:
        if min(self.size) < 3:
            return self.activation()
        kernel, stride = self.pick(2, 3), self.pick(1, 2, 3)
        padding, up = self.pick(0, 1), bool(self.pick(0, 1))
        if self.pick(0, 1):
            return nn.MaxPool2d(kernel, stride, padding, ceil_mode=up)
        counts = bool(self.pick(0, 1)) and not (up and padding)
        return nn.AvgPool2d(kernel, stride, padding, up, counts)

    def residual(self) -> nn.Module:
        kernel = self.pick(1, 3, 5)
        branch = [self.convolution(self.channels, self.channels, kernel, same=True), self.norm(self.channels)]
        return nn.Sequential(Residual(nn.Sequential(*branch, self.activation()), self.pick(1, 1, 2)), self.activation())

    def block(self) -> nn.Module:
        kinds = (self.layer, self.layer, self.padded, self.pool, self.residual, self.excited, self.joined, self.scale)
        return self.after(kinds[int(self.rng.integers(len(kinds)))]())

    def excited(self) -> nn.Module:
        return Excited(self.channels)

    def scale(self) -> nn.Module:
        return nn.Sequential(self.norm(self.channels), self.activation(), Number(0.5, 0.25))

    def joined(self) -> nn.Module:
        left = self.convolution(self.channels, 4, 1, same=True)
        right = nn.Sequential(self.convolution(self.channels, 8, 3, same=True), self.activation())
        return Joined(left, right)


def random_module(seed: int) -> tuple[nn.Module, tuple[int, int, int, int]]:
    """A module and the shape of its input."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    maker = ModuleMaker(rng, int(rng.integers(1, 6)), (int(rng.integers(5, 20)), int(rng.integers(5, 20))))
    shape = (int(rng.integers(1, 3)), maker.channels, *maker.size)
    parts = [maker.block() for _ in range(int(rng.integers(2, 7)))]
    if maker.pick(0, 1):
        parts += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(maker.channels, 7)]
        if maker.pick(0, 1):
            parts.append(nn.Softmax(1))
    return nn.Sequential(*parts).eval(), shape


def random_image(rng: np.random.Generator, shape: tuple[int, ...], share: float) -> NDArray[np.float32]:
    """An image in which a share of the numbers is NaN or infinite."""
    image = rng.standard_normal(shape, np.float32)
    places = rng.random(shape) < share
    image[places] = rng.choice(np.array([np.nan, np.inf, -np.inf], np.float32), int(places.sum()))
    return image
