"""A tiny network with all kinds of layers, and a plain training loop around a pruner."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ubp_core import BlockPruner
from ubp_core.selection import budget

IMAGE = (3, 8, 8)
CLASSES = 4


def tiny_network(seed: int = 0) -> nn.Sequential:
    """Stem, 3x3, depthwise, 1x1 with rows that 4 does not divide, linear, classifier; batch norm between."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        nn.Conv2d(12, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1, groups=16),
        nn.Conv2d(16, 22, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(22, 17),
        nn.ReLU(),
        nn.Linear(17, CLASSES),
    )


PRUNED = ("3", "7", "10")
"""Names of the layers that are pruned by default."""


def tiny_batch(step: int, size: int = 8) -> tuple[Tensor, Tensor]:
    """Images and labels; the label is the quadrant that is brightest."""
    generator = torch.Generator().manual_seed(step)
    images = torch.randn(size, *IMAGE, generator=generator)
    labels = torch.randint(CLASSES, (size,), generator=generator)
    for image, label in zip(images, labels, strict=True):
        down, across = divmod(int(label), 2)
        image[:, 4 * down : 4 * down + 4, 4 * across : 4 * across + 4] += 1.0
    return images, labels


def train_steps(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    pruner: BlockPruner | None,
    steps: range,
    after: Callable[[int], None] = lambda step: None,
) -> None:
    """A user's plain loop."""
    model.train()
    for step in steps:
        images, labels = tiny_batch(step)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        if pruner is not None:
            pruner.step()
        after(step)


def assert_masks_valid(pruner: BlockPruner, model: nn.Module, asked: dict[str, tuple[int, float]]) -> None:
    """Every mask is a valid block selection with the scheduled budget, and the weights are zero exactly outside it.

    Args:
        asked: block size and sparsity of each layer by its name; at sparsity 0 a layer stays dense.
    """
    assert set(pruner.selections) == {name for name, (_, sparsity) in asked.items() if sparsity > 0}
    for name, selection in pruner.selections.items():
        size, sparsity = asked[name]
        weight = model.get_submodule(name).weight.detach()
        matrix = weight.reshape(weight.shape[0], -1)
        single = selection.block_size == 1
        blocks = budget(tuple(matrix.shape), size, sparsity) * (size if single else 1)
        assert len(selection.rows) == blocks
        assert selection.block_size == (1 if selection.method == "unstructured" else size)
        mask = torch.from_numpy(selection.mask())
        assert int(mask.sum()) == blocks * selection.block_size, "blocks overlap"
        assert not matrix[~mask].any(), "a pruned weight is not zero"
        assert not torch.signbit(matrix[~mask]).any(), "a pruned weight is -0.0"
