"""Networks and arguments that nothing can be done with are refused in one line, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pruning_helpers import tiny_network
from ubp_core import BlockPruner, LayerRule, LinearSchedule, check_deployable, importance, select_blocks
from ubp_core.errors import ModelError, PruningError, SelectionError, UbpError
from ubp_core.models import Layer
from ubp_core.models.layer_extraction import extract_module_layers
from ubp_core.packed.layer_packing import pack_layer


def lazy_network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.LazyConv2d(8, 3), nn.Flatten(), nn.LazyLinear(4))


def test_lazy_modules_are_named() -> None:
    line = "1: LazyConv2d has no shape yet; run one batch through the network first"
    with pytest.raises(PruningError, match=line):
        BlockPruner(lazy_network())
    with pytest.raises(PruningError, match=line):
        check_deployable(lazy_network())
    with pytest.raises(ModelError, match=line):
        extract_module_layers(lazy_network(), {})
    ready = lazy_network()
    ready(torch.zeros(1, 3, 9, 9))
    assert len(check_deployable(ready)) == 3


def test_weights_without_values_are_named() -> None:
    with torch.device("meta"):
        model = tiny_network()
    with pytest.raises(PruningError, match="3 can't be pruned: its weight is on the meta device"):
        BlockPruner(model)
    with pytest.raises(ModelError, match="0: its weight is on the meta device"):
        extract_module_layers(model, {})
    assert [check.name for check in check_deployable(model) if check.packed] == ["3", "7", "10"]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"sparsity": "0.5"}, "sparsity: need 0 <= s < 1; got '0.5'"),
        ({"sparsity": None}, "sparsity"),
        ({"sparsity": True}, "sparsity"),
        ({"sparsity": "0.5", "scope": "global"}, "sparsity"),
        ({"block_size": "4"}, "block_size: need a whole number"),
        ({"min_sparsity": "0"}, "sparsity limits"),
        ({"max_sparsity": None, "min_sparsity": None}, "sparsity limits"),
        ({"schedule": "cubic"}, "schedule: need one such as CubicSchedule"),
        ({"overrides": {"3": "0.5"}}, "overrides: 3: need 0 <= s < 1; got '0.5'"),
        ({"overrides": {"3": LayerRule(sparsity="0.5")}}, "3: sparsity: need 0 <= s < 1"),
        ({"overrides": ["3"]}, "overrides: need a dictionary"),
        ({"skip": "3"}, "skip: need a list of names"),
        ({"skip": [3]}, "skip: need a list of names"),
        ({"plan": 7}, "plan: need a plan or its file; got int"),
        ({"criterion_batches": 0}, "criterion_batches: need a whole number from 1"),
        ({"threads": 0}, "threads: need a whole number"),
        ({"threads": "2"}, "threads: need a whole number"),
    ],
)
def test_arguments_of_a_wrong_kind_are_named(options: dict[str, Any], line: str) -> None:
    with pytest.raises(PruningError, match=line):
        BlockPruner(tiny_network(), **options)


def test_models_of_a_wrong_kind_are_refused() -> None:
    for model in ("resnet18", None, [nn.Linear(2, 2)]):
        with pytest.raises(PruningError, match=r"model: need a torch\.nn\.Module"):
            BlockPruner(model)  # type: ignore[arg-type]
        with pytest.raises(PruningError, match=r"model: need a torch\.nn\.Module"):
            check_deployable(model)  # type: ignore[arg-type]


def test_a_layer_too_wide_for_a_file_is_named() -> None:
    layer = Layer("head.wide", "linear", np.ones((8, 76_800), np.float32))
    selection = select_blocks(importance(layer.weight), 4, 0.5)
    for chosen in (None, selection):
        with pytest.raises(SelectionError, match=r"head\.wide: weight: 8 x 76800 is outside"):
            pack_layer(layer, chosen)


@pytest.mark.parametrize("criterion", ["l1", "l2", "taylor", "activation"])
@pytest.mark.parametrize("scale", [2.0**-100, 2.0**60])
@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize("regrow", [False, True])
def test_every_criterion_orders_weights_of_any_size(criterion: str, scale: float, scope: str, regrow: bool) -> None:
    def masks(factor: float) -> list[np.ndarray]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(8, 8, 1, bias=False), nn.Conv2d(8, 12, 1, bias=False))
        with torch.no_grad():
            model[0].weight.mul_(factor)
            model[1].weight.mul_(factor)
        pruner = BlockPruner(
            model, 4, 0.5, "bed", LinearSchedule(1, 2, initial=0.3), scope, criterion=criterion, regrow=regrow
        )
        for _ in range(2):
            images = torch.randn(4, 8, 3, 3, generator=torch.Generator().manual_seed(1))
            model[1](model[0](images) / factor)  # the hooks see inputs of ordinary size
            for layer in model:
                layer.weight.grad = torch.randn(layer.weight.shape, generator=torch.Generator().manual_seed(2)) * factor
            pruner.step()
            assert all(0 < s.retained < 1 for s in pruner.selections.values())
        return [s.mask() for s in pruner.finalize().values()]

    for mine, plain in zip(masks(scale), masks(1.0), strict=True):
        assert np.array_equal(mine, plain)


def test_inputs_that_are_not_finite_are_named() -> None:
    model = nn.Sequential(nn.Conv2d(8, 8, 1), nn.Conv2d(8, 12, 1))
    pruner = BlockPruner(model, 4, 0.5, criterion="activation")
    model(torch.full((1, 8, 3, 3), float("nan")))
    with pytest.raises(PruningError, match="0: its inputs were not finite in all 1 batches"):
        pruner.update_masks()
    assert issubclass(PruningError, UbpError)
