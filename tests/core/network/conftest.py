"""Networks exported once for all tests of this folder."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from torch import nn

from ubp_core.criteria import importance
from ubp_core.models import LoadedModel, load_model
from ubp_core.models.layer_extraction import extract_module_layers
from ubp_core.network.exporting import ExportedNetwork, export_network, masked_module
from ubp_core.selection import Selection, select_blocks

Exported = tuple[ExportedNetwork, nn.Module]
"""A network and PyTorch's masked model of it."""

SIZE = 64


def select_all(
    model: LoadedModel, block_size: int = 4, method: str = "optimal", sparsity: float = 0.75
) -> dict[str, Selection]:
    """Blocks of every layer that can be pruned."""
    return {
        layer.name: select_blocks(importance(layer.weight), block_size, sparsity, method, threads=1)
        for layer in model.prunable
    }


def wrapped(module: nn.Module) -> LoadedModel:
    """A module of a test as `load_model` would give it."""
    module.eval()
    return LoadedModel("a test's network", "drawn by a test", True, extract_module_layers(module, {}), None, module)


@functools.cache
def exported_by_name(name: str, size: int = SIZE, block_size: int = 4) -> Exported:
    """A network by name, with a width behind a colon, and its masked module."""
    base, _, width = name.partition(":")
    weights = "default" if base == "efficientnet_lite0" else "random"
    model = load_model(base, weights=weights, input_size=size, width=float(width or 1))
    selections = select_all(model, block_size)
    assert model.module is not None
    return export_network(model, selections, (1, 3, size, size)), masked_module(model.module, selections)


@pytest.fixture(scope="session")
def exported() -> Callable[..., Exported]:
    return exported_by_name
