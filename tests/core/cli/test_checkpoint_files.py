"""Checkpoints through the shell: what is said of them, what is packed of them, what is written again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ubp_core.cli.main import main
from ubp_core.packed.file import PackedFile


@pytest.fixture
def unet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose network has no --arch: two convolutions, one of them transposed, and a sparse tensor."""
    monkeypatch.chdir(tmp_path)
    state = {
        "down.weight": torch.randn(16, 8, 3, 3),
        "up.weight": torch.randn(16, 8, 4, 4),
        "up.bias": torch.randn(8),
        "mask.weight": torch.eye(4).to_sparse(),
    }
    torch.save({"model": state, "rng": torch.get_rng_state()}, "u.pth")
    return tmp_path / "u.pth"


def test_what_is_left_out_and_unknown_is_said(unet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", "u.pth", "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert "inside 'model'" in record["model"]["source"] and "geometry unknown" in record["model"]["source"]
    assert record["model"]["notes"] == ["left out: mask.weight (sparse)"]
    assert "ubp: note: left out: mask.weight (sparse)" in err
    assert [(x["name"], x["stride"], x["kind"]) for x in record["layers"]] == [
        ("down", None, "conv"),
        ("up", None, "transposed"),
    ]


def test_geometry_is_asked_for(unet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, message in (
        (["--all"], "down: geometry unknown"),
        (["--all", "--stride", "2"], "--stride: a geometry needs both --stride and --padding"),
        (["--layers", "up", "--stride", "2", "--padding", "1"], "up: transposed convolution: its bias has 8 values"),
        (["--layers", "up", "--dense"], "up: transposed convolution: its bias has 8 values"),
    ):
        assert main(["pack", "u.pth", *options, "-o", "u.ubp"]) == 2
        assert f"ubp: error: {message}" in capsys.readouterr().err and not Path("u.ubp").exists()
    assert main(["pack", "u.pth", "--all", "--stride", "2", "--padding", "1", "-o", "u.ubp"]) == 0
    (layer,) = PackedFile.load("u.ubp").layers
    assert (layer.name, layer.stride, layer.padding, layer.dilation) == ("down", (2, 2), (1, 1), (1, 1))
    assert main(["plan", "u.pth", "-o", "u.yaml"]) == 0
    assert main(["pack", "--plan", "u.yaml", "-o", "p.ubp"]) == 2
    assert main(["pack", "--plan", "u.yaml", "--stride", "1", "--padding", "0", "--dilation", "2", "-o", "p.ubp"]) == 0
    assert PackedFile.load("p.ubp").layers[0].dilation == (2, 2)
    known = ["pack", "mobilenet_v1", "--width", "0.25", "--layers", "blocks.3.pointwise", "--stride", "1", "--padding"]
    assert main([*known, "0", "-o", "m.ubp"]) == 2
    assert "its network tells the geometry" in capsys.readouterr().err


def test_prune_says_what_it_cant_write(unet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "u.pth", "--sparsity", "0.5", "-o", "u.yaml"]) == 0
    assert main(["prune", "u.yaml", "--state-dict", "u.safetensors"]) == 2
    line = "ubp: error: u.pth: tensor mask.weight is sparse, which a safetensors file can't hold"
    assert line in capsys.readouterr().err and not Path("u.safetensors").exists()


def test_keys_of_a_file_are_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    keys = ["module.mo\tdel.weight", "module.mo\x01del.weight", "n_averaged"]
    torch.save({keys[0]: torch.randn(16, 16), keys[1]: torch.randn(16, 16), keys[2]: torch.tensor(3)}, "c.pth")
    assert main(["plan", "c.pth", "--sparsity", "0.5", "-o", "c.yaml"]) == 0
    assert main(["prune", "c.yaml", "--state-dict", "c.safetensors"]) == 0
    out, err = capsys.readouterr()
    assert all(line.isprintable() for line in (out + err).splitlines())
    assert sorted(load_file("c.safetensors")) == sorted(keys)
