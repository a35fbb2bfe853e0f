"""Two pruned networks for ARM64 under qemu: on a photograph, PyTorch's class and its score."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import torch
from test_example import command_of, scaled, write_picture

from ubp_core import importance, select_blocks
from ubp_core.models import load_model
from ubp_core.network.exporting import export_network, masked_module

SIZE = 64


@pytest.mark.parametrize(
    ("name", "picture"), [("efficientnet_lite0", "chelsea"), ("mobilenet_v3_small", "coffee"), ("resnet18", "rocket")]
)
def test_class_and_score_are_those_of_the_masked_model(name: str, picture: str, tmp_path: Path) -> None:
    from skimage import data

    model = load_model(name, weights="default" if name == "efficientnet_lite0" else "random", input_size=SIZE)
    assert model.module is not None
    selections = {layer.name: select_blocks(importance(layer.weight), 4, 0.75, "optimal") for layer in model.prunable}
    export_network(model, selections, (1, 3, SIZE, SIZE)).packed.save(tmp_path / "net.ubp")
    pixels = getattr(data, picture)()
    path = write_picture(tmp_path / "picture.ppm", pixels)
    with torch.no_grad():
        scores = masked_module(model.module, selections)(torch.from_numpy(scaled(pixels, SIZE, SIZE)))[0]
    command = [*command_of("classify_arm64"), str(tmp_path / "net.ubp"), str(path)]
    words = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout.split()
    assert int(words[0]) == int(scores.argmax())
    assert float(words[2]) == pytest.approx(float(scores.max()), abs=1e-4 * float(scores.abs().max()))
