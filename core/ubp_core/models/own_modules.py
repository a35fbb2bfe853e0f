"""A module of one's own as a loaded model."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ubp_core.errors import ModelError
from ubp_core.models.layers import LoadedModel

if TYPE_CHECKING:
    import torch


def as_model(model: LoadedModel | torch.nn.Module, input_shape: Sequence[int] | None = None) -> LoadedModel:
    """A loaded model, or the same of any module of your own.

    Args:
        model: one that was loaded, which is returned as it is; or a module, which is left as it is. Wrappers of
            DataParallel and torch.compile are taken off.
        input_shape: batch, channels, height, width of a module's input. With it, layers know their output sizes, and
            the module is a copy in eval mode on the CPU; without it, layers share the module's memory.

    Raises:
        ModelError: neither of the two, a shape that is none, a module that doesn't run on it, or one whose weights have
            no shape or no values yet.
    """
    if isinstance(model, LoadedModel):
        return model
    import torch

    from ubp_core.models.layer_extraction import extract_module_layers, unwrap
    from ubp_core.models.trace import trace_output_sizes

    if not isinstance(model, torch.nn.Module):
        raise ModelError(f"model: need a LoadedModel or a torch.nn.Module; got {type(model).__name__}")
    module = unwrap(model)
    name, source = type(module).__name__, "a module in memory"
    if input_shape is None:
        return LoadedModel(name, source, False, extract_module_layers(module, {}), None, module)
    shape = check_input_shape(input_shape)
    extract_module_layers(module, {})  # names what can't be copied
    try:
        module = copy.deepcopy(module).cpu().eval()
    except Exception as error:  # whatever a module's own code raises, or tensors that are no leaves
        raise ModelError(f"{name} can't be copied: {(str(error).splitlines() or [type(error).__name__])[0]}") from error
    layers = extract_module_layers(module, trace_output_sizes(module, name, shape[2], shape))
    return LoadedModel(name, source, False, layers, shape[2] if shape[2] == shape[3] else None, module)


def check_input_shape(shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Batch, channels, height, width; raises ModelError for anything else."""
    numbers = tuple(shape) if isinstance(shape, Sequence) and not isinstance(shape, str) else ()
    if len(numbers) != 4 or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in numbers):
        raise ModelError(f"input_shape: need (batch, channels, height, width), such as (1, 3, 224, 224); got {shape!r}")
    return numbers[0], numbers[1], numbers[2], numbers[3]
