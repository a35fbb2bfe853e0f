"""What a tensor's numbers are: plain floating-point data, or the reason why they are not."""

from __future__ import annotations

import torch

FLOATS = frozenset(
    {
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.float8_e4m3fn,
        torch.float8_e4m3fnuz,
        torch.float8_e5m2,
        torch.float8_e5m2fnuz,
    }
)
"""Types that stand for their values one by one, have a zero, and fit float32 (float64: rounded)."""


def find_obstacle(tensor: torch.Tensor) -> str | None:
    """Why a tensor is no plain floating-point data, in words that stand behind its name; None where it is."""
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or tensor.is_nested:
        return f"a {'nested' if tensor.is_nested else type(tensor).__name__} tensor"
    if tensor.is_quantized:
        return "quantised"
    if tensor.layout != torch.strided:
        return "sparse" if "sparse" in str(tensor.layout) else f"{tensor.layout}, not plain memory"
    if tensor.dtype not in FLOATS:
        return f"{tensor.dtype}, not floating point" if not tensor.is_floating_point() else f"{tensor.dtype}"
    return None


def usable(tensor: torch.Tensor) -> bool:
    """Whether a tensor is plain floating-point data."""
    return find_obstacle(tensor) is None


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether all numbers of a usable tensor are finite in float32."""
    # One sum is enough unless it overflows: NaN and infinity both survive addition.
    values = tensor.detach().to(torch.float32)
    return bool(torch.isfinite(values.sum())) or bool(torch.isfinite(values).all())


def find_excess(tensor: torch.Tensor) -> str:
    """Why the numbers of a usable tensor can't be computed with in float32; "" if they can."""
    if is_finite(tensor):
        return ""
    whole = bool(torch.isfinite(tensor.detach().to(torch.float64)).all())
    return "holds numbers beyond float32" if whole else "holds NaN or infinity"


def to_float32(tensor: torch.Tensor) -> torch.Tensor:
    """A contiguous float32 copy that no longer depends on the file."""
    return tensor.detach().to(torch.float32, copy=True).contiguous()
