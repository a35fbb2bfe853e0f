"""Importance during training: from the weights alone, from gradients, or from the inputs of layers.

Owns what is collected between two mask updates. Decides nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.hooks import RemovableHandle

from ubp_core.criteria import importance, narrow
from ubp_core.errors import PruningError
from ubp_core.pruning.masks import PrunedLayer

TRAINING_CRITERIA = ("l1", "l2", "taylor", "activation")


class Criterion:
    """Importance from the weights alone, and the interface of the others."""

    def __init__(self, name: str) -> None:
        self.name = name

    def collect(self, layer: PrunedLayer) -> None:
        """Called after every optimizer step, before masks are applied."""

    def score(self, layer: PrunedLayer) -> NDArray[np.floating[Any]]:
        """[R, K], >= 0; float64 where float32 can't hold the values."""
        return importance(layer.source(), self.name)

    def sums(self, layer: PrunedLayer) -> dict[str, torch.Tensor]:
        """What was collected: sums that add up over processes, and that a checkpoint must hold."""
        return {}

    def load(self, layer: PrunedLayer, sums: dict[str, torch.Tensor]) -> None:
        """Take back what `sums` gave."""

    def reset(self, layer: PrunedLayer) -> None:
        """Begin anew, after a mask update."""

    def close(self) -> None:
        """Leave nothing in the model."""


class TaylorCriterion(Criterion):
    """First-order Taylor: `|w * grad|`, summed over the steps since the last update (Molchanov et al. 2019).

    Gradients are read after the optimizer's step, so `zero_grad` must come later. A gradient scaler has unscaled them
    by then; those of a step that it skipped are not finite and are left out.
    """

    def __init__(self) -> None:
        super().__init__("taylor")
        self._scores: dict[str, torch.Tensor] = {}

    @torch.no_grad()
    def collect(self, layer: PrunedLayer) -> None:
        gradient = layer.weight.grad
        if gradient is None:
            return
        product = (_wide(layer.source()) * _wide(gradient)).abs()
        if not bool(torch.isfinite(product).all()):
            return
        if layer.name in self._scores:
            self._scores[layer.name] += product
        else:
            self._scores[layer.name] = product

    def score(self, layer: PrunedLayer) -> NDArray[np.floating[Any]]:
        if layer.name not in self._scores or not bool(self._scores[layer.name].any()):
            raise PruningError(
                f"{layer.name}: no gradient was seen; call pruner.step() after optimizer.step() and before zero_grad()"
            )
        return importance(self._scores[layer.name])

    def sums(self, layer: PrunedLayer) -> dict[str, torch.Tensor]:
        if layer.name not in self._scores:
            self._scores[layer.name] = torch.zeros_like(_wide(layer.weight.detach()))
        return {"taylor": self._scores[layer.name]}

    def load(self, layer: PrunedLayer, sums: dict[str, torch.Tensor]) -> None:
        saved = sums["taylor"].to(layer.weight.device, copy=True)
        self._scores[layer.name] = _wide(saved)

    def reset(self, layer: PrunedLayer) -> None:
        self._scores.pop(layer.name, None)


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    """In double precision where the device has it: products and squares of float32 leave its range."""
    return tensor.float() if tensor.device.type == "mps" else tensor.double()


class InputSquares:
    """A forward hook that sums the squares of a layer's inputs per channel, over its first batches in training mode."""

    def __init__(self, module: nn.Module, batches: int) -> None:
        self.module, self.batches = module, batches
        channels = module.in_channels if isinstance(module, nn.Conv2d) else module.in_features
        self.total = torch.zeros(int(channels), dtype=torch.float64)  # type: ignore[arg-type]
        self.seen = torch.zeros(1)
        self.bad = 0
        """Batches with values that are not finite, which are left out."""

    @torch.no_grad()
    def __call__(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        # Copies of the network carry the hook along; only the original counts.
        if module is not self.module or not module.training or self.seen >= self.batches:
            return
        x = _wide(inputs[0].detach())
        axes = (0, 2, 3) if isinstance(module, nn.Conv2d) else tuple(range(x.ndim - 1))
        squares = x.reshape(1, *x.shape).square().sum((0, *(axis + 1 for axis in axes))).cpu()
        if bool(torch.isfinite(squares).all()):
            self.total += squares
            self.seen += 1
        else:
            self.bad += 1

    def __deepcopy__(self, memo: dict[int, Any]) -> InputSquares:
        return self


class ActivationCriterion(Criterion):
    """`|w|` times the norm of the inputs that the weight sees, from a few batches (Sun et al. 2023, arXiv 2306.11695).

    Needs forward hooks while training goes on; `close` removes them.
    """

    def __init__(self, layers: list[PrunedLayer], batches: int) -> None:
        super().__init__("activation")
        self._inputs = {layer.name: InputSquares(layer.module, batches) for layer in layers}
        self._handles: list[RemovableHandle] = [
            layer.module.register_forward_pre_hook(self._inputs[layer.name]) for layer in layers
        ]

    def score(self, layer: PrunedLayer) -> NDArray[np.floating[Any]]:
        inputs = self._inputs[layer.name]
        if not bool(inputs.seen) and inputs.bad:
            raise PruningError(f"{layer.name}: its inputs were not finite in all {inputs.bad} batches that it has seen")
        if not bool(inputs.seen):
            raise PruningError(f"{layer.name}: no training batch went through it yet; run some before the mask update")
        weights = importance(layer.source(), "l1")
        norms = inputs.total.sqrt().numpy()
        return narrow(weights * np.repeat(norms, weights.shape[1] // len(norms)))

    def sums(self, layer: PrunedLayer) -> dict[str, torch.Tensor]:
        inputs = self._inputs[layer.name]
        return {"squares": inputs.total, "batches": inputs.seen}

    def load(self, layer: PrunedLayer, sums: dict[str, torch.Tensor]) -> None:
        inputs = self._inputs[layer.name]
        inputs.total.copy_(sums["squares"])
        inputs.seen.copy_(sums["batches"])

    def reset(self, layer: PrunedLayer) -> None:
        inputs = self._inputs[layer.name]
        inputs.total.zero_()
        inputs.seen.zero_()
        inputs.bad = 0

    def close(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


def make_criterion(name: str, layers: list[PrunedLayer], batches: int) -> Criterion:
    """The criterion of that name.

    Args:
        name: one of TRAINING_CRITERIA.
        layers: the layers it will be asked for.
        batches: how many batches `activation` looks at between two updates.

    Raises:
        PruningError: an unknown name.
    """
    if name not in TRAINING_CRITERIA:
        raise PruningError(f"criterion: {name!r} is unknown; choose from {', '.join(TRAINING_CRITERIA)}")
    if name == "taylor":
        return TaylorCriterion()
    return ActivationCriterion(layers, batches) if name == "activation" else Criterion(name)
