"""First and second moments of what a layer multiplies: gathered picture by picture, one layer at a time.

A layer's inputs are patches: the numbers under its kernel, in the order of the weight's columns. What a change of
weights costs in the layer's output follows from their second moments alone, so pictures need not be kept. Rounding to
int8 uses them; so can anything else that solves weights anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ubp_core.network.reference import pad
from ubp_core.packed.layer import PackedLayer

LOST = 1e-12
"""Of sums in fp64, what rounding may take away of products: a share of the mean one."""


@dataclass
class Moments:
    """Sums over all patches that were added, in fp64."""

    first: Tensor
    """[groups, columns]."""
    second: Tensor | None
    """[groups, columns, columns]: products of two columns; None where only means are wanted."""
    count: int = 0
    """Patches."""

    @classmethod
    def of_layer(cls, layer: PackedLayer, means_alone: bool = False) -> Moments:
        """Empty ones."""
        first = torch.zeros(layer.groups, layer.columns, dtype=torch.float64)
        return cls(first, None if means_alone else torch.zeros(*first.shape, layer.columns, dtype=torch.float64))

    def add(self, found: Tensor) -> None:
        """Adds patches [batch, groups, columns, positions], fp32."""
        columns = found.permute(1, 2, 0, 3).flatten(2).double()
        if self.second is not None:
            self.second += columns @ columns.mT
        self.first += columns.sum(2)
        self.count += columns.shape[2]

    @property
    def mean(self) -> Tensor:
        """[groups, columns] of each column; zero before anything was added."""
        return self.first / max(self.count, 1)

    @property
    def raw(self) -> Tensor:
        """[groups, columns, columns] mean products: what the square of an output's error costs."""
        assert self.second is not None
        return self.second / max(self.count, 1)

    @property
    def centred(self) -> Tensor:
        """The same around the mean: what it costs where the bias is corrected, too.

        What rounding of the sums may have taken away is added to the diagonal, so that inputs which hardly change from
        patch to patch have positive moments, too.
        """
        raw = self.raw
        lost = LOST * raw.diagonal(dim1=1, dim2=2).mean(1)
        around_mean = raw - self.mean[..., :, None] * self.mean[..., None, :]
        return around_mean + lost[:, None, None] * torch.eye(raw.shape[1], dtype=raw.dtype)


def patches(layer: PackedLayer, x: Tensor) -> Tensor:
    """What a layer's rows are multiplied with.

    Args:
        layer: its kernel, stride, padding, dilation and groups count.
        x: fp32 [batch, channels, height, width], in which zeros mean padding.

    Returns:
        fp32 [batch, groups, columns, positions], positions row by row.
    """
    padded = pad(x, layer.padding, layer.extra_padding, 0.0)
    if layer.kernel == (1, 1):
        down, across = layer.stride
        found = padded[:, :, ::down, ::across].flatten(2)
    else:
        found = functional.unfold(padded, layer.kernel, layer.dilation, 0, layer.stride)
    return found.reshape(x.shape[0], layer.groups, layer.columns, -1)


def result_size(layer: PackedLayer, height: int, width: int) -> tuple[int, int]:
    """Height and width of what a layer makes of an image."""
    sizes = zip(
        (height, width), layer.kernel, layer.stride, layer.padding, layer.extra_padding, layer.dilation, strict=True
    )
    down, across = (
        (size + 2 * around + extra - apart * (taps - 1) - 1) // step + 1
        for size, taps, step, around, extra, apart in sizes
    )
    return down, across
