"""Training with blocks of four columns: whole blocks at every step, what is pruned stays pruned, groups that stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning_helpers import PRUNED, tiny_network, train_steps
from test_column_groups import assert_whole_blocks
from ubp_core import BlockPruner, CubicSchedule, LayerRule
from ubp_core.budgets import budget, network_budget
from ubp_core.errors import PruningError
from ubp_core.plan import LayerPlan, Plan


@settings(max_examples=15)
@given(
    method=st.sampled_from(("abp", "greedy", "bed", "optimal")),
    scope=st.sampled_from(("layer", "global")),
    regrow=st.booleans(),
    size=st.sampled_from((1, 2, 4)),
)
def test_every_update_has_whole_blocks(method: str, scope: str, regrow: bool, size: int) -> None:
    model = tiny_network()
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    schedule = CubicSchedule(0, 6, 2)
    options: dict[str, Any] = {"regrow": regrow, "optimizer": optimizer, "block_columns": 4}
    pruner = BlockPruner(model, size, 0.75, method, schedule, scope, **options)
    earlier: dict[str, Any] = {}

    def check(step: int) -> None:
        shapes = {report.name: report.shape for report in pruner.report()}
        for report, (name, selection) in zip(pruner.report(), pruner.selections.items(), strict=False):
            assert_whole_blocks(selection)
            assert report.blocks == selection.block_count and report.block_columns == 4
            weight = model.get_submodule(name).weight.detach().reshape(selection.shape).numpy()
            assert not weight[~selection.mask()].any()
            if scope == "layer":
                assert report.blocks == budget(selection.shape, size, report.requested, 4)
            if name in earlier and not regrow:
                assert not (selection.mask() & ~earlier[name].mask()).any(), "what is pruned stays pruned"
                assert np.array_equal(selection.groups.order, earlier[name].groups.order)  # type: ignore[union-attr]
        if scope == "global" and pruner.selections:
            asked = network_budget(shapes, size, pruner.report()[0].requested, 4)
            assert sum(selection.block_count for selection in pruner.selections.values()) == asked
        earlier.update(pruner.selections)

    train_steps(model, optimizer, pruner, range(8), check)
    assert set(pruner.finalize()) == set(PRUNED)


def test_what_is_kept_is_the_layers_own_importance() -> None:
    model = tiny_network()
    pruner = BlockPruner(model, 4, 0.6, block_columns=4)
    before = {name: model.get_submodule(name).weight.detach().abs().numpy().copy() for name in PRUNED}
    pruner.update_masks()
    for report in pruner.report():
        matrix, mask = before[report.name].reshape(report.shape), pruner.selections[report.name].mask()
        assert report.retained == pytest.approx(matrix[mask].sum() / matrix.sum(), rel=1e-5)


def test_rules_plans_and_states() -> None:
    pruner = BlockPruner(tiny_network(), 4, 0.5, overrides={"7": LayerRule(block_columns=4)})
    pruner.update_masks()
    assert [pruner.selections[name].block_columns for name in PRUNED] == [1, 4, 1]
    plan = Plan((LayerPlan("3", "bed", 4, 0.5, block_columns=4), LayerPlan("10", "bed", 4, 0.5)))
    planned = BlockPruner(tiny_network(), plan=plan)
    planned.update_masks()
    assert {name: s.block_columns for name, s in planned.selections.items()} == {"3": 4, "10": 1}
    with pytest.raises(PruningError, match="had block_columns 4, here it has 1"):
        BlockPruner(tiny_network(), plan=Plan((LayerPlan("3", "bed", 4, 0.5), plan.layers[1]))).load_state_dict(
            planned.state_dict()
        )
    with pytest.raises(PruningError, match=r"^block_columns: need 1 or 4; got 3"):
        BlockPruner(tiny_network(), block_columns=3)
    with pytest.raises(PruningError, match="one form of blocks and one method"):
        BlockPruner(tiny_network(), scope="global", overrides={"7": LayerRule(block_columns=4)})


def test_states_of_older_versions_have_one_column() -> None:
    pruner = BlockPruner(tiny_network(), 4, 0.5)
    pruner.update_masks()
    state = pruner.state_dict()
    for layer in state["layers"].values():
        del layer["block_columns"], layer["selection"]["column_order"]
    other = BlockPruner(tiny_network(), 4, 0.5)
    other.load_state_dict(state)
    assert all(np.array_equal(s.mask(), pruner.selections[n].mask()) for n, s in other.selections.items())
