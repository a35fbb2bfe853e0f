"""The scope "global": one budget for all layers, floors and ceilings, gradual, with and without regrowth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning_helpers import PRUNED, tiny_network, train_steps
from ubp_core import METHODS, BlockPruner, CubicSchedule, LayerRule
from ubp_core.criteria import importance
from ubp_core.errors import PruningError
from ubp_core.global_selection import network_budget, select_global


@settings(max_examples=30)
@given(
    method=st.sampled_from(METHODS),
    block_size=st.sampled_from([1, 2, 4]),
    sparsity=st.floats(0.3, 0.95),
    regrow=st.booleans(),
    scale=st.sampled_from(["raw", "mean"]),
)
def test_the_common_budget_is_met_at_every_update(
    method: str, block_size: int, sparsity: float, regrow: bool, scale: str
) -> None:
    model = tiny_network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    schedule = CubicSchedule(1, 7, 2)
    pruner = BlockPruner(
        model, block_size, sparsity, method, schedule, "global", regrow=regrow, scale=scale, optimizer=optimizer
    )
    shapes = {name: tuple(model.get_submodule(name).weight.flatten(1).shape) for name in PRUNED}
    earlier: dict[str, np.ndarray] = {}

    def check(step: int) -> None:
        nonlocal earlier
        masks = {name: selection.mask() for name, selection in pruner.selections.items()}
        for name, mask in masks.items():
            weight = model.get_submodule(name).weight.detach().flatten(1)
            assert not weight[torch.from_numpy(~mask)].any()
            if not regrow and name in earlier:
                assert not (mask & ~earlier[name]).any(), "a pruned weight came back"
        if masks and schedule.is_due(step + 1):
            blocks = network_budget(shapes, block_size, schedule.sparsity(step + 1, sparsity))
            assert sum(int(mask.sum()) for mask in masks.values()) == blocks * block_size
            for name, selection in pruner.selections.items():
                assert int(masks[name].sum()) == len(selection.rows) * selection.block_size, "blocks overlap"
                assert len(selection.rows) > 0, "a layer was emptied"
        earlier = masks

    train_steps(model, optimizer, pruner, range(9), check)


def test_one_shot_is_what_select_global_chooses() -> None:
    model = tiny_network()
    matrices = {name: importance(model.get_submodule(name).weight) for name in PRUNED}
    pruner = BlockPruner(model, 4, 0.7, "optimal", scope="global", max_sparsity=0.9, min_sparsity=0.3)
    pruner.update_masks()
    expected = select_global(matrices, 4, 0.7, "optimal", floors=0.1, ceilings=0.7)
    for name, selection in pruner.finalize().items():
        assert np.array_equal(selection.mask(), expected.layers[name].mask())
        assert selection.retained == pytest.approx(expected.layers[name].retained)


def test_floors_ceilings_and_layers_with_a_sparsity_of_their_own() -> None:
    model = tiny_network()
    with torch.no_grad():
        model.get_submodule("10").weight.mul_(1e-3)  # a raw threshold would empty it
    rules = {"10": LayerRule(max_sparsity=0.5), "7": LayerRule(sparsity=0.25, block_size=2, method="abp")}
    pruner = BlockPruner(model, 4, 0.75, scope="global", overrides=rules)
    pruner.update_masks()
    achieved = {layer.name: layer.achieved for layer in pruner.report()}
    assert achieved["10"] == pytest.approx(0.5, abs=0.02)
    assert achieved["7"] == pytest.approx(0.25, abs=0.02)
    assert pruner.selections["7"].method == "abp"
    weights = {name: model.get_submodule(name).weight.numel() for name in ("3", "10")}
    common = sum(achieved[name] * count for name, count in weights.items()) / sum(weights.values())
    assert common == pytest.approx(0.75, abs=0.002)


def test_what_cannot_be_under_one_budget_is_refused() -> None:
    with pytest.raises(PruningError, match="7: a common budget has one form of blocks and one method"):
        BlockPruner(tiny_network(), scope="global", overrides={"7": LayerRule(block_size=2)})
    with pytest.raises(PruningError, match="scale: 'log' is unknown"):
        BlockPruner(tiny_network(), scope="global", scale="log")
    with pytest.raises(PruningError, match="floors: together they keep"):
        BlockPruner(tiny_network(), sparsity=0.9, scope="global", max_sparsity=0.5).update_masks()
