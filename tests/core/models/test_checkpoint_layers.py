"""What the tensors of a bare checkpoint are: weights in parts, what is no layer, geometry that nobody told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from ubp_core.errors import ModelError
from ubp_core.export import pruned_state
from ubp_core.models import LoadedModel, load_model
from ubp_core.packed.layer_packing import give_geometry, pack_layer
from ubp_core.plan import make_plan, select_plan

State = dict[str, torch.Tensor]


def saved(path: Path, content: Any, **options: Any) -> LoadedModel:
    torch.save(content, path)
    return load_model(str(path), **options)


def masked(conv: nn.Module) -> nn.Module:
    prune.l1_unstructured(conv, "weight", 0.5)  # type: ignore[no-untyped-call]
    prune.random_unstructured(conv, "bias", 0.5)  # type: ignore[no-untyped-call]
    return conv


def old_norm(conv: nn.Module, dim: int | None = 0) -> nn.Module:
    with pytest.warns(FutureWarning, match="weight_norm"):
        module: nn.Module = nn.utils.weight_norm(conv, dim=dim)  # type: ignore[arg-type]
    return module


WAYS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "prune": masked,
    "weight norm": old_norm,
    "weight norm of the whole": lambda conv: old_norm(conv, None),
    "parametrised weight norm": parametrizations.weight_norm,
    "parametrised weight norm along inputs": lambda conv: parametrizations.weight_norm(conv, dim=1),
    "spectral norm": lambda conv: nn.utils.spectral_norm(conv),
    "parametrised spectral norm": lambda conv: parametrizations.spectral_norm(conv, n_power_iterations=9),
}


def network(way: str, layer: Callable[[], nn.Module]) -> nn.Sequential:
    """Two layers, the second with its weight in parts, after some steps of training."""
    torch.manual_seed(3)
    module = nn.Sequential(nn.Conv2d(3, 16, 1), WAYS[way](layer()))
    for parameter in module[1].parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape)
    return module.eval()


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "conv": lambda: nn.Conv2d(16, 32, 3, padding=1),
    "linear": lambda: nn.Linear(16, 32),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("way", WAYS)
def test_weights_in_parts_are_one_layer_as_the_network_applies_it(way: str, layer: str, tmp_path: Path) -> None:
    module = network(way, LAYERS[layer])
    with torch.no_grad():
        module[1](torch.randn(1, 16, 8, 8) if layer == "conv" else torch.randn(1, 16))  # hooks compute the weight
    state = {key: value.clone() for key, value in module.state_dict().items()}
    applied = module[1].weight.detach()
    model = saved(tmp_path / "p.pth", state)
    assert [x.name for x in model.layers] == ["0", "1"] and model.layer("1").prunable
    assert np.allclose(model.layer("1").weight, applied.numpy(), rtol=1e-5, atol=1e-7)
    assert any(line.startswith("composed as the network applies it") for line in model.notes)
    bias = model.layer("1").bias
    assert bias is not None and np.allclose(bias, module[1].bias.detach().numpy())
    selections = select_plan(make_plan(model, sparsity=0.5), model)
    after = pruned_state(model, selections)
    kept = torch.from_numpy(selections["1"].mask()).reshape(applied.shape)
    if way == "prune":
        assert after.keys() == state.keys()
        for key in ("1.weight_orig", "1.weight_mask"):
            assert torch.equal(after[key], torch.where(kept, state[key], torch.tensor(0.0)))
        assert torch.equal(after["1.weight_orig"] * after["1.weight_mask"] == 0, (applied == 0) | ~kept)
    else:
        assert set(after) - set(state) == {"1.weight"}
        assert torch.equal(after["1.weight"], torch.where(kept, torch.from_numpy(model.layer("1").weight), 0.0))
        plain = LAYERS[layer]()
        plain.load_state_dict({key.removeprefix("1."): v for key, v in after.items() if key.startswith("1.")})
    untouched = pruned_state(model, {})
    assert untouched.keys() == state.keys() and all(torch.equal(untouched[key], state[key]) for key in state)


class Symmetric(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.triu() + x.triu(1).transpose(-1, -2)


@pytest.mark.parametrize("kind", ["orthogonal", "own", "two"])
def test_parametrisations_that_need_their_code_are_left_out(kind: str, tmp_path: Path) -> None:
    linear = nn.Linear(16, 16)
    if kind == "orthogonal":
        parametrizations.orthogonal(linear)
    else:
        parametrize.register_parametrization(linear, "weight", Symmetric())
    if kind == "two":
        parametrizations.spectral_norm(linear)
    state = nn.Sequential(nn.Linear(16, 16), linear).state_dict()
    model = saved(tmp_path / "p.pth", state)
    assert [layer.name for layer in model.layers] == ["0"]
    assert any(line.startswith("left out: 1.weight (its parametrisation (") for line in model.notes)
    after = pruned_state(model, select_plan(make_plan(model, sparsity=0.5), model))
    assert after.keys() == state.keys() and all(torch.equal(after[k], state[k]) for k in state if k != "0.weight")


def test_a_weight_in_parts_fits_its_network(tmp_path: Path) -> None:
    module = load_model("mobilenet_v1", width=0.25).module
    assert module is not None
    prune.l1_unstructured(module.get_submodule("blocks.3.pointwise"), "weight", 0.5)  # type: ignore[no-untyped-call]
    parametrizations.weight_norm(module.get_submodule("blocks.4.pointwise"))
    model = saved(tmp_path / "m.pth", module.state_dict(), arch="mobilenet_v1", width=0.25)
    for name in ("blocks.3.pointwise", "blocks.4.pointwise"):
        applied = module.get_submodule(name).weight
        assert isinstance(applied, torch.Tensor)
        assert np.allclose(model.layer(name).weight, applied.detach().numpy(), rtol=1e-5)


def test_parameters_are_composed_as_plain_tensors(tmp_path: Path) -> None:
    module = nn.Sequential(parametrizations.weight_norm(nn.Linear(16, 32)))
    model = saved(tmp_path / "p.pth", dict(module.named_parameters()))
    after = pruned_state(model, select_plan(make_plan(model, sparsity=0.5), model))
    assert int((after["0.weight"] == 0).sum()) == 256 and not after["0.weight"].requires_grad


def test_parts_that_dont_fit_one_another_are_left_out(tmp_path: Path) -> None:
    state = {"a.weight": torch.randn(8, 8), "b.weight_g": torch.ones(3, 1), "b.weight_v": torch.randn(8, 8)}
    state |= {"c.weight_orig": torch.randn(8, 8), "c.weight_mask": torch.full((8, 8), 0.5)}
    model = saved(tmp_path / "p.pth", state)
    assert [layer.name for layer in model.layers] == ["a"]
    assert model.notes == (
        "left out: b.weight (its parametrisation (g, v) can't be computed from the file)",
        "left out: c.weight (its parametrisation (mask, orig) can't be computed from the file)",
    )


def test_tensors_that_are_no_layers_stay_dense_and_say_why(tmp_path: Path) -> None:
    rnn = nn.LSTM(16, 8, num_layers=2, bidirectional=True)
    state = {
        "up.weight": torch.randn(32, 8, 4, 4),
        "up.bias": torch.randn(8),
        "emb.weight": torch.randn(100, 32),
        "text.word_embeddings.weight": torch.randn(100, 32),
        "pos_embed": torch.randn(1, 1, 14, 14),
        "cls_token": torch.randn(1, 32),
        "rel.bias_table": torch.randn(169, 4),
        "fc1.weight_scale": torch.ones(16, 2),
        "attn.bias": torch.ones(1, 1, 8, 8),
        "deconv1.weight": torch.randn(16, 16, 2, 2),
        "gpt.weight": torch.randn(16, 48),
        "gpt.bias": torch.randn(48),
        "odd.weight": torch.randn(16, 8),
        "odd.bias": torch.randn(5),
        "patch_embed.proj.weight": torch.randn(32, 16, 4, 4),
        "time_embed.0.weight": torch.randn(32, 16),
        "embedding.weight": torch.randn(32, 16),
        "embedding.bias": torch.randn(32),
        **{f"rnn.{key}": value for key, value in rnn.state_dict().items()},
    }
    model = saved(tmp_path / "n.pth", state)
    reasons = {layer.name: layer.skip_reason for layer in model.layers}
    assert {name: reason for name, reason in reasons.items() if not name.startswith("rnn.")} == {
        "up": "transposed convolution: its bias has 8 values for 32 rows",
        "emb": "no layer (embedding by its name)",
        "text.word_embeddings": "no layer (embedding by its name)",
        "pos_embed": "no layer (embedding by its name)",
        "cls_token": "no layer (embedding by its name)",
        "rel.bias_table": "no layer (table by its name)",
        "fc1.weight_scale": "no layer (scale by its name)",
        "attn.bias": "no layer (bias by its name)",
        "deconv1": "transposed convolution, by its name",
        "gpt": "transposed linear: its bias has 48 values for 16 rows",
        "odd": "not a plain layer: its bias has 5 values for 16 rows",
        "patch_embed.proj": None,
        "time_embed.0": None,
        "embedding": None,
    }
    recurrent = [reason for name, reason in reasons.items() if name.startswith("rnn.")]
    assert recurrent == ["no layer (recurrent by its name)"] * 8
    assert {layer.kind for layer in model.layers if "transposed" in (layer.skip_reason or "")} == {"transposed"}


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "model.", "backbone.", "module._orig_mod."])
def test_the_classifier_is_known_behind_prefixes(prefix: str, tmp_path: Path) -> None:
    state = {f"{prefix}{i}.weight": torch.randn(16, 16) for i in range(3)}
    state |= {
        f"{prefix}fc.weight": torch.randn(10, 16),
        "head.weight": torch.randn(4, 16),
        "n.x.weight": torch.ones(8, 8),
    }
    model = saved(tmp_path / "h.pth", state)
    classifiers = [layer.name for layer in model.layers if layer.skip_reason == "classifier"]
    assert classifiers == [f"{prefix}fc", "head"]


def test_averages_beside_trained_weights_stay_dense(tmp_path: Path) -> None:
    state = {"model.0.weight": torch.randn(16, 16), "model_ema.0.weight": torch.randn(16, 16)}
    model = saved(tmp_path / "e.pth", {"state_dict": state})
    assert [layer.skip_reason for layer in model.layers] == [None, "moving average, by its name"]
    del state["model.0.weight"]
    assert saved(tmp_path / "e.pth", {"state_dict": state}).layers[0].prunable


def test_what_is_taken_for_a_layer_by_its_shape_alone_is_told(tmp_path: Path) -> None:
    model = saved(tmp_path / "s.pth", {"a.weight": torch.randn(16, 16), "s": torch.ones(8, 8), "t": torch.ones(8, 8)})
    assert model.notes == ("taken for layers by their shape alone: s, t",)
    assert saved(tmp_path / "s.pth", {"s": torch.ones(8, 8)}).notes == ()


@pytest.mark.parametrize(
    ("bias", "reason"),
    [
        (torch.ones(16, dtype=torch.int32), "its bias is torch.int32, not floating point"),
        (torch.ones(16).to_sparse(), "its bias is sparse"),
        (torch.ones(16, 1), "its bias has 2 dimensions"),
        (torch.tensor(1.0), "its bias has 0 dimensions"),
        (torch.ones(5), "its bias has 5 values for 16 rows"),
    ],
    ids=["int32", "sparse", "matrix", "scalar", "short"],
)
@pytest.mark.parametrize("shape", [(16, 8), (16, 8, 3, 3)], ids=["linear", "conv"])
def test_no_layer_is_packed_without_its_bias(
    tmp_path: Path, shape: tuple[int, ...], bias: torch.Tensor, reason: str
) -> None:
    model = saved(tmp_path / "b.pth", {"a.weight": torch.randn(shape), "a.bias": bias, "b.weight": torch.randn(8, 8)})
    layer = model.layer("a")
    assert layer.skip_reason == f"not a plain layer: {reason}"
    with pytest.raises(ModelError, match=f"^a: not a plain layer: {reason}; packed without it"):
        pack_layer(give_geometry(layer, 1, 1, 1) if layer.kind == "conv" else layer, None)


def test_a_parametrised_bias_that_needs_code_keeps_its_layer_from_being_packed(tmp_path: Path) -> None:
    linear = nn.Linear(16, 16)
    parametrize.register_parametrization(linear, "bias", nn.Softplus())
    layer = saved(tmp_path / "p.pth", nn.Sequential(linear).state_dict()).layer("0")
    with pytest.raises(ModelError, match=r"^0: not a plain layer: its bias can't be computed from the file; "):
        pack_layer(layer, None)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_bias_that_is_not_finite_is_refused(tmp_path: Path, value: float) -> None:
    state = {"a.weight": torch.randn(16, 16), "a.bias": torch.full((16,), value)}
    with pytest.raises(ModelError, match=r"b\.pth: tensor a\.bias holds NaN or infinity$"):
        saved(tmp_path / "b.pth", state)


def test_geometry_of_a_bare_checkpoint_is_not_invented(tmp_path: Path) -> None:
    state = {"a.weight": torch.randn(16, 8, 3, 3), "up.weight": torch.randn(16, 8, 4, 4), "up.bias": torch.ones(8)}
    state |= {"lin.weight": torch.randn(16, 16), "lin.bias": torch.ones(16)}
    model = saved(tmp_path / "u.pth", state)
    assert model.source.endswith("network unknown (--arch NAME tells it), geometry unknown")
    with pytest.raises(ModelError, match=r"^a: geometry unknown, .*--arch NAME .*--stride and --padding$"):
        pack_layer(model.layer("a"), None)
    with pytest.raises(ModelError, match=r"^up: transposed convolution: its bias has 8 values for 16 rows; only plain"):
        pack_layer(give_geometry(model.layer("up"), 2, 1, 1), None)
    packed = pack_layer(give_geometry(model.layer("a"), 2, 1, 3), None)
    assert (packed.stride, packed.padding, packed.dilation) == ((2, 2), (1, 1), (3, 3))
    assert pack_layer(model.layer("lin"), None).bias.tolist() == [1.0] * 16
    assert give_geometry(model.layer("lin"), 2, 1, 1) is model.layer("lin")
    known = load_model("mobilenet_v1", width=0.25).layer("blocks.3.pointwise")
    with pytest.raises(ModelError, match="its network tells the geometry"):
        give_geometry(known, 1, 0, 1)
    linear = saved(tmp_path / "l.pth", {"lin.weight": torch.randn(16, 16)})
    assert linear.source.endswith("(--arch NAME tells it)")
