"""The one rule for how much of a layer stays: for selections, plans, pruners and files, against counting by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from reference_selection import placements
from ubp_core import METHODS, BlockPruner, LayerRule, select_blocks, select_global
from ubp_core.budgets import asked_blocks, budget, budget_note, dense_reason, is_dense_reason, network_note
from ubp_core.cli.main import main
from ubp_core.errors import CandidatesExhausted, PlanError, SelectionError
from ubp_core.models import Layer, LoadedModel
from ubp_core.plan import LayerPlan, Plan, make_plan, remake_plan, report_plan, select_plan
from ubp_core.report import compare_methods, retained_curve

SPARSITIES = st.one_of(st.just(0.0), st.floats(0, 1, exclude_max=True), st.sampled_from([1e-9, 0.05, 0.999, 1 - 1e-12]))


def model_of(**matrices: np.ndarray) -> LoadedModel:
    layers = tuple(Layer(name, "linear", matrix.astype(np.float32)) for name, matrix in matrices.items())
    return LoadedModel("drawn", "drawn for a test", False, layers, None)


def drawn(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, columns))


def small_network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.Conv2d(8, 2, 1), nn.Conv2d(2, 7, 1), nn.Conv2d(7, 16, 1), nn.Conv2d(16, 9, 1)
    )


@settings(max_examples=200)
@given(st.integers(1, 9), st.integers(1, 3), st.integers(1, 32), SPARSITIES, st.sampled_from(METHODS))
def test_a_layer_keeps_what_is_asked_or_says_so(
    rows: int, columns: int, size: int, sparsity: float, method: str
) -> None:
    matrix = np.abs(drawn(rows, columns, rows * columns)).astype(np.float32)
    most = columns * max(map(len, placements(rows, size)))  # blocks that the matrix holds, by trying all of them
    reason = dense_reason((rows, columns), size, sparsity)
    if most == 0:
        assert reason == f"has {rows} output channel{'s' if rows > 1 else ''}, fewer than a block of {size}"
        with pytest.raises(SelectionError, match=f"importance: has {rows} output channel"):
            select_blocks(matrix, size, sparsity, method)
        return
    try:
        selection = select_blocks(matrix, size, sparsity, method)
    except CandidatesExhausted:
        assert method == "greedy"
        return
    kept = int(selection.mask().sum())
    if sparsity == 0:
        assert kept == matrix.size and selection.achieved_sparsity == 0 and selection.retained == 1
        return
    asked = round((1.0 - sparsity) * rows * columns / size)
    assert reason is None and kept == min(asked, most) * size == budget((rows, columns), size, sparsity) * size
    note = budget_note((rows, columns), size, sparsity)
    assert (note is not None) == (asked > most or asked == 0)
    if note is not None:
        assert f"sparsity {sparsity:g} was asked for, {selection.achieved_sparsity:.4g} is achieved" in note


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 6)), min_size=1, max_size=4),
    st.sampled_from([1, 2, 4, 8]),
    SPARSITIES,
    st.sampled_from(["uniform", "global"]),
    st.sampled_from(["abp", "bed", "optimal", "unstructured"]),
)
def test_plans_keep_layers_dense_by_the_same_rule(
    shapes: list[tuple[int, int]], size: int, sparsity: float, scope: str, method: str
) -> None:
    model = model_of(**{f"l{i}": drawn(*shape, seed=i) for i, shape in enumerate(shapes)})
    used = 1 if (scope, method) == ("global", "unstructured") else size
    assume(sparsity == 0 or any(rows >= used for rows, _ in shapes))
    limits = {"floor": 0.0} if scope == "global" else {}
    plan = make_plan(model, scope=scope, method=method, block_size=size, sparsity=sparsity, **limits)  # type: ignore[arg-type]
    selections = select_plan(plan, model)
    report = report_plan(plan, model, selections)
    for row, shape in zip(report.rows, shapes, strict=True):
        reason = dense_reason(shape, used, sparsity)
        if reason is not None:
            assert row.layer.dense and row.layer.because == reason and row.achieved == 0 and row.retained == 1
        assert row.layer.dense == (row.layer.name not in selections)
        if sparsity == 0:
            assert row.achieved == 0
        if scope == "uniform" and not row.layer.dense:
            asked = asked_blocks(shape, size, sparsity)
            missed = abs(Fraction(row.achieved) - Fraction(sparsity)) * shape[0] * shape[1] > Fraction(
                size, 2
            ) + Fraction(1, 10**6)
            assert bool(row.note) == (asked == 0 or asked > budget(shape, size, sparsity))
            assert not missed or any(
                line.startswith(f"{row.layer.name}: sparsity {sparsity:g} was asked") for line in report.notes
            )


def test_a_plan_file_that_asks_for_too_much_is_carried_out_dense(tmp_path: Path) -> None:
    model = model_of(two=drawn(2, 30), seven=drawn(7, 10), good=drawn(16, 16))
    plan = Plan((LayerPlan("two", "bed", 4, 0.5), LayerPlan("seven", "bed", 4, 0.0), LayerPlan("good", "bed", 4, 0.5)))
    selections = select_plan(plan, model)
    assert list(selections) == ["good"]
    report = report_plan(plan, model, selections)
    assert [row.layer.because for row in report.rows] == [
        "has 2 output channels, fewer than a block of 4",
        "sparsity 0 keeps every weight, and 7 output channels are no multiple of 4",
        "",
    ]
    with pytest.raises(PlanError, match="no layer that can be pruned: two has 2 output channels, fewer than a block"):
        make_plan(model_of(two=drawn(2, 30)), block_size=4, sparsity=0.5)


def test_other_blocks_bring_a_layer_back_that_was_dense_for_their_size() -> None:
    model = model_of(two=drawn(2, 30), good=drawn(16, 16))
    plan = make_plan(model, block_size=4, sparsity=0.5)
    assert plan.layer("two").dense and is_dense_reason(plan.layer("two").because, (2, 30))
    again = remake_plan(Plan(plan.layers, None, "l1", "uniform", "bed", 2, 0.5), model)
    assert again.layer("two") == LayerPlan("two", "bed", 2, 0.5)
    assert not is_dense_reason("by choice", (2, 30))


def test_one_budget_that_can_not_be_met_says_so() -> None:
    model = model_of(a=drawn(7, 10), b=drawn(6, 10))
    plan = make_plan(model, scope="global", sparsity=0.1)
    report = report_plan(plan, model, select_plan(plan, model))
    assert report.achieved == pytest.approx(1 - 80 / 130)
    assert report.notes[-1].startswith("all layers together: sparsity 0.1 was asked for, 0.3846 is achieved")
    assert network_note({"a": (8, 10)}, 4, 0.1) is None


def test_a_common_selection_refuses_and_keeps_by_the_same_rule() -> None:
    matrices = {"a": np.abs(drawn(7, 10)), "b": np.abs(drawn(8, 3))}
    whole = select_global(matrices, 4, 0.0, "optimal")
    assert whole.achieved_sparsity == 0 and whole.retained == 1 == whole.upper_bound
    assert all(selection.mask().all() for selection in whole.layers.values())
    with pytest.raises(SelectionError, match="b: has 3 output channels, fewer than a block of 4"):
        select_global({"a": matrices["a"], "b": np.abs(drawn(3, 8))}, 4, 0.5)
    with pytest.raises(SelectionError, match="ceilings"):
        select_global(matrices, 4, 0.0, "optimal", ceilings=0.5)


def test_comparisons_and_curves() -> None:
    results = compare_methods(np.abs(drawn(2, 9)), 4, 0.5, METHODS)
    assert {(r.retained, r.blocks, r.note) for r in results} == {
        (1.0, 0, "has 2 output channels, fewer than a block of 4")
    }
    assert np.isnan(retained_curve(np.abs(drawn(2, 9)), 4, "bed", [0.1, 0.5])).all()
    assert retained_curve(np.abs(drawn(7, 9)), 4, "bed", [0.0]).tolist() == [1.0]


def test_a_pruner_leaves_layers_dense_that_keep_every_weight() -> None:
    network = small_network()
    before = network[2].weight.detach().clone()  # type: ignore[union-attr]
    pruner = BlockPruner(network, 4, 0.5, overrides={"2": 0.0}, skip=["1"])
    pruner.step()
    selections = pruner.finalize()
    assert list(selections) == ["3", "4"] and torch.equal(network[2].weight, before)  # type: ignore[arg-type]
    reports = {layer.name: layer for layer in pruner.report()}
    assert reports["2"].achieved == 0 and reports["2"].note == ""


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_a_pruner_at_sparsity_0_ends_dense(scope: str) -> None:
    network = small_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pruner = BlockPruner(network, 4, 0.0, scope=scope, skip=["1"])
    pruner.step()
    assert pruner.finalize() == {} and pruner.achieved_sparsity == 0
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_pruner_says_what_it_can_not_reach() -> None:
    pruner = BlockPruner(small_network(), 4, 0.5, overrides={"2": LayerRule(0.1)}, skip=["1"])
    pruner.step()
    report = {layer.name: layer for layer in pruner.report()}["2"]
    assert report.note.startswith(f"sparsity 0.1 was asked for, {report.achieved:.4g} is achieved")


def test_a_pruner_with_a_plan_leaves_small_layers_dense() -> None:
    layers = (LayerPlan("1", "bed", 4, 0.5), LayerPlan("2", "bed", 4, 0.0), LayerPlan("3", "bed", 4, 0.5))
    pruner = BlockPruner(small_network(), plan=Plan(layers))
    pruner.step()
    assert list(pruner.finalize()) == ["3"]


def test_commands_name_the_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "n.pth"
    torch.save(
        {"w.weight": torch.randn(2, 64, 3, 3), "r.weight": torch.randn(7, 10), "c.weight": torch.randn(16, 16)}, file
    )
    assert main(["pack", str(file), "--layer", "w", "-o", str(tmp_path / "w.ubp")]) == 2
    assert "w stays dense: has 2 output channels, fewer than a block of 4" in capsys.readouterr().err
    assert main(["pack", str(file), "--all", "--sparsity", "0.1", "-o", str(tmp_path / "a.ubp")]) == 0
    assert "r: sparsity 0.1 was asked for, 0.4286 is achieved" in capsys.readouterr().err
    assert main(["select", str(file), "--layer", "w"]) == 2
    assert "w has 2 output channels, fewer than a block of 4" in capsys.readouterr().err
    assert main(["compare", str(file), "--sparsity", "0"]) == 0
    assert "r: stays dense: sparsity 0 keeps every weight" in capsys.readouterr().err
    assert main(["plan", str(file), "--sparsity", "0.1", "--json"]) == 0
    printed = capsys.readouterr()
    assert "r: sparsity 0.1 was asked for" in printed.err and '"notes"' in printed.out
