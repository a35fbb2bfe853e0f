"""What `ubp compare --plan` prints, checked against selections by the plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ubp_core import importance, select_blocks
from ubp_core.cli.main import main
from ubp_core.models import load_model
from ubp_core.models.spec import ModelSpec
from ubp_core.plan import LayerPlan, Override, Plan, make_plan, select_plan

SPEC = ModelSpec("mobilenet_v1", "random", width=0.25, seed=3, input_size=64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A plan with a budget, a layer of its own method and one of its own block size."""
    own = [Override("blocks.4.pointwise", method="abp"), Override("blocks.5.pointwise", block_size=2)]
    make_plan(SPEC.load(), scope="global", sparsity=0.8, spec=SPEC, overrides=own).save(tmp_path / "plan.yaml")
    return tmp_path / "plan.yaml"


def test_what_a_plan_keeps_stands_beside_the_methods(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--plan", str(path), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    plan, model = Plan.load(path), load_model("mobilenet_v1", weights="random", width=0.25, seed=3, input_size=64)
    selections = select_plan(plan, model)
    assert [layer["name"] for layer in record["layers"]] == [layer.name for layer in plan.pruned]
    kept = total = weights = stay = 0.0
    for layer in record["layers"]:
        selection, scores = selections[layer["name"]], importance(model.layer(layer["name"]).weight)
        assert layer["methods"][layer["method"]]["retained"] == pytest.approx(selection.retained)
        assert {"abp", "bed", "optimal"} <= {*layer["methods"]}
        optimal = select_blocks(scores, layer["block_size"], layer["sparsity"], "optimal")
        assert layer["methods"]["optimal"]["retained"] == pytest.approx(optimal.retained)
        kept, total = kept + selection.retained * scores.sum(), total + scores.sum()
        weights, stay = weights + scores.size, stay + len(selection.rows) * selection.block_size
    assert record["total"]["plan"] == pytest.approx(kept / total)
    assert record["achieved_sparsity"] == pytest.approx(1 - stay / weights)
    # A budget keeps more than the same sparsity for every layer; no method keeps more than optimal.
    methods, alike = record["total"]["methods"], record["total"]["every_layer_alike"]
    assert alike["optimal"] < record["total"]["plan"] <= methods["optimal"] and methods["abp"] < methods["bed"]


def test_the_table_has_both_totals(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--plan", str(path), "--methods", "unstructured"]) == 0
    out = capsys.readouterr().out
    for words in ("plan keeps", "unstructured", "total, as planned", "total, every layer alike", "blocks.4.pointwise"):
        assert words in out
    assert "greedy" not in out


def test_what_the_plan_says_is_not_asked_twice(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--sparsity", "0.5"], ["--block-size", "2"], ["--layers", "x"], ["--criterion", "l2"]):
        assert main(["compare", "--plan", str(path), *option]) == 2
        assert f"{option[0]}: the plan says" in capsys.readouterr().err
    Plan((LayerPlan("stem.conv"),), SPEC).save(path, overwrite=True)
    assert main(["compare", "--plan", str(path)]) == 2
    assert "prunes no layer" in capsys.readouterr().err
