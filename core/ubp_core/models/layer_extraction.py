"""From a network to `Layer` records; decides which layers stay dense and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.parameter import UninitializedParameter

from ubp_core.errors import ModelError, UbpError
from ubp_core.models.checkpoints.identity import find_owners
from ubp_core.models.checkpoints.roles import HEADS
from ubp_core.models.layers import IMAGE_CHANNELS, Kind, Layer, stem_reason
from ubp_core.torch_private import compiled_module


def unwrap(model: nn.Module) -> nn.Module:
    """The user's own module inside DistributedDataParallel, DataParallel and torch.compile."""
    while True:
        inner = compiled_module(model)
        if inner is None and isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def own_weight(module: nn.Module) -> nn.Parameter | None:
    """The parameter that a module itself calls its weight; None where it has none or computes it from others."""
    return dict(module.named_parameters(recurse=False, remove_duplicate=False)).get("weight")


def find_classifier(module: nn.Module) -> str | None:
    """Path of the last layer, if it is a linear or a convolution that the network itself calls its classifier."""
    weighted = [(n, m) for n, m in module.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    if not weighted:
        return None
    name, last = weighted[-1]
    return name if isinstance(last, nn.Linear) or name.split(".")[0] in HEADS else None


def extract_module_layers(module: nn.Module, sizes: Mapping[str, tuple[int, int]]) -> tuple[Layer, ...]:
    """All 2-D convolutions and linears of a network; their arrays share its memory.

    Args:
        module: the network, weights in place.
        sizes: output sizes by path, from `trace_output_sizes`.

    Raises:
        ModelError: a layer without shape or values yet; the line names it.
    """
    reasons = find_skip_reasons(module)
    for name in reasons:
        if module.get_submodule(name).weight.is_meta:
            raise ModelError(f"{name}: its weight is on the meta device, where it has no values")
    return tuple(
        _module_layer(name, child, reasons[name], sizes.get(name))
        for name, child in module.named_modules()
        if isinstance(child, (nn.Conv2d, nn.Linear))
    )


def find_skip_reasons(module: nn.Module, error: type[UbpError] = ModelError) -> dict[str, str | None]:
    """Why each 2-D convolution and linear stays dense by default, in words; None where it can be pruned.

    Args:
        module: the network; its weights may be without values.
        error: what is raised where a layer does not know its shape yet.
    """
    check_shapes(module, error)
    classifier = find_classifier(module)
    layers = {n: m for n, m in module.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))}
    owners = find_owners({name: layer.weight for name, layer in layers.items()})
    reasons: dict[str, str | None] = {}
    stem_open = True
    for name, child in layers.items():
        reason = None
        if isinstance(child, nn.Conv2d):
            reason = _conv_reason(child, stem_open)
            stem_open = False
        if reason is None and name == classifier:
            reason = "classifier"
        if reason is None and name in owners:
            owner = owners[name]
            reason = f"{'shares' if owner.same else 'another view of'} the weight of {owner.name}"
        reasons[name] = reason or ("empty" if child.weight.numel() == 0 else None)
    return reasons


def check_shapes(module: nn.Module, error: type[UbpError] = ModelError) -> None:
    """Refuses lazy modules, which get their shape from the first batch."""
    for name, child in module.named_modules():
        if any(isinstance(p, UninitializedParameter) for p in child.parameters(recurse=False)):
            raise error(
                f"{name or type(child).__name__}: {type(child).__name__} has no shape yet; "
                "run one batch through the network first"
            )


def _module_layer(name: str, child: nn.Conv2d | nn.Linear, reason: str | None, size: tuple[int, int] | None) -> Layer:
    """One record of one module."""
    weight = _array(child.weight)
    bias = None if child.bias is None else _array(child.bias)
    if isinstance(child, nn.Linear):
        return Layer(name, "linear", weight, bias, output_hw=size, skip_reason=reason)
    return Layer(
        name=name,
        kind=_conv_kind(child),
        weight=weight,
        bias=bias,
        groups=child.groups,
        stride=_pair(child.stride),
        padding=_conv_padding(child),
        dilation=_pair(child.dilation),
        output_hw=size,
        skip_reason=reason,
    )


def _conv_kind(conv: nn.Conv2d) -> Kind:
    if conv.groups == 1:
        return "conv"
    return "depthwise" if conv.groups == conv.in_channels else "grouped"


def _conv_reason(conv: nn.Conv2d, first: bool) -> str | None:
    """Why a convolution stays dense, None if it need not."""
    if conv.groups > 1:
        return "depthwise" if conv.groups == conv.in_channels else f"grouped (groups={conv.groups})"
    if first and conv.in_channels <= IMAGE_CHANNELS:
        return stem_reason(conv.in_channels)
    return None


def _conv_padding(conv: nn.Conv2d) -> tuple[int, int]:
    """Padding in pixels where the module has it as a word."""
    if not isinstance(conv.padding, str):
        return _pair(conv.padding)
    if conv.padding == "valid":
        return (0, 0)
    height, width = (d * (k - 1) // 2 for d, k in zip(_pair(conv.dilation), _pair(conv.kernel_size), strict=True))
    return (height, width)


def _pair(values: tuple[int, ...] | list[int]) -> tuple[int, int]:
    return (values[0], values[1])


def _array(value: torch.Tensor) -> NDArray[np.float32]:
    """The float32 array of a parameter, without a copy where it is one already."""
    return np.ascontiguousarray(value.detach().cpu().to(torch.float32).numpy())
