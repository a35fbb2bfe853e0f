"""`ubp bench --plan`: what runs is what the plan says, as a network and layer by layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ubp_core.benchmark import (
    PLAN,
    Variant,
    pack_network_variants,
    plan_layer_variants,
    plan_network_variants,
)
from ubp_core.cli.main import main
from ubp_core.errors import PlanError
from ubp_core.models import LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_core.packed.file import PackedFile
from ubp_core.plan import LayerPlan, Plan, report_plan, select_plan

SPEC = ModelSpec("mobilenet_v1", "random", width=0.25, input_size=64)
LAYERS = (
    LayerPlan("blocks.3.pointwise", "bed", 8, 0.9),
    LayerPlan("blocks.5.pointwise", "optimal", 4, 0.5),
    LayerPlan("blocks.6.pointwise", "unstructured", 4, 0.7),
    LayerPlan("blocks.7.pointwise", because="by choice"),
)
MIXED = Plan(LAYERS, SPEC, "l2")
FEW = ("--runs", "3", "--warmup", "0")


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return SPEC.load()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UBP_HISTORY", str(tmp_path / "history.sqlite"))
    MIXED.save(tmp_path / "plan.yaml")
    return tmp_path / "plan.yaml"


def run_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    return dict(run)


def test_variants_of_a_layer_and_of_the_network(model: LoadedModel) -> None:
    planned = LayerPlan("x", "bed", 8, 0.9)
    labels = [variant.label for variant in plan_layer_variants(planned, ("abp", "bed", "optimal"))]
    assert labels == ["dense", "abp N=8 s=0.9", "optimal N=8 s=0.9", "bed N=8 s=0.9"]
    assert [v.label for v in plan_layer_variants(planned)] == ["dense", "bed N=8 s=0.9"]

    mixed = plan_network_variants(MIXED, model, ("abp",))
    assert [variant.label for variant in mixed] == ["dense", "abp", "plan"]
    weights = {layer.name: layer.parameters for layer in model.prunable}
    asked = sum(layer.sparsity * weights[layer.name] for layer in MIXED.pruned) / sum(weights.values())
    assert mixed[-1] == Variant(PLAN, 0, round(asked, 4))

    uniform = Plan(tuple(LayerPlan(layer.name, "bed", 4, 0.75) for layer in model.prunable), SPEC)
    labels = [variant.label for variant in plan_network_variants(uniform, model, ("abp", "bed"))]
    assert labels == ["dense", "abp N=4 s=0.75", "plan N=4 s=0.75"], "bed is what the plan says"


def test_the_network_has_the_blocks_of_the_plan(model: LoadedModel, tmp_path: Path) -> None:
    variants = plan_network_variants(MIXED, model, ("abp",))
    packed = pack_network_variants(model, variants, tmp_path, (1, 3, 64, 64), MIXED.criterion, plan=MIXED)
    dense, aligned, planned = (
        {layer.name: layer for layer in PackedFile.load(file).layers if not layer.dense} for file in packed.files
    )
    assert not dense and list(aligned) == list(planned) == [layer.name for layer in MIXED.pruned]
    selections = select_plan(MIXED, model)
    for layer in MIXED.pruned:
        assert planned[layer.name].method == layer.method and planned[layer.name].criterion == "l2"
        kept = planned[layer.name].unpack().reshape(selections[layer.name].mask().shape) != 0
        np.testing.assert_array_equal(kept, selections[layer.name].mask())
        assert (aligned[layer.name].method, aligned[layer.name].block_size) == ("abp", layer.block_size)
        assert aligned[layer.name].aligned
    report = report_plan(MIXED, model, selections)
    kept_sum = sum(row.retained * row.importance for row in report.rows if row.layer.name in selections)
    total = sum(float((layer.weight.astype(np.float64) ** 2).sum()) for layer in model.prunable)
    others = total - sum(row.importance for row in report.rows if row.layer.name in selections)
    assert packed.retained[-1] == pytest.approx((kept_sum + others) / total, rel=1e-5)


def test_the_command_runs_the_plans_network(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--plan", str(path), "--methods", "abp", "--json", *FEW]) == 0
    run = run_of(capsys)
    (network,) = run["layers"]
    assert network["layer"] == "network" and network["input_shape"] == "1x3x64x64"
    assert [variant["label"] for variant in network["variants"]] == ["dense", "abp", "plan"]
    assert all(variant["check"] == "ok" and variant["median_ns"] for variant in network["variants"])
    assert run["extra"]["criterion"] == "l2"
    assert [(entry["layer"], entry["method"]) for entry in run["extra"]["plan"]] == [
        (layer.name, layer.method) for layer in MIXED.pruned
    ]
    assert main(["history", "show", str(run["id"])]) == 0
    assert any(" plan " in line and "host time" in line for line in capsys.readouterr().out.splitlines())


def test_the_command_runs_layers_as_the_plan_says(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--plan", str(path), "--layers", "all", "--json", *FEW]) == 0
    layers = run_of(capsys)["layers"]
    assert [(layer["layer"], [variant["label"] for variant in layer["variants"]]) for layer in layers] == [
        ("blocks.3.pointwise", ["dense", "bed N=8 s=0.9"]),
        ("blocks.5.pointwise", ["dense", "optimal N=4 s=0.5"]),
        ("blocks.6.pointwise", ["dense", "unstructured N=1 s=0.7"]),
    ]


@pytest.mark.parametrize(
    ("plan", "options", "line"),
    [
        (MIXED, ["--sparsity", "0.5"], "--sparsity: the plan says what is done with every layer"),
        (MIXED, ["--block-size", "4"], "--block-size: the plan says"),
        (MIXED, ["--criterion", "l1"], "--criterion: the plan says"),
        (MIXED, ["--layers", "blocks.7.pointwise"], "layers.blocks.7.pointwise: stays dense by the plan (by choice)"),
        (MIXED, ["--layers", "nix"], "has no layer 'nix'"),
        (Plan((LayerPlan("nix", "bed", 4, 0.5),), SPEC), [], "layers.nix: mobilenet_v1 (width 0.25) has no such layer"),
        (Plan((LayerPlan("blocks.3.pointwise", "bed", 3, 0.5),), SPEC), [], "blocks of 3 can't be packed"),
        (Plan((LayerPlan("blocks.3.pointwise"),), SPEC), [], "prunes no layer"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(
    plan: Plan, options: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.save(tmp_path / "plan.yaml")
    assert main(["bench", "--plan", str(tmp_path / "plan.yaml"), "--no-history", *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and line in captured.err


def test_a_plan_for_another_network_is_refused_by_the_library(model: LoadedModel, tmp_path: Path) -> None:
    plan = Plan((LayerPlan("nix", "bed", 4, 0.5),))
    with pytest.raises(PlanError, match=r"layers\.nix"):
        pack_network_variants(model, (Variant("dense"), Variant(PLAN)), tmp_path / "x", (1, 3, 64, 64), plan=plan)
    assert not (tmp_path / "x").exists()
