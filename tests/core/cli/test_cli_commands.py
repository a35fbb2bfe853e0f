"""What layers, select and compare print, checked against the library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ubp_core import METHODS, importance, select_blocks
from ubp_core.cli.main import main
from ubp_core.models import LoadedModel, load_model

SMALL = ["mobilenet_v1", "--width", "0.25", "--seed", "3"]
LAYER = "blocks.5.pointwise"


@pytest.fixture(scope="module")
def small() -> LoadedModel:
    """The model that SMALL asks for."""
    return load_model("mobilenet_v1", width=0.25, seed=3)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A checkpoint in which nothing can be pruned."""
    path = tmp_path / "empty.pt"
    torch.save({"fc.weight": torch.randn(3, 4)}, path)
    return path


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Stdout and stderr of a command that succeeds."""
    assert main(arguments) == 0
    captured = capsys.readouterr()
    return captured.out, captured.err


def run_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON object of a command; nothing else may be on stdout."""
    out, _ = run([*arguments, "--json"], capsys)
    record = json.loads(out)
    assert record["command"] == arguments[0]
    return dict(record)


def test_layers_json(small: LoadedModel, capsys: pytest.CaptureFixture[str]) -> None:
    record = run_json(["layers", *SMALL], capsys)
    assert record["model"] == {
        "name": "mobilenet_v1 (width 0.25)",
        "source": "RANDOM weights (seed 3), not trained; there are no trained ones for mobilenet_v1",
        "random_weights": True,
        "input_size": 224,
    }
    assert [entry["name"] for entry in record["layers"]] == [layer.name for layer in small.layers]
    assert record["layers"][2] == {
        "name": "blocks.0.pointwise",
        "kind": "conv",
        "shape": [16, 8, 1, 1],
        "rows": 16,
        "columns": 8,
        "parameters": 128,
        "multiply_adds": 128 * 112 * 112,
        "output_hw": [112, 112],
        "groups": 1,
        "stride": [1, 1],
        "padding": [0, 0],
        "dilation": [1, 1],
        "prunable": True,
        "skip_reason": None,
    }
    assert record["totals"]["prunable_layers"] == 13
    assert record["totals"]["multiply_adds"] == sum(entry["multiply_adds"] for entry in record["layers"])
    only = run_json(["layers", *SMALL, "--prunable"], capsys)
    assert len(only["layers"]) == 13 and only["totals"] == record["totals"]


