"""Batch-norm statistics after pruning: measured anew, because those of the dense network no longer fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch import nn

from ubp_core.errors import PruningError
from ubp_core.models.layer_extraction import check_shapes
from ubp_core.torch_private import BatchNorm

LABEL = "recalibrate_batchnorm"


def recalibrate_batchnorm(
    model: nn.Module,
    loader: Iterable[Any],
    batches: int = 32,
    *,
    forward: Callable[[nn.Module, Any], object] | None = None,
) -> int:
    """Replace the running mean and variance of every batch norm by those of some training batches.

    No weight changes, and every module is back in its mode afterwards. The statistics are plain averages over the
    batches, whatever `momentum` the layers have. Layers that are frozen, in eval mode and with parameters that need no
    gradient while others do, stay as they are; so do those that no batch reaches. Where anything fails, all do.

    Args:
        model: the pruned network.
        loader: yields images, or tuples that begin with them; training data, with the training's batch size.
        batches: at most so many are used, 1 or more.
        forward: runs the model on one item of the loader, where that is more than `model(images)`.

    Returns:
        How many batches were used; 0 if the network has no batch norm with running statistics to measure.

    Raises:
        PruningError: no batches, items without images in front, images that are no floats or not finite, a network
            that fails on them, or statistics that are not finite.
    """
    if not isinstance(model, nn.Module):
        raise PruningError(f"{LABEL}: need a torch.nn.Module; got {type(model).__name__}")
    if isinstance(batches, bool) or not isinstance(batches, int) or batches < 1:
        raise PruningError(f"{LABEL}: batches must be 1 or more; got {batches!r}")
    if not isinstance(loader, Iterable):
        raise PruningError(f"{LABEL}: the loader must yield batches; got {type(loader).__name__}")
    check_shapes(model, PruningError)
    norms = _open_norms(model)
    if not norms:
        return 0
    used = 0
    with _measuring(model, norms), torch.no_grad():
        for item in islice(loader, batches):
            used += 1
            _run_batch(model, item, used, forward)
    if not used:
        raise PruningError(f"{LABEL}: the loader has no batches")
    return used


def _open_norms(model: nn.Module) -> dict[str, BatchNorm]:
    """The batch norms that have running statistics and aren't frozen, by name."""
    trained = any(parameter.requires_grad for parameter in model.parameters())

    def is_frozen(norm: BatchNorm) -> bool:
        own = list(norm.parameters(recurse=False))
        return trained and not norm.training and bool(own) and not any(p.requires_grad for p in own)

    found = ((name, m) for name, m in model.named_modules() if isinstance(m, BatchNorm))
    return {name: norm for name, norm in found if norm.running_mean is not None and not is_frozen(norm)}


def _run_batch(model: nn.Module, item: Any, number: int, forward: Callable[[nn.Module, Any], object] | None) -> None:
    """One batch through the network."""
    images = None if forward else _images(model, item, number)
    try:
        forward(model, item) if forward else model(images)
    except (RuntimeError, ValueError, TypeError) as error:
        if isinstance(error, PruningError):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise PruningError(f"{LABEL}: the network fails on batch {number}: {reason}") from error


@contextmanager
def _measuring(model: nn.Module, norms: dict[str, BatchNorm]) -> Iterator[None]:
    """Only these batch norms are in training mode, with fresh statistics; what they were is restored where that fails.

    Raises:
        PruningError: statistics that are not finite; the line names the layer.
    """
    modes = [(module, module.training) for module in model.modules()]
    before = {
        name: (norm.momentum, {k: v.clone() for k, v in norm.named_buffers(recurse=False)})
        for name, norm in norms.items()
    }
    finished = False
    try:
        model.eval()
        for norm in norms.values():
            norm.train()
            norm.reset_running_stats()
            norm.momentum = None  # a cumulative average
        yield
        _check_finite(norms)
        finished = True
    finally:
        for name, norm in norms.items():
            norm.momentum, buffers = before[name]
            if not finished or not int(norm.num_batches_tracked or 0):
                for key, value in buffers.items():
                    getattr(norm, key).copy_(value)
        for module, training in modes:
            module.training = training


def _check_finite(norms: dict[str, BatchNorm]) -> None:
    for name, norm in norms.items():
        for value in (norm.running_mean, norm.running_var):
            if value is not None and not bool(torch.isfinite(value).all()):
                raise PruningError(
                    f"{LABEL}: {name}: its statistics are not finite on these batches; the old ones stay"
                )


def _images(model: nn.Module, item: Any, number: int) -> torch.Tensor:
    """The images of an item, on the model's device."""
    images = item[0] if isinstance(item, (tuple, list)) and item else item
    if not isinstance(images, torch.Tensor):
        raise PruningError(
            f"{LABEL}: an item of the loader is a {type(item).__name__}; give tensors, tuples that "
            "begin with one, or forward="
        )
    if not images.is_floating_point():
        raise PruningError(f"{LABEL}: batch {number} is {images.dtype}; give floats, prepared as in training")
    if not bool(torch.isfinite(images).all()):
        raise PruningError(f"{LABEL}: batch {number} holds NaN or infinity")
    parameter = next(model.parameters(), None)
    return images if parameter is None else images.to(parameter.device)
