"""`export_network`: from a loaded model and its selections to a packed network that was checked against PyTorch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ubp_core.errors import ModelError
from ubp_core.models.checkpoints.identity import find_owners
from ubp_core.models.layers import LoadedModel
from ubp_core.models.own_modules import as_model, check_input_shape
from ubp_core.network.assembly import assemble
from ubp_core.network.capture import capture
from ubp_core.network.folding import fold_pads, fold_scales
from ubp_core.network.fusing import fuse_activations, fuse_addends
from ubp_core.network.reference import run_reference
from ubp_core.network.types.conversions import FP32, NetworkTypes
from ubp_core.network.types.costs import Images, LayerCost, TypeCost
from ubp_core.network.types.half import loss_note
from ubp_core.network.types.trial import try_types
from ubp_core.packed.file import PackedFile
from ubp_core.packed.layer_packing import head_texts
from ubp_core.packed.rules.arena import check_arena
from ubp_core.selection import Selection
from ubp_core.torch_private import tree_leaves
from ubp_core.vocabulary import DEFAULT_CRITERION

TOLERANCE = 1e-4
"""Largest difference from PyTorch, relative to its largest output, with which a network is written."""

ROUNDING_FACTOR = 4
"""A larger difference is accepted up to this multiple of what PyTorch itself differs from float64: some networks of
random weights amplify rounding."""

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class ExportedNetwork:
    """A network that is ready to be saved, and what is known of it."""

    packed: PackedFile
    arena_bytes: int
    """Of the planned memory."""
    arena_bound: int
    """Bytes that no plan could go below."""
    relative_error: float
    """Largest difference from PyTorch's masked model on a random image, over its largest output."""
    own_error: float
    """PyTorch's own difference from float64 on that image; 0 where it was not needed for the judgement."""
    notes: tuple[str, ...] = ()
    """What is not as it may be expected, a line each."""
    costs: tuple[TypeCost, ...] = ()
    """What the types cost each output, against fp32; empty where everything is fp32."""
    kept: tuple[LayerCost, ...] = ()
    """Layers that were found to be worth keeping out of int8, the worst first."""


def export_network(
    model: LoadedModel | nn.Module,
    selections: Mapping[str, Selection],
    input_shape: tuple[int, int, int, int],
    criterion: str = DEFAULT_CRITERION,
    progress: Progress | None = None,
    types: NetworkTypes = FP32,
    images: Images = (),
) -> ExportedNetwork:
    """Captures, folds, fuses, packs, plans and checks. Writes nothing.

    Args:
        model: with its module, or any module.
        selections: blocks of the layers to prune, by layer name, selected from the model's own weights; normalisation
            is folded in afterwards, so the masks are those of the unfolded model. The other layers stay dense.
        input_shape: batch, channels, height, width.
        criterion: the importance that the selections saw.
        progress: gets a line before each slow step, and the name of each layer that was packed.
        types: of layers, inputs and outputs. A layer of fp16 whose sums overflow, or lose more than 1 %, sums in fp32.
        images: [batch, channels, height, width] each, on which that is tried; a random one where there are none.

    Raises:
        ModelError: the model has no module, or an operation that can't be exported (the line has its place), or the
            packed network does not compute what PyTorch does.
        SelectionError: a weight that its type can't hold; the line names the layer.
    """
    tell = progress or (lambda line: None)
    tell("capturing the network")
    return NetworkExporter(model, input_shape).export(selections, criterion, tell, types, images)


