"""Which layers of a network will be packed, and why the others won't: known before training. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils import parametrize

from ubp_core.budgets import no_kernel, too_few_rows
from ubp_core.errors import PruningError
from ubp_core.models.layer_extraction import find_skip_reasons, own_weight, unwrap
from ubp_core.packed.format import MAX_COLUMNS, MAX_ROWS, MAX_STEP

WRAPPERS = ("module.", "_orig_mod.")
"""What DistributedDataParallel and torch.compile put in front of names."""


@dataclass(frozen=True)
class LayerCheck:
    """One layer with weights."""

    name: str
    kind: str
    """The module's class."""
    shape: tuple[int, ...]
    """Of its weight."""
    packed: bool
    """Whether it will be pruned and packed by default."""
    reason: str
    """Why not, in words; empty if it will."""
    by_choice: bool = False
    """It stays dense only by default: an override can have it pruned."""

    def __str__(self) -> str:
        verdict = "will be packed" if self.packed else f"stays dense: {self.reason}"
        return f"{self.name} ({self.kind} {'x'.join(map(str, self.shape))}): {verdict}"


def check_deployable(model: nn.Module, block_size: int = 4) -> tuple[LayerCheck, ...]:
    """Every layer with a weight matrix or kernel, in the network's order.

    Args:
        model: on any device; may be wrapped by DistributedDataParallel or torch.compile.
        block_size: N.

    Raises:
        PruningError: a block size that no packed file can hold, or a lazy module that has no shape yet.
    """
    if reason := no_kernel(block_size):
        raise PruningError(f"block_size: {reason}")
    if not isinstance(model, nn.Module):
        raise PruningError(f"model: need a torch.nn.Module; got {type(model).__name__}")
    network = unwrap(model)
    reasons = find_skip_reasons(network, PruningError)
    return tuple(_check(name, module, weight, reasons, block_size) for name, module, weight in _weighted(network))


def refusal(module: nn.Module, block_size: int) -> str | None:
    """Why a layer can't be pruned or packed at all, None if it can; defaults such as the stem are not meant."""
    if not isinstance(module, (nn.Conv2d, nn.Linear)):
        return f"{type(module).__name__} has no packed form; only Conv2d and Linear have"
    if parametrize.is_parametrized(module) or own_weight(module) is None:
        return "its weight is computed from others (parametrization); remove that first"
    if isinstance(module, nn.Conv2d) and module.groups > 1:
        return "depthwise" if module.groups == module.in_channels else f"grouped (groups={module.groups})"
    rows = module.weight.shape[0]
    columns = module.weight.numel() // max(rows, 1)
    small = too_few_rows(rows, block_size)
    if small:
        return small
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        return f"{rows} x {columns} is beyond what a packed file holds"
    if not module.weight.is_floating_point():
        return f"its weight is {module.weight.dtype}"
    return _geometry_refusal(module) if isinstance(module, nn.Conv2d) else None


def _geometry_refusal(module: nn.Conv2d) -> str | None:
    if module.padding_mode != "zeros":
        return f"pads with {module.padding_mode!r}; kernels pad with zeros"
    if module.padding == "same" and any(
        (k - 1) * d % 2 for k, d in zip(module.kernel_size, module.dilation, strict=True)
    ):
        return "pads one side more than the other ('same' with an even kernel)"
    if max(*module.stride, *module.dilation, *module.kernel_size) > MAX_STEP:
        return "its stride, dilation or kernel is beyond what a packed file holds"
    return None


def _weighted(network: nn.Module) -> Iterator[tuple[str, nn.Module, torch.Tensor]]:
    """Modules that hold a matrix or a kernel, with the largest one."""
    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            yield name, module, module.weight
            continue
        if name.endswith("parametrizations.weight"):
            continue  # belongs to the module that it parametrizes
        own = [p for p in module.parameters(recurse=False) if p.ndim >= 2 and min(p.shape[:2]) > 1]
        if own:
            yield name, module, max(own, key=torch.Tensor.numel)


def _check(
    name: str, module: nn.Module, weight: torch.Tensor, reasons: dict[str, str | None], block_size: int
) -> LayerCheck:
    never = refusal(module, block_size)
    default = reasons.get(name)
    return LayerCheck(
        name=name,
        kind=type(module).__name__,
        shape=tuple(weight.shape),
        packed=never is None and default is None,
        reason=never or default or "",
        by_choice=never is None and default is not None,
    )
