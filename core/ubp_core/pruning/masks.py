"""One layer while it is pruned: its blocks, the mask they make, and the dense copy that lets weights return.

Owns every write to a weight. The mask lives here, not in the module: the network stays the user's own.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from ubp_core.models.layer_extraction import own_weight
from ubp_core.pruning.rules import LayerSettings
from ubp_core.selection import Selection


class PrunedLayer:
    """A convolution or linear layer under a pruner."""

    def __init__(self, name: str, module: nn.Module, settings: LayerSettings, keep_dense: bool) -> None:
        self.name = name
        """Path in the model, without wrappers."""
        self.module = module
        self.settings = settings
        self.selection: Selection | None = None
        """The blocks that stay; None while the layer is dense."""
        self.sparsity = 0.0
        """What was asked for at the last update; in the scope "global" of all layers together."""
        self.pruned: torch.Tensor | None = None
        """bool, of the weight's shape: true where it is zero. Written in place, once it exists."""
        self.dense: torch.Tensor | None = None
        """Where `keep_dense`: what each weight was when it was last in use; of use where `pruned`."""
        self.keep_dense = keep_dense

    @property
    def weight(self) -> nn.Parameter:
        """The parameter as it is now (modules may get another one when they are moved)."""
        weight = own_weight(self.module)
        assert weight is not None
        return weight

    @property
    def shape(self) -> tuple[int, int]:
        """(R, K)."""
        return self.weight.shape[0], self.weight[0].numel()

    @torch.no_grad()
    def source(self) -> torch.Tensor:
        """The values that importance is taken from: pruned weights as they were, where a dense copy exists."""
        weight = self.weight.detach()
        if self.dense is None or self.pruned is None:
            return weight
        return torch.where(self.pruned_on(weight), self.dense.to(weight.device), weight)

    @torch.no_grad()
    def set_selection(self, selection: Selection, sparsity: float) -> None:
        """Take new blocks: what they drop becomes zero, what they bring back becomes what it was."""
        if self.keep_dense:
            self.dense = self.source().clone() if self.pruned is None else self.source()
            self.weight.copy_(self.dense)
        mask = torch.from_numpy(~selection.mask()).reshape(self.weight.shape)
        if self.pruned is None:
            self.pruned = mask.to(self.weight.device)
        else:
            self.pruned.copy_(mask)
        self.selection, self.sparsity = selection, sparsity
        self.apply_to(self.weight)

    @torch.no_grad()
    def apply_to(self, *tensors: torch.Tensor | None) -> None:
        """Put +0.0 where the layer is pruned; exact, also over NaN and infinity."""
        for tensor in tensors:
            if tensor is not None and self.pruned is not None:
                tensor.masked_fill_(self.pruned_on(tensor), 0.0)

    def pruned_on(self, tensor: torch.Tensor) -> torch.Tensor:
        """The mask on a tensor's device; follows a model that was moved."""
        assert self.pruned is not None
        if self.pruned.device != self.weight.device:
            self.pruned = self.pruned.to(self.weight.device)
        return self.pruned.to(tensor.device)

    def holds(self) -> bool:
        """Whether every pruned weight is zero at this moment."""
        if self.pruned is None:
            return True
        return not bool(self.weight.detach()[self.pruned_on(self.weight)].any())


def mask_optimizers(layers: Iterable[PrunedLayer], optimizers: Iterable[torch.optim.Optimizer]) -> None:
    """Zero whatever optimizers remember of pruned weights: momentum, second moments, master copies."""
    for optimizer in optimizers:
        for layer in layers:
            for value in optimizer.state.get(layer.weight, {}).values():
                if isinstance(value, torch.Tensor) and value.shape == layer.weight.shape:
                    layer.apply_to(value)


def mask_copies(layers: Iterable[PrunedLayer], copies: Iterable[nn.Module]) -> None:
    """Zero the pruned weights of copies of the network, such as running averages."""
    for copy in copies:
        for layer in layers:
            twin = copy.get_submodule(layer.name)
            layer.apply_to(getattr(twin, "weight", None))