def test_layers_table(small: LoadedModel, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(["layers", *SMALL], capsys)
    assert err == "" and "RANDOM weights (seed 3)" in out.splitlines()[0]
    for layer in small.layers:
        line = next(line for line in out.splitlines() if layer.name in line.split())
        assert "x".join(map(str, layer.shape)) in line and f"{layer.parameters:,}" in line
        assert line.rstrip().endswith(layer.skip_reason or "yes")
    assert "28 layers" in out and "13 layers" in out
    out, _ = run(["layers", *SMALL, "--prunable"], capsys)
    assert "depthwise" not in out


def test_select_json_is_the_librarys_selection(
    small: LoadedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "blocks.npz"
    options = ["--layer", LAYER, "--block-size", "4", "--sparsity", "0.7", "--method", "optimal", "-o", str(path)]
    record = run_json(["select", *SMALL, *options], capsys)
    expected = select_blocks(importance(small.layer(LAYER).weight), 4, 0.7, "optimal")
    chosen = record["selection"]
    assert chosen["retained"] == expected.retained and chosen["upper_bound"] == expected.upper_bound
    assert chosen["budget"] == chosen["blocks"] == len(expected.rows) == round(0.3 * 128 * 64 / 4)
    assert chosen["requested_sparsity"] == 0.7 and chosen["achieved_sparsity"] == expected.achieved_sparsity
    assert sum(chosen["offset_histogram"]) == len(expected.rows) and min(chosen["offset_histogram"]) > 0
    assert record["cost"]["parameters_after"] == 4 * len(expected.rows)
    saved = np.load(path)
    assert np.array_equal(saved["rows"], expected.rows) and np.array_equal(saved["columns"], expected.columns)
    assert np.array_equal(saved["mask"], expected.mask()) and str(saved["layer"]) == LAYER
    assert [file.name for file in tmp_path.iterdir()] == ["blocks.npz"]


def test_select_tables(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(["select", *SMALL, "--layer", LAYER, "--method", "abp"], capsys)
    lines = {line.strip().split("  ")[0]: line for line in out.splitlines() if line.strip()}
    assert "RANDOM" in out and err == ""
    assert "512 of a budget of 512" in lines["blocks"]
    assert "75.00 %" in lines["requested sparsity"] and "75.00 %" in lines["achieved sparsity"]
    assert "upper bound" not in out
    assert "100.0 %" in lines["0"] and "█" in lines["0"] and "█" not in lines["1"]
    assert "2,048" in lines["parameters"] and "25.0 %" in lines["multiply-adds"]


def test_select_says_what_fp16_takes(small: LoadedModel, capsys: pytest.CaptureFixture[str]) -> None:
    record = run_json(["select", *SMALL, "--layer", LAYER, "--dtype", "fp16"], capsys)
    layer = small.layer(LAYER)
    kept = layer.weight * select_blocks(importance(layer.weight), 4, 0.75, "optimal").mask().reshape(layer.shape)
    taken = kept - kept.astype(np.float16).astype(np.float64)
    rounding = record["rounding"]
    assert rounding["largest"] == np.abs(kept).max() and rounding["zeros"] == 0
    assert rounding["share"] == pytest.approx(np.linalg.norm(taken) / np.linalg.norm(kept), rel=1e-5)
    assert rounding["share"] < rounding["worst_row_share"] < 2**-11
    assert rounding["subnormal"] == ((kept != 0) & (np.abs(kept) < 2**-14)).sum()
    assert record["cost"]["dtype"] == "fp16" and record["cost"]["bytes_before"] == 2 * layer.parameters
    out, _ = run(["select", *SMALL, "--layer", LAYER, "--dtype", "fp16"], capsys)
    assert "fp16 takes" in out and "bytes (fp16, packed)" in out
    assert run_json(["select", *SMALL, "--layer", LAYER], capsys)["rounding"] is None


@pytest.mark.parametrize("method", METHODS)
def test_select_every_method(method: str, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(["select", *SMALL, "--layer", LAYER, "--method", method, "--criterion", "l2"], capsys)
    assert f"{method}, blocks of 4, importance l2" in out and ("upper bound" in out) == (method == "optimal")


def test_select_a_layer_that_stays_dense_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(["select", *SMALL, "--layer", "classifier", "--block-size", "8"], capsys)
    assert "note: classifier stays dense by default (classifier)" in err and "1000x256" in out


def test_select_layer_lower_than_a_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flat.pt"
    torch.save({"a.weight": torch.randn(3, 50)}, path)
    assert main(["select", str(path), "--layer", "a", "--block-size", "8"]) == 2
    assert "has 3 output channels, fewer than a block of 8" in capsys.readouterr().err


def test_select_greedy_that_runs_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", *SMALL, "--layer", LAYER, "--method", "greedy", "--sparsity", "0"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "greedy ran out of candidates" in captured.err


def test_select_output_that_cant_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "absent" / "blocks.npz"
    assert main(["select", *SMALL, "--layer", LAYER, "-o", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.err == f"ubp: error: {path}: No such file or directory\n" and captured.out == ""


def test_compare_totals_are_sums(small: LoadedModel, capsys: pytest.CaptureFixture[str]) -> None:
    record = run_json(["compare", *SMALL, "--block-size", "2,8", "--sparsity", "0.5,0.8"], capsys)
    assert record["methods"] == list(METHODS) and record["criterion"] == "l1"
    pairs = [(result["block_size"], result["requested_sparsity"]) for result in record["results"]]
    assert pairs == [(2, 0.5), (2, 0.8), (8, 0.5), (8, 0.8)]
    for result in record["results"]:
        n, s = result["block_size"], result["requested_sparsity"]
        assert [entry["name"] for entry in result["layers"]] == [layer.name for layer in small.prunable]
        kept, total, weights, pruned = 0.0, 0.0, 0, 0.0
        for layer, entry in zip(small.prunable, result["layers"], strict=True):
            matrix = importance(layer.weight)
            selection = select_blocks(matrix, n, s, "bed")
            assert entry["methods"]["bed"]["retained"] == selection.retained
            kept += float(matrix[selection.mask()].sum(dtype=np.float64))
            total += float(matrix.sum(dtype=np.float64))
            weights += layer.parameters
            pruned += selection.achieved_sparsity * layer.parameters
        assert result["total"]["bed"]["retained"] == pytest.approx(kept / total, rel=1e-6)
        assert result["achieved_sparsity"] == pytest.approx(pruned / weights)
        shares = {name: value["retained"] for name, value in result["total"].items()}
        assert shares["abp"] < shares["bed"] <= shares["optimal"] + 1e-9 < shares["unstructured"]
        assert result["total"]["optimal"]["upper_bound"] >= shares["optimal"] - 1e-9


def test_compare_tables(small: LoadedModel, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(["compare", *SMALL, "--methods", "abp,optimal"], capsys)
    assert err == "" and "RANDOM" in out and "total, N = 4, s = 0.75" in out and "greedy" not in out
    retained = select_blocks(importance(small.layer(LAYER).weight), 4, 0.75, "optimal").retained
    line = next(line for line in out.splitlines() if LAYER in line)
    assert line.split() == [LAYER, "128x64", line.split()[2], f"{100 * retained:.2f}"]


def test_compare_markdown_grid(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", *SMALL, "--layer", LAYER, "--block-size", "2,4", "--sparsity", "0.5,0.9", "--markdown"]
    out, _ = run(arguments, capsys)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.splitlines() if line.startswith("|")]
    assert rows[0] == ["N", "s", "achieved s", *METHODS] and set(rows[1][0]) <= {"-", ":"}
    assert [row[:2] for row in rows[2:]] == [["2", "0.5"], ["2", "0.9"], ["4", "0.5"], ["4", "0.9"]]
    out, _ = run(["compare", *SMALL, "--markdown"], capsys)
    lines = [line for line in out.splitlines() if line.startswith("|")]
    assert [line for line in lines if set(line) <= set("|- ")] == [lines[1]] and len(lines) == 2 + 13 + 2
    assert all(10 < float(cell) < 100 for row in rows[2:] for cell in row[3:])


def test_compare_where_greedy_runs_out(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", *SMALL, "--sparsity", "0", "--methods", "greedy,bed"]
    out, err = run(arguments, capsys)
    total = next(line for line in out.splitlines() if line.strip().startswith("total"))
    assert total.split()[-2:] == ["-", "100.00"]
    assert "note: greedy ran out of candidates on 13 of 13 layers at N = 4, s = 0" in err
    record = run_json(arguments, capsys)
    assert record["results"][0]["total"]["greedy"]["retained"] is None


def test_model_with_nothing_to_prune(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(["layers", str(empty)], capsys)
    assert "0 layers, 0.00 % of the weights" in out
    out, err = run(["compare", str(empty)], capsys)
    assert "has no layer that can be pruned" in err and "no layers" in out
    record = run_json(["compare", str(empty)], capsys)
    assert record["results"][0]["layers"] == [] and record["results"][0]["total"]["bed"]["retained"] is None
    assert record["results"][0]["achieved_sparsity"] is None
    out, _ = run(["compare", str(empty), "--block-size", "2,4"], capsys)
    assert "-" in out


def test_names_from_a_file_are_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "names.pt"
    torch.save({"[bold]x[/bold].weight": torch.randn(8, 8), "\x1b[2Jy": torch.randn(8, 8)}, path)
    for command in ("layers", "compare"):
        out, _ = run([command, str(path)], capsys)
        assert "[bold]x[/bold]" in out and "?[2Jy" in out and "\x1b" not in out