class NetworkExporter:
    """A captured network, from which files with different selections are made."""

    def __init__(self, model: LoadedModel | nn.Module, input_shape: tuple[int, int, int, int]) -> None:
        """Captures, folds and fuses; arguments and errors as of `export_network`."""
        input_shape = check_input_shape(input_shape)
        model = as_model(model, input_shape)
        self._model, self._module, self._shape = model, require_module(model), input_shape
        self._draft = capture(self._module, input_shape, model.name)
        fold_pads(self._draft, model.name)
        self._draft.drop_unused()
        if not any(self._draft.layer_steps()):
            raise ModelError(f"{model.name} applies no layer with weights, so there is nothing to export")
        fold_scales(self._draft)
        fuse_addends(self._draft)
        fuse_activations(self._draft)

    def export(
        self,
        selections: Mapping[str, Selection],
        criterion: str = DEFAULT_CRITERION,
        progress: Progress | None = None,
        types: NetworkTypes = FP32,
        images: Images = (),
    ) -> ExportedNetwork:
        """Packs, plans and checks; arguments and errors as of `export_network`."""
        tell, model = progress or (lambda line: None), self._model
        assembly = assemble(self._draft, selections, criterion, lambda name: tell(f"packed {name}"))
        check_arena(assembly.graph)
        packed = PackedFile(assembly.layers, *head_texts(model), graph=assembly.graph)
        tell("comparing with PyTorch")
        error, own_error = compare(packed, masked_module(self._module, selections), self._shape)
        if not error <= max(TOLERANCE, ROUNDING_FACTOR * own_error):
            raise ModelError(
                f"{model.name}: the packed network differs from PyTorch by {error:.2g} of its largest output"
            )
        exported = ExportedNetwork(
            packed, assembly.plan.size, assembly.plan.lower_bound, error, own_error, self._notes(selections)
        )
        return exported if types.all_fp32 else self._with_types(exported, selections, criterion, tell, types, images)

    def _with_types(
        self,
        full: ExportedNetwork,
        selections: Mapping[str, Selection],
        criterion: str,
        tell: Progress,
        types: NetworkTypes,
        images: Images,
    ) -> ExportedNetwork:
        """The same network in its types, with what they cost; `full` is in fp32, and was checked."""
        images = images if len(images) else [np.random.default_rng(0).standard_normal(self._shape, np.float32)]
        assembly = assemble(self._draft, selections, criterion, lambda name: tell(f"packed {name}"), types)
        check_arena(assembly.graph)
        narrow = PackedFile(assembly.layers, *head_texts(self._model), graph=assembly.graph)
        trial = try_types(narrow, full.packed, images, tell)
        notes = [f"{name}: sums in fp32, {reason}" for name, reason in trial.widened.items()]
        losses = (loss_note(one, other) for one, other in zip(full.packed.layers, narrow.layers, strict=True))
        return replace(
            full,
            packed=trial.packed,
            arena_bytes=assembly.plan.size,
            arena_bound=assembly.plan.lower_bound,
            notes=(*full.notes, *notes, *filter(None, losses)),
            costs=trial.costs,
        )

    def _notes(self, selections: Mapping[str, Selection]) -> tuple[str, ...]:
        """Layers whose weight is another view of a pruned one: a file has a copy for each, and theirs is dense."""
        named = self._module.named_modules()
        owners = find_owners({name: part.weight for name, part in named if isinstance(part, nn.Conv2d | nn.Linear)})
        return tuple(
            f"{name}: its weight is another view of {owner.name}'s, which is pruned; here it stays dense "
            "(`ubp prune` sets the same weights to zero in both)"
            for name, owner in owners.items()
            if not owner.same and owner.name in selections and name not in selections
        )


def require_module(model: LoadedModel) -> nn.Module:
    """The model's network; raises ModelError for a bare checkpoint."""
    if model.module is None:
        raise ModelError(f"{model.name} is a checkpoint of an unknown network: --arch NAME tells which one it is")
    return model.module


def masked_module(module: nn.Module, selections: Mapping[str, Selection]) -> nn.Module:
    """A copy of the module in which everything outside the blocks is zero."""
    masked = copy.deepcopy(module).eval()
    with torch.no_grad():
        for name, selection in selections.items():
            weight = masked.get_parameter(f"{name}.weight")
            mask = torch.from_numpy(selection.mask().reshape(tuple(weight.shape)))
            weight.mul_(mask)
    return masked


def compare(packed: PackedFile, module: nn.Module, input_shape: tuple[int, int, int, int]) -> tuple[float, float]:
    """How far the packed network is from PyTorch on a random image.

    Returns:
        Largest difference of all outputs over the largest output; and, where it is above the tolerance, how far the
        module in float32 is from itself in float64 (otherwise 0).
    """
    image = np.random.default_rng(0).standard_normal(input_shape, np.float32)
    expected = run_module(module, image)
    error = largest_difference(run_reference(packed, [image]), expected)
    if error <= TOLERANCE:
        return error, 0.0
    return error, largest_difference(expected, run_module(module.double(), image.astype(np.float64)))


def run_module(module: nn.Module, image: NDArray[Any]) -> list[NDArray[Any]]:
    """All arrays that a module makes of an image, in torch.export's order."""
    with torch.no_grad():
        leaves = tree_leaves(module(torch.from_numpy(image)))
    return [leaf.numpy() for leaf in leaves if isinstance(leaf, torch.Tensor)]


def largest_difference(arrays: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]]) -> float:
    """Of all outputs, the largest difference over the largest expected value; infinite where a value isn't finite."""
    worst = 0.0
    for mine, theirs in zip(arrays, expected, strict=True):
        difference = float(np.abs(mine.reshape(theirs.shape) - theirs).max())
        worst = max(worst, difference / (float(np.abs(theirs).max()) or 1.0) if np.isfinite(difference) else np.inf)
    return worst
