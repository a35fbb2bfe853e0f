"""Plans of real networks: budgets met exactly, overrides, and what the report adds up."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from threading import Event

import numpy as np
import pytest

from ubp_core import METHODS, importance, select_blocks, select_global
from ubp_core.budgets import LARGER_PACKED
from ubp_core.errors import PlanError, SelectionError
from ubp_core.global_selection import network_budget
from ubp_core.models import LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_core.plan import LayerPlan, Override, Plan, make_plan, remake_plan, report_plan, select_plan
from ubp_core.plan.overrides import merge_overrides
from ubp_core.report import layer_cost


@cache
def network() -> LoadedModel:
    return ModelSpec("mobilenet_v1", weights="random", width=0.25).load()


def test_a_uniform_plan_selects_what_each_layer_selects_alone() -> None:
    model = network()
    plan = make_plan(model, method="bed", sparsity=0.8)
    selections = select_plan(plan, model)
    assert list(selections) == [layer.name for layer in model.prunable]
    for layer in model.prunable:
        alone = select_blocks(importance(layer.weight), 4, 0.8, "bed")
        np.testing.assert_array_equal(selections[layer.name].mask(), alone.mask())
    reasons = {layer.name: layer.because for layer in plan.layers if layer.dense}
    assert reasons == {layer.name: layer.skip_reason for layer in model.layers if layer.skip_reason}


@pytest.mark.parametrize("method", [m for m in METHODS if m != "greedy"])
def test_a_global_plan_leads_to_the_global_selection(method: str) -> None:
    model = network()
    plan = make_plan(model, scope="global", method=method, sparsity=0.7, floor=0.1, ceiling=0.9, grow=True)
    size = 1 if method == "unstructured" else 4
    matrices = {layer.name: importance(layer.weight) for layer in model.prunable}
    expected = select_global(matrices, size, 0.7, method, floors=0.1, ceilings=0.9)
    selections = select_plan(plan, model)
    for name, selection in expected.layers.items():
        np.testing.assert_array_equal(selections[name].mask(), selection.mask())
    shapes = {layer.name: (layer.rows, layer.columns) for layer in model.prunable}
    assert sum(len(s.rows) for s in selections.values()) == network_budget(shapes, size, 0.7)


def packed_and_dense(plan: Plan, model: LoadedModel) -> dict[str, tuple[int, int]]:
    """Bytes of every pruned layer, packed and dense."""
    costs = {name: layer_cost(model.layer(name), selection) for name, selection in select_plan(plan, model).items()}
    return {name: (cost.bytes_after, cost.bytes_before) for name, cost in costs.items()}


@pytest.mark.parametrize("sparsity", [0.3, 0.6, 0.8])
def test_layers_that_would_grow_stay_dense_and_the_others_share_the_budget(sparsity: float) -> None:
    model = network()
    asked = make_plan(model, scope="global", sparsity=sparsity, grow=True)
    assert any(packed > dense for packed, dense in packed_and_dense(asked, model).values()), "else nothing is tested"
    plan = make_plan(model, scope="global", sparsity=sparsity)
    assert all(packed <= dense for packed, dense in packed_and_dense(plan, model).values())
    larger = {layer.name for layer in plan.layers if layer.because == LARGER_PACKED}
    assert larger and not any(layer.fixed for layer in plan.layers)
    # The same as without these layers in the first place, and what deciding anew finds.
    others = make_plan(
        model,
        scope="global",
        sparsity=sparsity,
        grow=True,
        overrides=[Override(name, method="dense") for name in larger],
    )
    assert others.pruned == plan.pruned
    assert remake_plan(plan, model) == plan
    assert remake_plan(replace(plan, grow=True), model) == replace(asked, grow=True)


def test_what_is_asked_for_a_layer_or_grows_altogether_is_done() -> None:
    model = network()
    plan = make_plan(model, scope="global", sparsity=0.6)
    larger = next(layer.name for layer in plan.layers if layer.because == LARGER_PACKED)
    own = make_plan(model, scope="global", sparsity=0.6, overrides=[Override(larger, floor=0.9)])
    assert not own.layer(larger).dense
    for little in (0.0, 0.05):
        plan = make_plan(model, scope="global", sparsity=little)
        assert plan.pruned == make_plan(model, scope="global", sparsity=little, grow=True).pruned
        assert len(plan.pruned) == len(model.prunable)


def test_overrides_fix_layers_and_the_budget_is_spent_on_the_others() -> None:
    model = network()
    overrides = [Override.parse(text) for text in (
        "blocks.*=floor:0.05",
        "blocks.3.pointwise=sparsity:0.5,block-size:8",
        "blocks.4.pointwise=dense",
        "blocks.5.pointwise=method:abp",
        "stem.conv=sparsity:0.5",
    )]  # fmt: skip
    plan = make_plan(model, scope="global", sparsity=0.9, overrides=overrides)
    assert plan.layer("blocks.3.pointwise") == LayerPlan("blocks.3.pointwise", "optimal", 8, 0.5, "", True, 0.05)
    assert plan.layer("blocks.4.pointwise") == LayerPlan("blocks.4.pointwise", because="by choice", fixed=True)
    assert plan.layer("blocks.5.pointwise").method == "abp" and plan.layer("blocks.5.pointwise").sparsity == 0.9
    assert not plan.layer("stem.conv").dense, "named in full: pruned although it is skipped by default"
    free = [layer for layer in model.prunable if not plan.layer(layer.name).fixed]
    assert len(free) == len(model.prunable) - 3
    selections = select_plan(plan, model)
    budget = network_budget({layer.name: (layer.rows, layer.columns) for layer in free}, 4, 0.9)
    assert sum(len(selections[layer.name].rows) for layer in free) == budget
    kept = [1 - selections[layer.name].achieved_sparsity for layer in free]
    assert min(kept) >= 0.05 - 1e-9


def test_later_overrides_count() -> None:
    first, second = Override("a", method="dense"), Override("a*", sparsity=0.5, floor=0.1)
    assert merge_overrides(first, second) == Override("a", None, None, 0.5, 0.1)
    assert merge_overrides(second, Override("a", sparsity=0.6)) == replace(second, sparsity=0.6)


@pytest.mark.parametrize(
    "text",
    ["a", "a=", "=dense", "a=sparsity", "a=sparsity:2", "a=method:best", "a=colour:red", "a=block-columns:2"],
)
def test_bad_overrides_are_refused(text: str) -> None:
    with pytest.raises(PlanError, match="need PATTERN=dense, or PATTERN=FIELD:VALUE"):
        Override.parse(text)


def test_what_can_not_be_planned() -> None:
    model = network()
    with pytest.raises(PlanError, match=r"'layer9\.\*': matches no layer of mobilenet_v1"):
        make_plan(model, overrides=[Override.parse("layer9.*=dense")])
    with pytest.raises(PlanError, match=r"'blocks\.0\.depthwise': it has 8 groups"):
        make_plan(model, overrides=[Override.parse("blocks.0.depthwise=sparsity:0.5")])
    with pytest.raises(PlanError, match="no layer that can be pruned"):
        make_plan(model, overrides=[Override.parse("*=dense")])
    with pytest.raises(PlanError, match="floor, ceiling, scale, grow: belong to a global budget"):
        make_plan(model, floor=0.1)
    with pytest.raises(PlanError, match="scope: 'local' is unknown"):
        make_plan(model, scope="local")
    with pytest.raises(SelectionError, match=r"^floors: together they keep"):
        make_plan(model, scope="global", sparsity=0.9, floor=0.5)


def test_a_plan_of_another_network_names_the_layer() -> None:
    model = network()
    with pytest.raises(PlanError, match=r"^layers\.conv1: mobilenet_v1 .* has no such layer"):
        select_plan(Plan((LayerPlan("conv1", "bed", 4, 0.5),)), model)
    with pytest.raises(PlanError, match=r"^layers\.blocks\.0\.depthwise: has 8 groups"):
        select_plan(Plan((LayerPlan("blocks.0.depthwise", "bed", 4, 0.5),)), model)
    with pytest.raises(PlanError, match=r"^layers\.blocks\.0\.pointwise: greedy ran out"):
        select_plan(Plan((LayerPlan("blocks.0.pointwise", "greedy", 8, 0.0),)), model)


def test_the_report_adds_up() -> None:
    model = network()
    plan = make_plan(model, method="abp", sparsity=0.75, overrides=[Override.parse("blocks.6.pointwise=block-size:32")])
    selections = select_plan(plan, model)
    report = report_plan(plan, model, selections)
    assert [row.layer.name for row in report.rows] == [layer.name for layer in model.layers]
    kept = sum(int(selection.mask().sum()) for selection in selections.values())
    weights = sum(layer.parameters for layer in model.prunable)
    assert report.cost.parameters_before == model.parameters
    assert report.cost.parameters_after == model.parameters - weights + kept
    assert report.achieved == pytest.approx(1 - kept / weights)
    assert report.requested == pytest.approx(0.75)
    assert all(row.aligned for row in report.rows)
    saved = sum(float(importance(x.weight)[selections[x.name].mask()].sum(dtype=np.float64)) for x in model.prunable)
    total = sum(float(importance(x.weight).sum(dtype=np.float64)) for x in model.prunable)
    assert report.retained == pytest.approx(saved / total, rel=1e-6)
    assert report.cost.multiply_adds_after is not None and report.cost.multiply_adds_before is not None
    assert report.cost.multiply_adds_after < report.cost.multiply_adds_before
    assert report.cost.bytes_after < report.cost.bytes_before == model.parameters * 4


def test_selecting_can_be_cancelled() -> None:
    model, cancel, told = network(), Event(), []
    plan = make_plan(model, sparsity=0.8, method="bed")

    def step(name: str) -> None:
        told.append(name)
        if len(told) == 3:
            cancel.set()

    assert list(select_plan(plan, model, step=step, cancel=cancel)) == told
    assert len(told) == 3
