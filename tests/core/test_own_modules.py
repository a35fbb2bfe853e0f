"""Modules of one's own are taken wherever a loaded model is, and stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ubp_core import Network
from ubp_core.errors import ModelError
from ubp_core.export import export_files
from ubp_core.export.targets import ExportTarget
from ubp_core.models import LoadedModel, as_model
from ubp_core.network import export_network
from ubp_core.network.exporting import masked_module
from ubp_core.plan import make_plan, remake_plan, report_plan, select_plan


class Mine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.body = nn.Conv2d(8, 16, 3, stride=2, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(torch.relu(self.norm(self.stem(x)))))


SHAPE = (1, 3, 12, 20)


@pytest.mark.parametrize("wrap", [lambda m: m, nn.DataParallel, torch.compile], ids=["plain", "parallel", "compiled"])
def test_from_a_module_to_a_running_network(wrap: Any, tmp_path: Path) -> None:
    module = wrap(Mine())
    before = {name: value.clone() for name, value in module.state_dict().items()}
    plan = make_plan(module, sparsity=0.5)
    assert [layer.name for layer in plan.pruned] == ["body"]
    selections = select_plan(remake_plan(plan, module), module)
    exported = export_network(module, selections, SHAPE)
    exported.packed.save(tmp_path / "n.ubp")
    image = np.random.default_rng(0).standard_normal(SHAPE, np.float32)
    plain = Mine().eval()
    with torch.no_grad():
        expected = masked_module(plain, selections)(torch.from_numpy(image)).numpy()
    assert np.allclose(Network.load(tmp_path / "n.ubp").run(image), expected, atol=1e-5)
    assert module.training and all(torch.equal(v, before[n]) for n, v in module.state_dict().items())
    assert report_plan(plan, module, selections).cost.multiply_adds_before is None
    sized = as_model(module, SHAPE)
    assert report_plan(plan, sized, selections).cost.multiply_adds_before == 12 * 20 * 8 * 27 + 6 * 10 * 16 * 72
    export_files(
        plan,
        module,
        [ExportTarget("masks", tmp_path / "m.npz"), ExportTarget("state_dict", tmp_path / "w.safetensors")],
    )
    assert (tmp_path / "m.npz").exists() and (tmp_path / "w.safetensors").exists()


def test_a_loaded_model_is_taken_as_it_is() -> None:
    model = as_model(Mine())
    assert isinstance(model, LoadedModel) and as_model(model, (1, 3, 5, 5)) is model
    assert model.layer("body").weight.ctypes.data == model.module.body.weight.data_ptr()  # type: ignore[union-attr,operator]


@pytest.mark.parametrize("model", [None, "resnet18", {"a.weight": torch.ones(4, 4)}, [1]])
def test_what_is_no_model_is_refused_by_name(model: Any) -> None:
    line = r"model: need a LoadedModel or a torch\.nn\.Module; got"
    for use in (make_plan, as_model, lambda m: export_network(m, {}, SHAPE)):
        with pytest.raises(ModelError, match=line):
            use(model)


@pytest.mark.parametrize("shape", [None, (3, 12, 20), "1x3x12x20", (1, 3, 12, 0), (1, 3, 12, 20.0), 224])
def test_an_input_shape_that_is_none(shape: Any) -> None:
    with pytest.raises(ModelError, match="input_shape: need \\(batch, channels, height, width\\)"):
        export_network(Mine(), {}, shape)


def test_modules_that_do_not_run_or_have_no_weights_are_named() -> None:
    with pytest.raises(ModelError, match="Mine does not run on an input of 1x4x12x20"):
        as_model(Mine(), (1, 4, 12, 20))
    with pytest.raises(ModelError, match="0: LazyConv2d has no shape yet"):
        make_plan(nn.Sequential(nn.LazyConv2d(4, 3)))
    with torch.device("meta"):
        empty = Mine()
    with pytest.raises(ModelError, match="stem: its weight is on the meta device"):
        export_network(empty, {}, SHAPE)
