"""Putting a checkpoint's tensors into a network: all of them in the right shape, or one line on what does not fit."""

from __future__ import annotations

import re
import warnings
from collections import OrderedDict
from dataclasses import dataclass, replace

import torch
from torch import nn

from ubp_core.errors import ModelError
from ubp_core.models.checkpoints.matching import Matched, describe_surplus, match_names
from ubp_core.models.checkpoints.parametrised import compose
from ubp_core.models.checkpoints.plain_data import find_excess, find_obstacle
from ubp_core.models.checkpoints.reading import Checkpoint
from ubp_core.models.checkpoints.wrapping import StateDict
from ubp_core.models.layer_extraction import find_classifier
from ubp_core.printable import printable
from ubp_core.torch_private import set_versions, version_of, versions_of

_MISMATCH = re.compile(
    r"size mismatch for (\S+): copying a param with shape torch\.Size\(\[(.*?)\]\) from checkpoint, "
    r"the shape in current model is torch\.Size\(\[(.*?)\]\)"
)
_IGNORED = re.compile(r"(?:^|\.)(?:num_batches_tracked|total_ops|total_params)$")
"""Counters: of old normalisation layers that lack them, and of profilers that leave them behind."""

_AUXILIARY = re.compile(r"^(?:aux1|aux2|AuxLogits)\.")
"""Heads used in training only; googlenet and inception_v3 are built without them."""

_OLD_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")
"""densenet files write norm.1 where the network says norm1."""


@dataclass(frozen=True)
class _Misfit:
    count: int
    first: str


def count_classes(module: nn.Module, state: StateDict) -> int | None:
    """Outputs of the checkpoint's classifier where they alone differ from the network's.

    Args:
        module: the network with its usual number of classes.
        state: the checkpoint's tensors.

    Returns:
        The number to build the network with, None if it fits as it is.
    """
    name = find_classifier(module)
    if name is None:
        return None
    ours, theirs = module.state_dict()[f"{name}.weight"], state.get(f"{name}.weight")
    if theirs is None or theirs.ndim != ours.ndim or theirs.shape[1:] != ours.shape[1:] or theirs.shape[0] == 0:
        return None
    return None if theirs.shape[0] == ours.shape[0] else theirs.shape[0]


def fit_names(module: nn.Module, checkpoint: Checkpoint) -> Matched:
    """A checkpoint's tensors under the network's names, weights in one piece.

    Densenet's old names are brought up to date and training-only heads left out. Where a file has no versions of
    modules, as safetensors, the network's own is taken: mnasnet insists on one.

    Raises:
        ModelError: a parametrisation that can't be computed from the file.
    """
    composition = compose(checkpoint.state)
    for name, reason in composition.left_out.items():
        raise ModelError(f"{checkpoint.path}: {printable(name)}: {reason}")
    state: StateDict = OrderedDict(
        (_OLD_DENSENET.sub(r"\1\2", name), weight.value) for name, weight in composition.weights.items()
    )
    versions = versions_of(checkpoint.state)
    set_versions(state, {"": {"version": version_of(module)}} if versions is None else versions)
    expected = module.state_dict()
    matched = match_names(expected, state)
    surplus = [n for n in matched.state if n not in expected and (_AUXILIARY.match(n) or _IGNORED.search(n))]
    for name in surplus:
        del matched.state[name]
    return replace(matched, notes=(*matched.notes, *describe_surplus("", surplus)))


def load_state(module: nn.Module, checkpoint: Checkpoint, matched: Matched, network: str) -> None:
    """Copy a checkpoint into a network.

    Args:
        module: every parameter and buffer gets overwritten, fp16 and bf16 become float32.
        checkpoint: where the tensors come from, for errors.
        matched: its tensors, from `fit_names`.
        network: the network's name, for the error.

    Raises:
        ModelError: missing, surplus or wrongly shaped tensors, tensors of other types, NaN or infinity.
    """
    for name, ours in module.state_dict().items():
        problem = _find_type_problem(ours, matched.state[name]) if name in matched.state else None
        if problem:
            raise ModelError(f"{checkpoint.path}: tensor {printable(name)} is {problem}")
    misfit = _copy_state(module, matched.state)
    if misfit:
        problems = "1 problem" if misfit.count == 1 else f"{misfit.count:,} problems, the first"
        under = f"; its names were read under {printable(matched.prefix)!r}" if matched.prefix else ""
        if checkpoint.others:
            under += f"; {checkpoint.path.name}:{checkpoint.others[0]} takes other weights of the file"
        line = f"does not fit {network} ({problems}): {printable(misfit.first)}{under}"
        raise ModelError(f"{checkpoint.path} {line}")
    for name, parameter in module.named_parameters():
        if excess := find_excess(parameter):
            raise ModelError(f"{checkpoint.path}: tensor {name} {excess}")


def _find_type_problem(ours: torch.Tensor, theirs: torch.Tensor) -> str | None:
    """Why a tensor's numbers can't go into the network's: nothing is converted that would mean something else."""
    problem = find_obstacle(theirs)
    if ours.is_floating_point():
        return problem
    if problem is None:
        whole = bool((theirs == theirs.round()).all()) if theirs.element_size() > 1 else False
        return None if whole else f"{theirs.dtype}, not whole numbers"
    plain = theirs.layout == torch.strided and not theirs.is_quantized and not theirs.is_complex()
    return None if plain and not theirs.is_floating_point() else problem


def _copy_state(module: nn.Module, state: StateDict) -> _Misfit | None:
    """Load what fits; count what doesn't."""
    wrong: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # mnasnet's, on files of its first version
            result = module.load_state_dict(state, strict=False)
    except Exception as error:  # RuntimeError for shapes; hostile metadata can raise anything
        mismatches = _MISMATCH.findall(str(error))
        wrong = [f"{name} has shape {_shape(a)}, expected {_shape(b)}" for name, a, b in mismatches]
        wrong = wrong or ["its tensors can't be copied"]
        missing = [key for key in module.state_dict() if key not in state]
        unexpected = [key for key in state if key not in module.state_dict()]
    else:
        missing, unexpected = result.missing_keys, result.unexpected_keys
    wrong += [f"{key} is missing" for key in missing if not _IGNORED.search(key)]
    wrong += [f"{key} is not in the network" for key in unexpected if not _IGNORED.search(key)]
    return _Misfit(len(wrong), wrong[0]) if wrong else None


def _shape(text: str) -> str:
    return text.replace(", ", "x") or "scalar"
