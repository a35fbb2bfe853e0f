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
from ubp_core.export.pruned_tensors import PrunedTensors
from ubp_core.models.checkpoints.plain_data import find_obstacle
from ubp_core.models.layers import WeightSource
from ubp_core.printable import printable

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
        All tensors by their names in the `state_dict`, or by the file's own keys; +0.0 where a weight is pruned, other
        bits as they were. What shares a pruned weight's memory (a second name, the transpose) is pruned with it. A
        weight that the file has in parts is written in one piece where it is pruned; a mask of
        `torch.nn.utils.prune` stays, with the pruned weights' places set to 0.

    Raises:
        ModelError: the model came without its tensors, or two selections differ on the same memory.
    """
    state = model.tensors if model.module is None else model.module.state_dict()
    if state is None:
        raise ModelError(f"{model.name}: has no tensors that could be written")
    pruned = PrunedTensors(state)
    for name, selection in selections.items():
        key = f"{name}.weight" if f"{name}.weight" in state else name
        pruned.prune(name, model.sources.get(name, WeightSource((key,), key)), selection.mask())
    return pruned.collect()


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
    state = pruned_state(model, selections)
    check_writable(model.name, state)
    data = save(state, metadata)

    def write(place: Path) -> None:
        with os.fdopen(create_file(place), "wb") as stream:
            stream.write(data)

    write_atomically(path, write, overwrite=overwrite)


def check_writable(model: str, state: Mapping[str, torch.Tensor]) -> None:
    """Refuses tensors and names that a safetensors file can't hold: nothing of a network is lost without a word.

    Raises:
        ModelError: the line names the tensor.
    """
    import torch
    from safetensors.torch import save

    for key, tensor in state.items():
        obstacle = find_obstacle(tensor)
        kind = obstacle.partition(",")[0] if obstacle else str(tensor.dtype)
        try:
            if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
                raise ValueError
            key.encode()
            save({"x": torch.empty(0, dtype=tensor.dtype)})
        except UnicodeEncodeError:
            line = f"the name {printable(key)!r} is no valid text"
            raise ModelError(
                f"{model}: {line}; a safetensors file can't have it, rename it in the checkpoint"
            ) from None
        except (KeyError, ValueError, RuntimeError, NotImplementedError):
            line = f"tensor {printable(key)} is {kind}, which a safetensors file can't hold"
            raise ModelError(f"{model}: {line}; make it a dense one in the checkpoint, or leave it out there") from None


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
                "block_columns": selection.block_columns,
                "blocks": selection.block_count,
                "requested_sparsity": selection.sparsity,
                "achieved_sparsity": selection.achieved_sparsity,
                "retained": selection.retained,
                "upper_bound": selection.upper_bound,
            }
            for name, selection in selections.items()
        },
    }
