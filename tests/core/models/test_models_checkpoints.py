"""Good checkpoints: every format, wrapping and precision gives the weights back."""

from __future__ import annotations

import argparse
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ubp_core.models import LoadedModel, load_model

State = dict[str, torch.Tensor]


def _prefixed(state: State, prefix: str) -> State:
    return {prefix + name: value for name, value in state.items()}


WRAPPINGS: dict[str, tuple[Callable[[State], Any], str]] = {
    "plain": (lambda s: s, ""),
    "ordered": (OrderedDict, ""),
    "lightning": (
        lambda s: {"epoch": 3, "state_dict": _prefixed(s, "model."), "optimizer_states": [{"a": 1}]},
        "state_dict",
    ),
    "data parallel": (lambda s: {"state_dict": _prefixed(s, "module.")}, "state_dict"),
    "compiled": (lambda s: {"model": _prefixed(s, "module._orig_mod.")}, "model"),
    "training script": (
        lambda s: {
            "model": s,
            "optimizer": {"state": {0: {"momentum_buffer": torch.zeros(4, 4)}}},
            "args": argparse.Namespace(lr=0.1, data="x"),
            "model_ema": _prefixed({k: v * 0 for k, v in s.items()}, "module."),
        },
        "model",
    ),
    "average only": (lambda s: {"model_ema": {"n_averaged": torch.tensor(7), **_prefixed(s, "module.")}}, "model_ema"),
    "nested": (lambda s: {"checkpoint": {"state_dict": s}}, "checkpoint.state_dict"),
    "unknown key": (lambda s: {"optimizer": {"state": torch.zeros(3, 3)}, "backbone_weights": s}, "backbone_weights"),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("zipped", [True, False])
def test_wrapped_checkpoints(wrapping: str, zipped: bool, tmp_path: Path, state: State, small: LoadedModel) -> None:
    wrap, inside = WRAPPINGS[wrapping]
    path = tmp_path / "file.pt"
    torch.save(wrap(state), path, _use_new_zipfile_serialization=zipped)
    model = load_model(str(path), arch="mobilenet_v1", width=0.25)
    assert not model.random_weights
    assert model.source == f"weights from {path}" + (f", inside {inside!r}" if inside else "")
    for ours, theirs in zip(model.layers, small.layers, strict=True):
        assert ours.name == theirs.name and ours.output_hw == theirs.output_hw
        assert np.array_equal(ours.weight, theirs.weight)


def test_safetensors(tmp_path: Path, state: State, small: LoadedModel) -> None:
    path = tmp_path / "file.safetensors"
    save_file(state, path)
    fitted = load_model("mobilenet_v1", weights=str(path), width=0.25)
    assert all(np.array_equal(a.weight, b.weight) for a, b in zip(fitted.layers, small.layers, strict=True))
    bare = load_model(str(path))
    assert bare.input_size is None and bare.module is None and "network unknown" in bare.source
    by_name = {layer.name: layer for layer in bare.layers}
    assert by_name.keys() == {layer.name for layer in small.layers}
    for layer in small.layers:
        assert np.array_equal(by_name[layer.name].weight, layer.weight)
        assert by_name[layer.name].kind == layer.kind
        assert by_name[layer.name].skip_reason == layer.skip_reason
        assert by_name[layer.name].output_hw is None and by_name[layer.name].multiply_adds is None
    names = [layer.name for layer in bare.layers]
    assert names.index("blocks.2.pointwise") < names.index("blocks.10.pointwise")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("arch", [None, "mobilenet_v1"])
def test_other_precisions_become_float32(
    dtype: torch.dtype, suffix: str, arch: str | None, tmp_path: Path, state: State, small: LoadedModel
) -> None:
    path = tmp_path / f"file{suffix}"
    converted = {k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}
    if suffix == ".pt":
        torch.save(converted, path)
    else:
        save_file(converted, path)
    model = load_model(str(path), arch=arch, width=0.25 if arch else 1.0)
    layer = model.layer("blocks.5.pointwise")
    assert layer.weight.dtype == np.float32
    assert np.array_equal(layer.weight, converted["blocks.5.pointwise.weight"].float().numpy())


def test_bare_checkpoint_doesnt_depend_on_its_file(checkpoint: Path, small: LoadedModel) -> None:
    model = load_model(str(checkpoint))
    checkpoint.write_bytes(b"\0" * checkpoint.stat().st_size)
    assert np.array_equal(model.layer("blocks.5.pointwise").weight, small.layer("blocks.5.pointwise").weight)


def test_bare_checkpoint_reads_kinds_from_shapes(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    shared = torch.randn(6, 6)
    torch.save(
        {
            "a.weight": torch.randn(8, 1, 3, 3),  # one input channel, and the first: it reads a grey image
            "b.weight": torch.randn(8, 1, 3, 3),
            "c.weight": torch.randn(16, 8, 1, 1),
            "c.bias": torch.randn(16),
            "d.weight": torch.randn(16, 4, 3, 3),  # 4 channels per group, or 4 channels: not to be told, so not skipped
            "table": torch.randn(5, 7),
            "norm.weight": torch.randn(16),
            "steps": torch.ones(2, 2, dtype=torch.int64),
            "tied.weight": shared,
            "twin.weight": shared,
            "fc.weight": torch.randn(10, 16),
            "nothing.weight": torch.zeros(0, 4),
        },
        path,
    )
    layers = load_model(str(path)).layers
    assert [(layer.name, layer.kind, layer.skip_reason) for layer in layers] == [
        ("a", "conv", "stem (1 input channel)"),
        ("b", "depthwise", "depthwise"),
        ("c", "conv", None),
        ("d", "conv", None),
        ("table", "linear", None),
        ("tied", "linear", None),
        ("twin", "linear", "shares the weight of tied"),
        ("fc", "linear", "classifier"),
    ]
    assert layers[2].bias is not None and layers[2].bias.shape == (16,) and layers[3].bias is None


def test_checkpoint_with_other_classes(tmp_path: Path) -> None:
    trained = load_model("mobilenet_v2", weights="random").module
    assert isinstance(trained, nn.Module)
    state = trained.state_dict()
    state["classifier.1.weight"], state["classifier.1.bias"] = torch.randn(10, 1280), torch.zeros(10)
    path = tmp_path / "fine_tuned.pth"
    torch.save(state, path)
    model = load_model(str(path), arch="mobilenet_v2")
    assert model.layer("classifier.1").shape == (10, 1280) and model.source.endswith("10 classes")


def test_training_only_heads_and_counters_are_left_out(tmp_path: Path) -> None:
    import torchvision

    network = torchvision.models.googlenet(weights=None, init_weights=False, aux_logits=True)
    path = tmp_path / "file.pth"
    torch.save({**network.state_dict(), "total_ops": torch.zeros(1)}, path)
    model = load_model(str(path), arch="googlenet")
    assert np.array_equal(model.layer("conv3.conv").weight, network.conv3.conv.weight.detach().numpy())
    assert not any("aux" in layer.name for layer in model.layers)
    (line,) = model.notes
    assert line.startswith("left out, since the network has no such tensors: aux1.conv.conv.weight")


def test_old_densenet_names(tmp_path: Path) -> None:
    network = load_model("densenet121", weights="random").module
    assert network is not None
    old = {k: v for k, v in network.state_dict().items()}
    old = {k.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): v for k, v in old.items()}
    assert any(".conv.2." in k for k in old)
    path = tmp_path / "file.pth"
    torch.save(old, path)
    model = load_model(str(path), arch="densenet121")
    name = "features.denseblock1.denselayer1.conv2"
    assert np.array_equal(model.layer(name).weight, network.state_dict()[f"{name}.weight"].numpy())


def test_module_versions_survive_wrapping(tmp_path: Path) -> None:
    """A first-version mnasnet file of width 0.5 has a wider stem, and only its metadata tells so."""
    import torchvision

    network: nn.Module = torchvision.models.mnasnet0_5()
    with pytest.warns(UserWarning, match="new version of MNASNet"):  # turns it into the first version
        network._load_from_state_dict({}, "", {"version": 1}, False, [], [], [])
    state = network.state_dict()
    versions = OrderedDict((f"module.{k}" if k else "module", v) for k, v in state._metadata.items())  # type: ignore[attr-defined]
    versions["module"] = {"version": 1}
    wrapped = OrderedDict(_prefixed(state, "module."))
    wrapped._metadata = versions  # type: ignore[attr-defined]
    path = tmp_path / "file.pth"
    torch.save({"state_dict": wrapped}, path)
    model = load_model(str(path), arch="mnasnet0_5")
    assert model.layers[0].shape == (32, 3, 3, 3)
    assert np.array_equal(model.layers[0].weight, state["layers.0.weight"].numpy())


def test_networks_that_insist_on_a_version_read_safetensors(tmp_path: Path) -> None:
    network = load_model("mnasnet0_5", weights="random").module
    assert network is not None
    path = tmp_path / "file.safetensors"
    save_file(network.state_dict(), path)
    model = load_model(str(path), arch="mnasnet0_5")
    assert np.array_equal(model.layers[0].weight, network.state_dict()["layers.0.weight"].numpy())


def test_large_zips_are_mapped(checkpoint: Path, small: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []
    real = torch.load

    def load(*args: Any, **options: Any) -> Any:
        calls.append(options["mmap"])
        return real(*args, **options)

    monkeypatch.setattr("torch.load", load)
    for threshold in (1, 1 << 30):
        monkeypatch.setattr("ubp_core.models.checkpoints.reading.MAP_FROM_BYTES", threshold)
        model = load_model(str(checkpoint))
        assert np.array_equal(model.layer("stem.conv").weight, small.layer("stem.conv").weight)
    assert calls == [True, False]
