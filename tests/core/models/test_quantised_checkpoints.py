"""Checkpoints whose weights another tool has quantised: refused by name, with the way to get there.

torch's are made by torch. torchao is no dependency: its pickles ask for classes of its own, which stand-ins of the same
name ask for here, and its safetensors files are the names and types that torchao 0.18 writes.
"""

from __future__ import annotations

import sys
import types
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ubp_core.cli.main import main
from ubp_core.errors import ModelError
from ubp_core.models import load_model

WAY = "give the checkpoint from before that, and `ubp export --dtype int8 --calibrate FOLDER` makes integers of its"


def refusal(path: Path, bare: bool = False) -> str:
    with pytest.raises(ModelError) as caught:
        if bare:
            load_model(str(path))
        else:
            load_model("mobilenet_v1", weights=str(path))
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and WAY in line and "\n" not in line
    return line


@pytest.fixture
def engine() -> None:
    supported = torch.backends.quantized.supported_engines
    found = [name for name in ("fbgemm", "qnnpack") if name in supported]
    if not found:
        pytest.skip("this torch has no quantised kernels")
    torch.backends.quantized.engine = found[0]


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enter, self.leave = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
        self.conv, self.fc = nn.Conv2d(3, 4, 1), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.leave(self.fc(self.conv(self.enter(x)).flatten(1)))
        return made


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("wrapped", [False, True])
def test_static_quantisation_of_torch(tmp_path: Path, wrapped: bool) -> None:
    model = Small().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.qconfig = torch.ao.quantization.get_default_qconfig(torch.backends.quantized.engine)  # type: ignore
        prepared = torch.ao.quantization.prepare(model)  # type: ignore[no-untyped-call]
        prepared(torch.randn(2, 3, 1, 1))
        state = torch.ao.quantization.convert(prepared).state_dict()  # type: ignore[no-untyped-call]
    torch.save({"state_dict": state} if wrapped else state, tmp_path / "static.pth")
    line = "tensor conv.weight is quantised, by torch's quantised modules"
    assert line in refusal(tmp_path / "static.pth") and line in refusal(tmp_path / "static.pth", bare=True)


@pytest.mark.usefixtures("engine")
def test_dynamic_quantisation_of_torch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only linear layers are quantised: the convolution of a bare file can still be looked at, with a note."""
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Flatten(), nn.Linear(4, 2)).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)  # type: ignore[no-untyped-call]
        state = made.state_dict()
    torch.save(state, path := tmp_path / "dynamic.pth")
    assert "2._packed_params._packed_params is a quantised layer, by torch's quantised modules" in refusal(path)
    found = load_model(str(path))
    assert [layer.name for layer in found.layers] == ["0"] and any(WAY in note for note in found.notes)
    assert main(["export", "mobilenet_v1", "--weights", str(path), "--dense", "-o", str(tmp_path / "n.ubp")]) == 2
    error = capsys.readouterr().err
    assert "is a quantised layer" in error and WAY in error and not (tmp_path / "n.ubp").exists()


def test_a_pickle_of_torchao(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "torchao.quantization"
    for part in ("torchao", name):
        monkeypatch.setitem(sys.modules, part, types.ModuleType(part))
    stand_in = type("Int8Tensor", (), {"__module__": name})
    sys.modules[name].Int8Tensor = stand_in  # type: ignore[attr-defined]
    torch.save({"0.weight": stand_in(), "0.bias": torch.zeros(4)}, path := tmp_path / "ao.pth")
    for bare in (False, True):
        assert "its weights (torchao.quantization.Int8Tensor) are quantised, by torchao" in refusal(path, bare)


def test_a_safetensors_file_of_torchao(tmp_path: Path) -> None:
    content = {
        "0._weight_qdata": torch.ones(32, 64, dtype=torch.int8),
        "0._weight_scale": torch.ones(32, 1),
        "0._weight_zero_point": torch.zeros(32, 1, dtype=torch.int8),
        "0.bias": torch.zeros(32),
    }
    save_file(content, path := tmp_path / "ao.safetensors")
    assert "tensor 0._weight_qdata is quantised, by torchao" in refusal(path)


def test_whole_numbers_by_themselves_are_no_tool() -> None:
    from ubp_core.models.checkpoints.quantised import describe_class, find_quantised

    assert find_quantised({"0.weight": torch.ones(2, 2, dtype=torch.int8), "scale": torch.ones(1)}, ["epoch"]) is None
    assert describe_class("torchaoX.Y") is None and describe_class("builtins.eval") is None
