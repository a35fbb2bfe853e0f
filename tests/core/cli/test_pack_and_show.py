"""`ubp pack` and `ubp show`: what they write and print, and how they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ubp_core import importance, select_blocks
from ubp_core.cli.main import main
from ubp_core.models import Layer, load_model
from ubp_core.packed.file import PackedFile
from ubp_core.packed.layer_packing import input_image, pack_layer

MODEL = ("mobilenet_v1", "--weights", "random", "--width", "0.25")
LAYER = "blocks.3.pointwise"


def packed(tmp_path: Path, *options: str) -> PackedFile:
    path = tmp_path / "out.ubp"
    assert main(["pack", *MODEL, *options, "-o", str(path)]) == 0
    return PackedFile.load(path)


def record(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_the_file_holds_the_selection_of_the_layer(tmp_path: Path) -> None:
    options = (
        "--block-size",
        "8",
        "--sparsity",
        "0.6",
        "--method",
        "bed",
        "--criterion",
        "l2",
        "--activation",
        "relu6",
    )
    file = packed(tmp_path, "--layer", LAYER, *options)
    layer = load_model(MODEL[0], weights="random", width=0.25).layer(LAYER)
    selection = select_blocks(importance(layer.weight, "l2"), 8, 0.6, "bed")
    mask = selection.mask().reshape(layer.shape)
    (one,) = file.layers
    assert one.unpack().tobytes() == np.where(mask, layer.weight, np.float32(0)).tobytes()
    assert (one.name, one.method, one.criterion, one.activation) == (LAYER, "bed", "l2", "relu6")
    assert (one.sparsity, one.retained, one.block_size) == (0.6, selection.retained, 8)
    assert file.model == "mobilenet_v1 (width 0.25)" and "RANDOM" in file.source and file.tool.startswith("ubp-tui 0.")


def test_names_of_files_are_shown_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a.weight": torch.randn(8, 8)}, "a\nb.pth")
    for command in (["layers", "a\nb.pth"], ["pack", "a\nb.pth", "--all", "-o", "c\nd.ubp"], ["show", "c\nd.ubp"]):
        assert main(command) == 0
        first = capsys.readouterr().out.split("\n")[0]
        assert first.startswith("a?b.pth: weights from a?b.pth" if command[0] == "layers" else "c?d.ubp: "), command


def test_a_checkpoints_name_of_several_lines_is_one_in_the_file(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.randn(8, 8)}, tmp_path / "a\nb\x1b.pth")
    plan, written = tmp_path / "p.yaml", tmp_path / "p.ubp"
    assert main(["pack", str(tmp_path / "a\nb\x1b.pth"), "--all", "-o", str(tmp_path / "o.ubp")]) == 0
    assert main(["plan", str(tmp_path / "a\nb\x1b.pth"), "-o", str(plan)]) == 0
    assert main(["prune", str(plan), "--packed", str(written)]) == 0
    assert [PackedFile.load(file).model for file in (tmp_path / "o.ubp", written)] == ["a?b?.pth"] * 2


def test_all_packs_what_can_be_pruned(tmp_path: Path) -> None:
    model = load_model(MODEL[0], weights="random", width=0.25)
    assert [layer.name for layer in packed(tmp_path, "--all").layers] == [layer.name for layer in model.prunable]


def test_dense_keeps_every_weight(tmp_path: Path) -> None:
    (one,) = packed(tmp_path, "--layer", LAYER, "--dense").layers
    layer = load_model(MODEL[0], weights="random", width=0.25).layer(LAYER)
    assert one.dense and one.unpack().tobytes() == layer.weight.tobytes()


def test_int8_says_what_bytes_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = packed(tmp_path, "--layer", LAYER, "--dtype", "int8", "--block-columns", "4")
    written = capsys.readouterr()
    assert file.source.endswith("; layers of int8 for speed alone: they take bytes q that mean (q - 128) / 128")
    assert "(q - 128) / 128" in written.out and "4x4 unaligned, optimal, int8" in written.out
    assert "is written as 4" not in written.err
    layer = load_model(MODEL[0], weights="random", width=0.25).layer(LAYER)
    selection = select_blocks(importance(layer.weight), 4, 0.75, block_columns=4)
    (one,) = file.layers
    assert (one.block_columns, one.block_count) == (4, selection.block_count)
    off = np.abs(one.unpack() - np.where(selection.mask().reshape(layer.shape), layer.weight, np.float32(0)))
    assert (off.reshape(one.rows, -1).max(1) <= 0.5001 * one.scales).all()
    capsys.readouterr()
    assert main(["show", str(tmp_path / "out.ubp")]) == 0
    assert capsys.readouterr().out == written.out


def test_layers_stand_in_the_order_given_and_once(tmp_path: Path) -> None:
    names = ["blocks.5.pointwise", LAYER, "blocks.5.pointwise"]
    file = packed(tmp_path, *(word for name in names for word in ("--layer", name)))
    assert [layer.name for layer in file.layers] == names[:2]


def test_show_prints_what_pack_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed(tmp_path, "--layer", LAYER)
    written = capsys.readouterr()
    assert "wrote" in written.err and LAYER in written.out
    assert main(["show", str(tmp_path / "out.ubp")]) == 0
    assert capsys.readouterr().out == written.out


def test_show_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = packed(tmp_path, "--layer", LAYER, "--json")
    from_pack = record(capsys)
    assert main(["show", str(tmp_path / "out.ubp"), "--json"]) == 0
    from_show = record(capsys)
    assert {**from_pack, "command": "show"} == from_show
    (layer,) = from_show["layers"]
    assert from_show["bytes"] == (tmp_path / "out.ubp").stat().st_size
    assert layer["packed_bytes"] == file.layers[0].nbytes
    assert layer["dense_bytes"] == 4 * (64 * 32 + 64)
    assert layer["image_hw"] == list(file.layers[0].image_hw or ())


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["show", "missing.ubp"], "missing.ubp: can't be read: No such file"),
        (["show", "text.ubp"], "text.ubp: file_size: 5 bytes are too few"),
        (["pack", *MODEL, "--layer", LAYER, "-o", "out.npz"], "ends in .ubp"),
        (["pack", *MODEL, "--layer", "nothing", "-o", "out.ubp"], "no layer 'nothing'"),
        (["pack", *MODEL, "--layer", "blocks.1.depthwise", "--dense", "-o", "out.ubp"], "only layers with one group"),
        (["pack", *MODEL, "--layer", LAYER, "-o", "no/folder.ubp"], "no/folder.ubp: No such file"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.ubp").write_text("text\n", encoding="utf-8")
    assert main(arguments) == 2
    errors = [text for text in capsys.readouterr().err.splitlines() if "note:" not in text]
    assert len(errors) == 1 and line in errors[0]


@pytest.mark.parametrize("size", ["3", "32"])
def test_block_sizes_without_a_kernel_are_refused(capsys: pytest.CaptureFixture[str], size: str) -> None:
    assert main(["pack", *MODEL, "--layer", LAYER, "--block-size", size, "-o", "out.ubp"]) == 2
    assert "--block-size" in capsys.readouterr().err


@pytest.mark.parametrize("image", [(7, 7), (14, 9), (56, 57), (112, 224), (1, 1)])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"), [(1, 1, 0, 1), (3, 2, 1, 1), (3, 1, 2, 2), (1, 2, 0, 1)]
)
def test_the_stored_image_gives_the_layers_output(
    image: tuple[int, int], kernel: int, stride: int, padding: int, dilation: int
) -> None:
    conv = torch.nn.Conv2d(2, 3, kernel, stride, padding, dilation)

    def output_of(hw: tuple[int, int]) -> tuple[int, ...]:
        return tuple(conv(torch.zeros(1, 2, *hw)).shape[2:])

    expected = output_of(image)
    layer = Layer(
        "conv", "conv", conv.weight.detach().numpy(), None, 1, (stride,) * 2, (padding,) * 2, (dilation,) * 2,
        output_hw=(expected[0], expected[1]),
    )  # fmt: skip
    stored = input_image(layer)
    assert stored is not None and output_of(stored) == expected
    if stride == 1:
        assert stored == image
    assert pack_layer(layer, None).image_hw == stored


def test_no_image_where_the_output_is_unknown() -> None:
    assert input_image(Layer("linear", "linear", np.ones((3, 2), np.float32))) is None
