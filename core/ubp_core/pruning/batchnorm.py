"""Batch-norm statistics after pruning: measured anew, because those of the dense network no longer fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ubp_core.errors import PruningError


def recalibrate_batchnorm(
    model: nn.Module,
    loader: Iterable[Any],
    batches: int = 32,
    *,
    forward: Callable[[nn.Module, Any], object] | None = None,
) -> int:
    """Replace the running mean and variance of every batch norm by those of some training batches.

    No weight changes, and every module is back in its mode afterwards. The statistics are plain averages over the
    batches, whatever `momentum` the layers have.

    Args:
        model: the pruned network.
        loader: yields images, or tuples that begin with them; training data, with the training's batch size.
        batches: at most so many are used, 1 or more.
        forward: runs the model on one item of the loader, where that is more than `model(images)`.

    Returns:
        How many batches were used; 0 if the network has no batch norm with running statistics.

    Raises:
        PruningError: no batches, or items without images in front.
    """
    if batches < 1:
        raise PruningError(f"recalibrate_batchnorm: batches must be 1 or more; got {batches}")
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    if not norms:
        return 0
    used = 0
    with _measuring(model, norms), torch.no_grad():
        for item in islice(loader, batches):
            forward(model, item) if forward else model(_images(model, item))
            used += 1
    if not used:
        raise PruningError("recalibrate_batchnorm: the loader has no batches")
    return used


@contextmanager
def _measuring(model: nn.Module, norms: list[_BatchNorm]) -> Iterator[None]:
    """Only the batch norms are in training mode, with fresh statistics; what they were is restored where that fails."""
    modes = [(module, module.training) for module in model.modules()]
    before = [(norm.momentum, {k: v.clone() for k, v in norm.named_buffers(recurse=False)}) for norm in norms]
    model.eval()
    for norm in norms:
        norm.train()
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
    finished = False
    try:
        yield
        finished = all(int(norm.num_batches_tracked or 0) for norm in norms)
    finally:
        for norm, (momentum, buffers) in zip(norms, before, strict=True):
            norm.momentum = momentum
            if not finished:
                for name, value in buffers.items():
                    getattr(norm, name).copy_(value)
        for module, training in modes:
            module.training = training


def _images(model: nn.Module, item: Any) -> torch.Tensor:
    """The images of an item, on the model's device."""
    images = item[0] if isinstance(item, (tuple, list)) and item else item
    if not isinstance(images, torch.Tensor):
        raise PruningError(
            f"recalibrate_batchnorm: an item of the loader is a {type(item).__name__}; give tensors, tuples that "
            "begin with one, or forward="
        )
    parameter = next(model.parameters(), None)
    return images if parameter is None else images.to(parameter.device)
