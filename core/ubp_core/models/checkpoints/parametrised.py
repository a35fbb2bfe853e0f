"""Weights that a file holds in parts: masked, weight-normalised, spectrally normalised. Composed as the network does.

Owns the names that torch gives such parts and how they make a weight. What can't be composed from the file alone is
told, never guessed.
"""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from ubp_core.models.checkpoints.plain_data import usable
from ubp_core.models.checkpoints.wrapping import StateDict

_PARAMETRISED = re.compile(r"(.*?)(?:^|(?<=\.))parametrizations\.(\w+)\.(.+)", re.DOTALL)
_PART = re.compile(r"(.*?)_(orig|mask|u|v|g)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Weight:
    """A tensor as the network applies it, and what the file has of it."""

    value: torch.Tensor
    keys: tuple[str, ...]
    """Names in the state dict: the tensor's own, or its parts'."""
    masked: bool = False
    """True: the first part times the second, a mask of `torch.nn.utils.prune`."""

    @property
    def whole(self) -> bool:
        """Whether the file has it as one tensor."""
        return len(self.keys) == 1


@dataclass(frozen=True, eq=False)
class Composition:
    """A state dict with its weights in one piece."""

    weights: OrderedDict[str, Weight]
    """By name: `NAME.weight`, in the file's order."""
    left_out: Mapping[str, str]
    """Names whose weight can't be told from the file, and why."""

    @property
    def composed(self) -> dict[str, Weight]:
        """Those that the file has in parts."""
        return {name: weight for name, weight in self.weights.items() if not weight.whole}


def compose(state: StateDict) -> Composition:
    """Bring parts of weights together.

    Knows `torch.nn.utils.prune` (weight_orig, weight_mask), weight norm (weight_g, weight_v, or
    parametrizations.weight.original0 and original1) and spectral norm (weight_orig, weight_u, weight_v, or
    parametrizations.weight.original, 0._u and 0._v), in eval mode. Other parametrisations (orthogonal ones, those of
    one's own) need their code.
    """
    groups = _find_groups(state)
    owner = {key: name for name, parts in groups.items() for key in parts.values()}
    weights: OrderedDict[str, Weight] = OrderedDict()
    left_out: dict[str, str] = {}
    for key, value in state.items():
        name = owner.get(key)
        if name is None:
            weights.setdefault(key, Weight(value, (key,)))
        elif name not in weights and name not in left_out:
            weight = _compose_group(groups[name], state)
            if weight is None:
                kinds = ", ".join(sorted(groups[name]))
                left_out[name] = f"its parametrisation ({kinds}) can't be computed from the file"
            else:
                weights[name] = weight
    return Composition(weights, left_out)


def _find_groups(state: StateDict) -> dict[str, dict[str, str]]:
    """Keys by part, by the name of the tensor that they make."""
    groups: defaultdict[str, dict[str, str]] = defaultdict(dict)
    loose: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for key in state:
        if match := _PARAMETRISED.fullmatch(key):
            groups[match[1] + match[2]][match[3]] = key
        elif match := _PART.fullmatch(key):
            loose[match[1]][match[2]] = key
    for name, parts in loose.items():
        if name not in state and ({"orig", "mask"} <= parts.keys() or {"g", "v"} <= parts.keys() or _spectral(parts)):
            groups[name] |= parts
    return {name: parts for name, parts in groups.items() if name not in state}


def _spectral(parts: Mapping[str, str]) -> bool:
    return {"orig", "u", "v"} <= parts.keys()


def _compose_group(parts: Mapping[str, str], state: StateDict) -> Weight | None:
    """One tensor from its parts, None where they are none of the known sets or don't fit one another."""
    make = _WAYS.get(frozenset(parts))
    tensors = {part: state[key].detach() for part, key in parts.items()}
    masks = tensors.get("mask")
    if make is None or not all(usable(tensor) for part, tensor in tensors.items() if part != "mask"):
        return None
    if masks is not None and (masks.layout != torch.strided or masks.is_complex()):
        return None
    try:
        value = make(tensors)
    except (RuntimeError, IndexError):  # shapes that don't go together
        return None
    order = ("orig", "mask") if "mask" in parts else sorted(parts)
    return None if value is None else Weight(value, tuple(parts[part] for part in order), "mask" in parts)


def _apply_mask(parts: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
    """orig * mask, where no pruned weight comes out as -0.0."""
    original, mask = parts["orig"], parts["mask"]
    if original.shape != mask.shape:
        return None
    if not bool(((mask == 0) | (mask == 1)).all()):
        return None
    return torch.where(mask.bool(), original, torch.zeros((), dtype=original.dtype))


def _scale_rows(length: torch.Tensor, direction: torch.Tensor) -> torch.Tensor | None:
    """Weight norm: g * v / |v|, the norm over all sides along which g has length 1."""
    if length.ndim == 0:
        sides = tuple(range(direction.ndim))
    elif length.ndim == direction.ndim and all(a in (1, b) for a, b in zip(length.shape, direction.shape, strict=True)):
        sides = tuple(i for i, side in enumerate(length.shape) if side == 1)
    else:
        return None
    exact = direction.to(torch.promote_types(direction.dtype, torch.float32))
    norm = exact.square().sum(sides, keepdim=True).sqrt() if sides else exact.abs()
    return (exact * (length.to(exact.dtype) / norm)).to(direction.dtype)


def _divide_by_sigma(weight: torch.Tensor, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor | None:
    """Spectral norm: W / (u^T W v), W as a matrix whose rows u counts."""
    sides = [d for d in range(weight.ndim) if weight.shape[d] == u.numel() and weight.numel() == u.numel() * v.numel()]
    if weight.ndim < 2 or not sides:
        return None
    exact = weight.to(torch.promote_types(weight.dtype, torch.float32))
    matrix = exact.movedim(sides[0], 0).reshape(u.numel(), -1)
    sigma = torch.dot(u.to(exact.dtype), torch.mv(matrix, v.to(exact.dtype)))
    return (exact / sigma).to(weight.dtype)


_WAYS: dict[frozenset[str], Callable[[Mapping[str, torch.Tensor]], torch.Tensor | None]] = {
    frozenset({"orig", "mask"}): _apply_mask,
    frozenset({"g", "v"}): lambda parts: _scale_rows(parts["g"], parts["v"]),
    frozenset({"original0", "original1"}): lambda parts: _scale_rows(parts["original0"], parts["original1"]),
    frozenset({"orig", "u", "v"}): lambda parts: _divide_by_sigma(parts["orig"], parts["u"], parts["v"]),
    frozenset({"original", "0._u", "0._v"}): lambda parts: _divide_by_sigma(
        parts["original"], parts["0._u"], parts["0._v"]
    ),
}
"""How each known set of parts makes its weight."""
