"""Sizes of every layer's output, found by running the network on tensors that have a shape and no data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from ubp_core.errors import ModelError

_SAME_SHAPE = (F.batch_norm, torch.batch_norm, F.hardtanh, F.relu6)
_ADDITIONS = (torch.add, torch.Tensor.add, torch.Tensor.add_, torch.Tensor.__add__, torch.Tensor.__iadd__)


class _Shapes(TorchFunctionMode):
    """Answers the commonest operations with an empty tensor of the right shape.

    torch could do it alone, but its own answers for these few import its compiler: 1.2 s at the first call.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is torch.conv2d and not kwargs and len(args) == 7 and not isinstance(args[4], str):
            return _convolve(*args)
        if func in _SAME_SHAPE:
            return args[0].new_empty(args[0].shape)
        if func in _ADDITIONS and isinstance(args[1], Tensor) and args[0].shape == args[1].shape:
            return args[0].new_empty(args[0].shape)
        if func is F.adaptive_avg_pool2d and args[1] in (1, (1, 1)):
            return args[0].new_empty((*args[0].shape[:-2], 1, 1))
        if func is F.linear:
            return args[0].new_empty((*args[0].shape[:-1], args[1].shape[0]))
        return func(*args, **(kwargs or {}))


def _convolve(x: Tensor, weight: Tensor, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Tensor:
    """The shape of `conv2d(...)`: floor((size + 2 pad - dilation (kernel - 1) - 1) / stride) + 1."""
    if x.shape[1] != weight.shape[1] * groups:
        raise RuntimeError(f"a convolution takes {weight.shape[1] * groups} channels and gets {x.shape[1]}")
    height, width = (
        (x.shape[i + 2] + 2 * padding[i] - dilation[i] * (weight.shape[i + 2] - 1) - 1) // stride[i] + 1 for i in (0, 1)
    )
    if height < 1 or width < 1:
        raise RuntimeError("the image becomes smaller than a kernel")
    return x.new_empty((x.shape[0], weight.shape[0], height, width))


def trace_output_sizes(
    module: nn.Module, name: str, input_size: int, shape: Sequence[int] | None = None
) -> dict[str, tuple[int, int]]:
    """Run a network once without data and note the output of each convolution and linear.

    Args:
        module: in eval mode; left as it is.
        name: for the error.
        input_size: height and width of the image in pixels; it has 3 channels.
        shape: of the whole input, where it is another.

    Returns:
        Height and width by module path: (1, 1) for a linear on a vector, (1, T) for one on T positions. Modules that
        don't run as modules (the projections inside an attention) are absent.

    Raises:
        ModelError: the network doesn't run on such an image.
    """
    size = (1, 3, input_size, input_size) if shape is None else tuple(shape)
    sizes: dict[str, tuple[int, int]] = {}
    hooks = [
        child.register_forward_hook(_note(sizes, path))
        for path, child in module.named_modules()
        if isinstance(child, (nn.Conv2d, nn.Linear))
    ]
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    shapes = {path: tensor.detach().to("meta") for path, tensor in tensors.items()}
    try:
        with torch.inference_mode(), _Shapes():
            functional_call(module, shapes, (torch.empty(*size, device="meta"),))
    except Exception as error:  # whatever a network's own code raises on a size it wasn't made for
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        text = f"{input_size}x{input_size} pixels" if shape is None else f"an input of {'x'.join(map(str, size))}"
        raise ModelError(f"{name} does not run on {text}: {reason}") from error
    finally:
        for hook in hooks:
            hook.remove()
    return sizes


def _note(sizes: dict[str, tuple[int, int]], path: str) -> Callable[[nn.Module, Any, Any], None]:
    """A hook that keeps the first output size of one module."""

    def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            sizes.setdefault(path, (output.shape[-2], output.shape[-1]))
        elif output.ndim == 4:
            sizes.setdefault(path, (output.shape[1], output.shape[2]))
        else:
            sizes.setdefault(path, (1, output.shape[1] if output.ndim == 3 else 1))

    return hook
