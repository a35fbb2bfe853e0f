"""The pruned `state_dict`: every tensor of the network, pruned weights with exact zeros, as a safetensors file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubp_core import __version__
from ubp_core.atomic_file import create_file, write_atomically
from ubp_core.errors import ModelError

if TYPE_CHECKING:
    import torch

    from ubp_core.models import LoadedModel
    from ubp_core.selection import Selection


def pruned_state(model: LoadedModel, selections: Mapping[str, Selection]) -> dict[str, torch.Tensor]:
    """The network's tensors, pruned.

    Args:
        model: the network; it isn't changed.
        selections: blocks that stay, by layer.

    Returns:
        All tensors by their names in the `state_dict`; +0.0 where a weight is pruned, other bits as they were. A weight
        that two layers share is pruned under both names.

    Raises:
        ModelError: the model came without its tensors.
    """
    import torch

    state = model.tensors if model.module is None else model.module.state_dict()
    if state is None:
        raise ModelError(f"{model.name}: has no tensors that could be written")
    masked: dict[tuple[int, torch.Size], torch.Tensor] = {}
    for name, selection in selections.items():
        weight = state[f"{name}.weight" if f"{name}.weight" in state else name]
        keep = torch.from_numpy(selection.mask()).reshape(weight.shape)
        masked[weight.data_ptr(), weight.shape] = torch.where(keep, weight, torch.zeros((), dtype=weight.dtype))
    return {
        name: masked.get((value.data_ptr(), value.shape), value).detach().clone().contiguous()
        for name, value in state.items()
    }


def save_state(
    path: Path, model: LoadedModel, selections: Mapping[str, Selection], criterion: str = "", overwrite: bool = False
) -> None:
    """Writes `pruned_state` with how it came to be in the metadata (`ubp`: one JSON object).

    Raises:
        ModelError: as `pruned_state`.
        FileError: it can't be written, or a file is there and `overwrite` is not set.
    """
    from safetensors.torch import save

    metadata = {"format": "pt", "ubp": json.dumps(describe(model, selections, criterion))}
    data = save(pruned_state(model, selections), metadata)

    def write(place: Path) -> None:
        with os.fdopen(create_file(place), "wb") as stream:
            stream.write(data)

    write_atomically(path, write, overwrite=overwrite)


def describe(model: LoadedModel, selections: Mapping[str, Selection], criterion: str) -> dict[str, Any]:
    """How the pruned layers came to be, for a file's metadata."""
    return {
        "tool": f"ubp-tui {__version__}",
        "model": model.name,
        "source": model.source,
        "random_weights": model.random_weights,
        "criterion": criterion,
        "layers": {
            name: {
                "method": selection.method,
                "block_size": selection.block_size,
                "blocks": len(selection.rows),
                "requested_sparsity": selection.sparsity,
                "achieved_sparsity": selection.achieved_sparsity,
                "retained": selection.retained,
                "upper_bound": selection.upper_bound,
            }
            for name, selection in selections.items()
        },
    }
