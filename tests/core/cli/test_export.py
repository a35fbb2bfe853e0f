"""`ubp export`, and `ubp show` of what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ubp_core import PackedFile, importance, select_blocks
from ubp_core.cli.main import main
from ubp_core.models import load_model
from ubp_core.models.spec import ModelSpec
from ubp_core.plan import Override, make_plan, select_plan

MODEL = ("mobilenet_v1", "--weights", "random", "--width", "0.25", "--input", "1x3x32x32")


def test_the_file_is_the_network_with_the_selections_of_its_layers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.ubp"
    options = ("--block-size", "8", "--sparsity", "0.6", "--method", "bed", "--json")
    assert main(["export", *MODEL, *options, "-o", str(path)]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["relative_error"] < 1e-5 and written["pytorch_own_error"] is None
    assert written["arena_bytes"] == written["arena_lower_bound_bytes"] == written["network"]["arena_bytes"]
    packed, model = PackedFile.load(path), load_model(MODEL[0], weights="random", width=0.25)
    assert [layer.name for layer in packed.layers] == [layer.name for layer in model.layers]
    for layer, packed_layer in zip(model.layers, packed.layers, strict=True):
        assert packed_layer.dense == (not layer.prunable)
        if layer.prunable:
            mask = select_blocks(importance(layer.weight), 8, 0.6, "bed").mask().reshape(layer.shape)
            assert ((packed_layer.unpack() != 0) == mask).all()
    assert main(["show", str(path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {key: shown[key] for key in shown if key != "command"} == {
        key: written[key] for key in shown if key != "command"
    }
    assert shown["network"]["inputs"] == [[1, 3, 32, 32]]
    assert [node["op"] for node in shown["network"]["nodes"]].count("layer") == len(packed.layers)


def test_the_table_says_what_became_of_every_operation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.ubp"
    arguments = ["mobilenet_v3_small", "--weights", "random", "--input-size", "32", "-o", str(path)]
    assert main(["export", *arguments]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    row = next(line for line in lines if " features.4.block.2.fc2 " in line)
    assert "conv 1x1, hard_sigmoid" in row and "1x4 unaligned, optimal" in row
    assert any("features.2.block.1.0 " in line and "depthwise 3x3 /2, relu" in line for line in lines)
    assert any("conv 1x1 + addend" in line for line in lines)
    assert "largest difference from PyTorch" in captured.out and f"wrote {path}" in captured.err
    assert main(["show", str(path)]) == 0
    assert row in capsys.readouterr().out


def test_a_plan_decides_for_every_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = ModelSpec("mobilenet_v1", weights="random", width=0.25, input_size=32)
    overrides = [Override("blocks.3.pointwise", method="bed", block_size=8, sparsity=0.5)]
    overrides += [Override("blocks.4.pointwise", method="dense"), Override("classifier", method="optimal")]
    plan = make_plan(spec.load(), scope="global", sparsity=0.6, overrides=overrides, spec=spec)
    plan.save(tmp_path / "plan.yaml")
    path = tmp_path / "net.ubp"
    assert main(["export", "--plan", str(tmp_path / "plan.yaml"), "-o", str(path)]) == 0
    assert main(["export", "--plan", str(tmp_path / "plan.yaml"), "-o", str(path)]) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    packed = PackedFile.load(path)
    assert packed.graph is not None and packed.graph.tensors[0].shape == (1, 3, 32, 32)
    selections = select_plan(plan, spec.load())
    for layer in packed.layers:
        mask = layer.unpack().reshape(layer.rows, -1) != 0
        assert layer.dense == (layer.name not in selections)
        assert layer.dense or (mask == selections[layer.name].mask()).all()
    assert main(["export", "--plan", str(tmp_path / "plan.yaml"), "--sparsity", "0.5", "-o", str(path), "--force"]) == 2
    assert "--sparsity: the plan says" in capsys.readouterr().err


def test_a_plan_with_blocks_that_no_kernel_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = ModelSpec("mobilenet_v1", weights="random", width=0.25, input_size=32)
    make_plan(spec.load(), block_size=3, spec=spec).save(tmp_path / "plan.yaml")
    assert main(["export", "--plan", str(tmp_path / "plan.yaml"), "-o", str(tmp_path / "net.ubp"), "--force"]) == 2
    assert "layers.blocks.0.pointwise: blocks of 3 can't be packed" in capsys.readouterr().err
    assert not (tmp_path / "net.ubp").exists()


def test_dense_and_batch(tmp_path: Path) -> None:
    path = tmp_path / "net.ubp"
    arguments = ["mobilenet_v1", "--weights", "random", "--width", "0.25", "--dense", "--input", "2x3x32x48"]
    assert main(["export", *arguments, "-o", str(path)]) == 0
    packed = PackedFile.load(path)
    assert all(layer.dense for layer in packed.layers)
    assert packed.graph is not None and packed.graph.tensors[0].shape == (2, 3, 32, 48)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["vit_b_16", "--weights", "random"],
            "vit_b_16 can't be exported: its own forward() needs dimensions in another order (permute)",
        ),
        (
            ["mobilenet_v2", "--weights", "random", "--input", "1x4x64x64"],
            "can't be captured for an input of 1x4x64x64",
        ),
    ],
)
def test_what_can_not_be_exported_is_refused_before_anything_is_written(
    arguments: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *arguments, "-o", str(tmp_path / "net.ubp")]) == 2
    assert line in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_wrong_name_is_refused_before_the_model_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "no_such_model", "-o", "net.bin"]) == 2
    assert "ends in .ubp" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["224", "1x3x0x224", "1x3xax4"])
def test_a_bad_shape_is_a_usage_error(text: str) -> None:
    assert main(["export", "--input", text, "-o", "net.ubp"]) == 2


def test_pictures_say_what_fp16_costs(tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", *MODEL, "--dtype", "fp16", "--data", str(photos), "-o", str(tmp_path / "half.ubp")]
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    record = json.loads(captured.out)
    assert [Path(path).name for path in record["pictures"]] == ["chelsea.jpg", "coffee.jpg", "rocket.jpg"]
    (cost,) = record["type_costs"]
    assert 0 < cost["mean"] < 0.05 and 0 < cost["largest"] < 0.05 and cost["agreement"] == 1
    assert f"3 pictures of {photos}, scaled to" in captured.err and "broken.png: can't be read" in captured.err
    assert main([*arguments, "--force", "--limit", "1"]) == 0
    assert "against fp32, on 1 picture: output 0 differs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--data", "."), "--data: says what fp16 and int8 cost, and everything here is fp32; leave it out"),
        (("--limit", "3", "--dtype", "fp16"), "--limit: is for the pictures of --data; leave it out"),
        (("--data", "nowhere", "--dtype", "fp16"), "nowhere: No such file or directory"),
        (("--data", ".", "--limit", "0", "--dtype", "fp16"), "--limit: need a whole number from 1 on; got 0"),
    ],
)
def test_pictures_that_are_not_wanted_or_not_there(
    tmp_path: Path, options: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *MODEL, *options, "-o", str(tmp_path / "net.ubp")]) == 2
    assert line in capsys.readouterr().err
    assert not (tmp_path / "net.ubp").exists()
