"""Modules at several places, weights of several modules, statistics that are none: exported, or refused by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.core.network.conftest import select_all, wrapped
from ubp_core.errors import ModelError
from ubp_core.network.exporting import export_network


def conv() -> nn.Conv2d:
    return nn.Conv2d(8, 8, 3, padding=1)


def twice() -> nn.Module:
    shared = conv()
    return nn.Sequential(conv(), shared, nn.ReLU(), shared, nn.BatchNorm2d(8))


def thrice() -> nn.Module:
    block = nn.Sequential(conv(), nn.BatchNorm2d(8), nn.ReLU())
    return nn.Sequential(block, block, conv(), block)


def tied() -> nn.Module:
    module = nn.Sequential(conv(), nn.ReLU(), conv(), conv())
    module[2].weight = module[0].weight
    return module


def tied_backwards() -> nn.Module:
    module = tied()
    assert isinstance(module, nn.Sequential)
    module[3].weight, module[3].bias = module[2].weight, module[0].bias
    return module


@pytest.mark.parametrize("build", [twice, thrice, tied, tied_backwards])
def test_what_the_default_selections_prune_is_exported(build, tmp_path) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    model = wrapped(build())
    selections = select_all(model, 2)
    assert set(selections) == {layer.name for layer in model.prunable}
    exported = export_network(model, selections, (1, 8, 10, 10))
    assert exported.relative_error <= 2e-6
    assert all(layer.method != "dense" for layer in exported.packed.layers)


@pytest.mark.parametrize("view", ["transpose", "slice", "copy"])
def test_a_view_of_a_pruned_weight_is_told(view: str) -> None:
    module = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 4)
    )
    weight = module[2].weight.detach()  # type: ignore[union-attr, operator]
    module[4].weight = nn.Parameter(weight.t())
    if view == "slice":
        module[4].weight = nn.Parameter(torch.randn(8, 8))
        module[5].weight = nn.Parameter(weight[:4])
    if view == "copy":
        module[4].weight = nn.Parameter(weight.t().clone())
    model = wrapped(module.eval())
    selections = {name: found for name, found in select_all(model, 2).items() if name == "2"}
    exported = export_network(model, selections, (1, 8, 4, 4))
    name = {"transpose": ["4"], "slice": ["5"], "copy": []}[view]
    assert [line.partition(":")[0] for line in exported.notes] == name
    assert all("another view of 2's, which is pruned; here it stays dense" in line for line in exported.notes)
    assert export_network(model, {}, (1, 8, 4, 4)).notes == ()
    assert [layer.name for layer in exported.packed.layers if layer.method != "dense"] == ["2"]


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_statistics_that_are_none_are_refused_by_name(value: float) -> None:
    module = nn.Sequential(conv(), nn.BatchNorm2d(8))
    assert isinstance(module[1].running_var, torch.Tensor)
    module[1].running_var[3] = value
    with pytest.raises(ModelError, match=r"batch_norm at 1 has a running_var \(1\.running_var\) "):
        export_network(wrapped(module), {}, (1, 8, 10, 10))
