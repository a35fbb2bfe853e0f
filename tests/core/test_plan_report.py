"""A plan's report in words: for people who print it, and what its totals say."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

import ubp_core
from ubp_core.cli.main import main
from ubp_core.models import Layer, LoadedModel
from ubp_core.plan import Override, make_plan, report_plan, select_plan


def model() -> LoadedModel:
    generator = np.random.default_rng(0)
    shapes = {"body.one": (16, 24), "body.two": (32, 16), "tiny": (2, 8)}
    layers = (Layer(n, "linear", generator.standard_normal(s).astype(np.float32)) for n, s in shapes.items())
    return LoadedModel("drawn", "drawn for a test", False, tuple(layers), None)


def test_a_report_prints_as_a_short_table() -> None:
    plan = make_plan(model(), sparsity=0.5)
    lines = str(report_plan(plan, model(), select_plan(plan, model()))).splitlines()
    assert len(lines) == 4 and all(len(line) < 200 for line in lines)
    assert lines[0].startswith("body.one  16x24  optimal N=4  sparsity 50.00 % of 50.00 % asked".replace(" %", "%"))
    assert lines[2] == "tiny      2x8  dense: has 2 output channels, fewer than a block of 4"
    assert lines[3].startswith("2 of 3 layers pruned: sparsity 50.00% of 50.00% asked, keeps ")


def test_layers_that_grow_by_pruning_are_named_with_their_bytes() -> None:
    plan = make_plan(model(), sparsity=0.05)
    report = report_plan(plan, model(), select_plan(plan, model()))
    assert [row.layer.name for row in report.grown] == ["body.one", "body.two"]
    before = sum(row.cost.bytes_before for row in report.grown)
    after = sum(row.cost.bytes_after for row in report.grown)
    assert f"body.one, body.two: packed bytes grow, {before:,} > {after:,}" in report.growth and report.growth in str(
        report
    )
    sparse = make_plan(model(), sparsity=0.75)
    assert report_plan(sparse, model(), select_plan(sparse, model())).growth == ""


def test_with_fixed_layers_the_head_says_of_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"a.weight": torch.randn(16, 24), "b.weight": torch.randn(32, 16)}, tmp_path / "n.pth")
    arguments = ["plan", str(tmp_path / "n.pth"), "--scope", "global", "--layer-override", "a=sparsity:0.5"]
    assert main([*arguments, "-o", str(tmp_path / "p.yaml")]) == 0
    assert main(["plan", "again", str(tmp_path / "p.yaml")]) == 0
    assert capsys.readouterr().out.count("s = 0.75 of the others (1 fixed)") == 2
    assert main(["plan", "again", str(tmp_path / "p.yaml"), "--json"]) == 0
    total = json.loads(capsys.readouterr().out)["total"]
    assert total["fixed_layers"] == 1 and total["grown_layers"] == []
    plain = make_plan(model(), overrides=[Override("body.one", sparsity=0.5)])
    assert [layer.name for layer in plain.pruned if layer.fixed] == ["body.one"]


def test_dir_shows_the_api() -> None:
    names = ("benchmark", "devices", "export", "history", "models", "network", "plan", "pruning")
    for package in (ubp_core, *(import_module(f"ubp_core.{name}") for name in names)):
        assert set(package.__all__) <= set(dir(package))
        assert all(getattr(package, name) is not None for name in package.__all__)
