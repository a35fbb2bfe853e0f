"""--block-columns in the shell: select, compare, plan, prune, pack, export and bench mean the same blocks by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from test_column_groups import assert_whole_blocks
from ubp_core.budgets import budget
from ubp_core.cli.compare.costs import FASTER
from ubp_core.cli.main import main
from ubp_core.grouping.columns import ColumnGroups
from ubp_core.packed.file import PackedFile
from ubp_core.plan import Plan, select_plan

MODEL = ("mobilenet_v1", "--weights", "random", "--width", "0.25")
LAYER = "blocks.3.pointwise"
SPLIT = "a block of 4 is written as 4"


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*words, "--json", "-q"]) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


def test_select_saves_blocks_and_their_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "b.npz"
    record = run_json(capsys, "select", *MODEL, "--layer", LAYER, "--block-columns", "4", "-o", str(path))
    chosen, shape = record["selection"], (record["layer"]["rows"], record["layer"]["columns"])
    assert chosen["block_columns"] == 4 and chosen["blocks"] == chosen["budget"] == budget(shape, 4, 0.75, 4)
    assert sum(chosen["offset_histogram"]) == chosen["blocks"]
    assert chosen["upper_bound"] == pytest.approx(chosen["retained"], rel=1e-6)
    with np.load(path) as saved:
        assert saved["block_columns"] == 4 and sorted(saved["column_order"].tolist()) == list(range(shape[1]))
        starts, groups = ColumnGroups(saved["column_order"]).refold(saved["rows"], saved["columns"])
        assert len(starts) == len(groups) == chosen["blocks"]
        assert saved["mask"].sum() == 16 * chosen["blocks"]
    assert main(["select", *MODEL, "--layer", LAYER, "--block-columns", "4"]) == 0
    assert "blocks of 4x4" in capsys.readouterr().out


def test_unstructured_has_no_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, words = tmp_path / "b.npz", ("--method", "unstructured", "--block-columns", "4")
    chosen = run_json(capsys, "select", *MODEL, "--layer", LAYER, *words, "-o", str(path))["selection"]
    assert chosen["blocks"] == chosen["budget"]
    with np.load(path) as saved:
        assert saved["block_columns"] == 1 and "column_order" not in saved


def test_compare_at_equal_cost(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("compare", *MODEL, "--block-size", "4,8", "--sparsity", "0.2,0.75", "--methods", "optimal")
    results = run_json(capsys, *words, "--equal-cost")["results"]
    forms = [(r["block_size"], r["block_columns"], r["requested_sparsity"]) for r in results]
    dearer = {n: round(1 - 0.25 * FASTER[n], 4) for n in (4, 8)}
    assert forms == [(4, 1, 0.2), (4, 1, 0.75), (4, 4, dearer[4]), (8, 1, 0.2), (8, 1, 0.75), (8, 4, dearer[8])]
    kept = {form: r["total"]["optimal"]["retained"] for form, r in zip(forms, results, strict=True)}
    alone = run_json(capsys, *words[:-4], "--block-columns", "4", "--sparsity", str(dearer[4]))["results"]
    assert kept[4, 4, dearer[4]] == alone[0]["total"]["optimal"]["retained"]
    assert main([*words, "--block-size", "2", "--equal-cost"]) == 2
    assert "--equal-cost: known for blocks of 4, 8 rows, not of 2" in capsys.readouterr().err


def test_compare_has_a_row_for_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("compare", *MODEL, "--block-columns", "1,4", "--block-size", "2,4", "--methods", "abp,optimal")
    results = run_json(capsys, *words)["results"]
    assert [(r["block_size"], r["block_columns"]) for r in results] == [(2, 1), (2, 4), (4, 1), (4, 4)]
    kept = {(r["block_size"], r["block_columns"]): r["total"] for r in results}
    for form, total in kept.items():
        assert total["optimal"]["upper_bound"] >= total["optimal"]["retained"] >= total["abp"]["retained"]
        assert form == (4, 4) or total["optimal"]["retained"] > kept[4, 4]["optimal"]["retained"]
    assert {round(r["achieved_sparsity"], 3) for r in results} == {0.75}
    assert main(list(words)) == 0
    out = capsys.readouterr().out
    assert "4x4" in out and "2x4" in out


def test_a_plan_with_blocks_of_both_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, masks, packed = (str(tmp_path / name) for name in ("p.yaml", "m.npz", "p.ubp"))
    words = ("--block-columns", "4", "--layer-override", f"{LAYER}=block-columns:1", "-o", path)
    record = run_json(capsys, "plan", *MODEL, *words)
    assert record["asked"]["block_columns"] == 4
    plan = Plan.load(path)
    assert plan.block_columns == 4 and plan.layer(LAYER).block_columns == 1 and plan.layer(LAYER).fixed
    text = Path(path).read_text(encoding="utf-8")
    assert text.count("block_columns: 1") == text.count("block_columns: 4") == 1
    assert main(["prune", path, "--masks", masks, "--packed", packed]) == 0
    assert SPLIT in capsys.readouterr().err
    model = plan.load_model()
    selections = select_plan(plan, model)
    layers = {layer.name: layer for layer in PackedFile.load(packed).layers}
    with np.load(masks) as archive:
        described = json.loads(str(archive["ubp"]))["layers"]
        for name, selection in selections.items():
            mask = selection.mask()
            assert np.array_equal(archive[f"{name}.mask"].reshape(mask.shape), mask)
            assert archive[f"{name}.block_columns"] == described[name]["block_columns"] == selection.block_columns
            assert (f"{name}.column_order" in archive) == (name != LAYER)
            assert described[name]["blocks"] == selection.block_count
            kept = layers[name].unpack().reshape(mask.shape) != 0
            assert np.array_equal(kept, mask & (model.layer(name).weight.reshape(mask.shape) != 0))
            if name != LAYER:
                assert_whole_blocks(selection)
    assert main(["plan", "show", path]) == 0
    assert "4x4" in capsys.readouterr().out
    assert main(["compare", "--plan", path]) == 0
    assert "4x4" in capsys.readouterr().out


def test_one_budget_over_wide_blocks_is_solved_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, again = tmp_path / "p.yaml", tmp_path / "again.yaml"
    words = ("--scope", "global", "--block-columns", "4", "--sparsity", "0.8", "-o", str(path))
    total = run_json(capsys, "plan", *MODEL, *words)["total"]
    assert total["achieved_sparsity"] == pytest.approx(0.8, abs=1e-3)
    assert main(["plan", "again", str(path), "-o", str(again), "-q"]) == 0
    assert Plan.load(again) == Plan.load(path)


def test_files_say_that_wide_blocks_are_written_as_narrow_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--layer", LAYER, "--block-columns", "4", "-o", str(tmp_path / "a.ubp"))
    assert main(["pack", *MODEL, *asked]) == 0
    assert SPLIT in capsys.readouterr().err
    (layer,) = PackedFile.load(tmp_path / "a.ubp").layers
    assert layer.block_size == 4 and layer.block_count % 4 == 0
    options = ("--block-columns", "4", "--input", "32x32", "-o", str(tmp_path / "n.ubp"))
    assert main(["export", *MODEL, *options]) == 0
    assert SPLIT in capsys.readouterr().err
    assert main(["pack", *MODEL, "--layer", LAYER, "-o", str(tmp_path / "b.ubp")]) == 0
    assert SPLIT not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["select", "pack", "export", "plan"])
def test_other_numbers_of_columns_are_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, *MODEL, "--block-columns", "2"]) == 2
    assert "--block-columns: need 1 or 4, got 2" in capsys.readouterr().err


def test_a_plan_decides_the_columns_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    assert main(["plan", *MODEL, "-o", str(path), "-q"]) == 0
    for words in (["pack", "--plan", str(path), "-o", "x.ubp"], ["compare", "--plan", str(path)]):
        assert main([*words, "--block-columns", "4"]) == 2
        assert "--block-columns: the plan says" in capsys.readouterr().err
