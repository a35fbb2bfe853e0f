"""Which tensors of a training file are the model: keys, prefixes, averages, several networks, numbers beside them."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ubp_core.errors import ModelError
from ubp_core.models import LoadedModel, load_model
from ubp_core.models.catalogue import is_checkpoint, split_inside

State = dict[str, torch.Tensor]

CONV = nn.Sequential(nn.Conv2d(16, 32, 3)).state_dict()
OTHER = nn.Sequential(nn.Conv2d(8, 24, 1)).state_dict()
RNG = torch.get_rng_state()

CONTENTS: dict[str, tuple[Any, str]] = {
    "random state": ({"model": CONV, "torch_rng_state": RNG}, "model"),
    "anchors": ({"state_dict": CONV, "anchors": torch.ones(3, 2)}, "state_dict"),
    "before": ({"anchors": torch.ones(3, 2), "epoch_loss": torch.ones(5), "net": CONV}, "net"),
    "known within unknown": ({"anchors": torch.ones(3, 2), "trainer": {"model": CONV}}, "trainer.model"),
    "weights win over average": ({"ema": OTHER, "model": CONV}, "model"),
    "average wins over loose tensors": ({"params_ema": CONV, "anchors": torch.ones(3, 2)}, "params_ema"),
    "loose weights win over average": ({**CONV, "ema": OTHER}, ""),
    "loose weights win over unknown": ({**CONV, "criterion": {"weight": torch.ones(5, 5)}}, ""),
    "unknown wins over loose tensors": ({"anchors": torch.ones(3, 2), "generator": CONV}, "generator"),
    "preference": ({"model": OTHER, "state_dict": CONV}, "state_dict"),
    "optimizer": ({"optimizer": {"model": OTHER}, "my_optim_state": {"w.weight": torch.ones(4, 4)}, "x": CONV}, "x"),
    "vectors only": ({"model": {"scale": torch.ones(3)}, "weights": CONV}, "weights"),
}


def saved(path: Path, content: Any, inside: str = "", **options: Any) -> LoadedModel:
    torch.save(content, path)
    return load_model(f"{path}:{inside}" if inside else str(path), **options)


@pytest.mark.parametrize("name", CONTENTS)
def test_the_state_dict_is_found_beside_other_tensors(name: str, tmp_path: Path) -> None:
    content, inside = CONTENTS[name]
    path = tmp_path / "file.pth"
    model = saved(path, content)
    assert [(layer.name, layer.shape) for layer in model.layers] == [("0", (32, 16, 3, 3))]
    assert model.source.startswith(f"weights from {path}" + (f", inside {inside!r};" if inside else ";"))
    assert torch.equal(torch.from_numpy(model.layers[0].weight), CONV["0.weight"])


@pytest.mark.parametrize("key", ["optimized_model", "optimised", "optimal_weights", "OptimumNet"])
def test_a_network_that_was_optimised_is_no_optimizer(key: str, tmp_path: Path) -> None:
    state = {"a.weight": torch.randn(8, 8)}
    content = {"optimizer": {"x.weight": torch.ones(4, 4)}, "optim": state, "optim_state": state, key: state}
    assert saved(tmp_path / "o.pth", content).source.endswith(f"inside {key!r}; network unknown (--arch NAME tells it)")


def test_several_networks_are_told_and_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "gan.pth"
    content = {"generator": CONV, "discriminator": {"net": OTHER}, "step": 3}
    model = saved(path, content)
    assert model.notes == (
        "the weights inside 'generator' are taken; there are others inside 'discriminator.net': "
        "gan.pth:discriminator.net takes those",
    )
    other = load_model(f"{path}:discriminator.net")
    assert other.layers[0].shape == (24, 8, 1, 1) and "inside 'discriminator.net'" in other.source
    assert saved(path, {"a": CONV, "b": CONV}, "b").layers[0].shape == (32, 16, 3, 3)
    with pytest.raises(ModelError, match=r"no tensors inside 'c'; choose from 'a', 'b'"):
        load_model(f"{path}:c")
    path.with_name("x.pth:c").write_bytes(path.read_bytes())
    assert split_inside(str(tmp_path / "x.pth:c")) == (str(tmp_path / "x.pth:c"), None)
    assert is_checkpoint("gan.pth:generator") and not is_checkpoint("resnet18")


def test_a_misfit_offers_the_other_weights_of_the_file(tmp_path: Path, state: State) -> None:
    path = tmp_path / "two.pth"
    with pytest.raises(ModelError, match=r"is missing; two\.pth:backbone takes other weights of the file$"):
        saved(path, {"head": CONV, "backbone": state}, arch="mobilenet_v1", width=0.25)
    assert load_model(f"{path}:backbone", arch="mobilenet_v1", width=0.25).module is not None


def test_entries_that_are_no_tensors_are_told(tmp_path: Path) -> None:
    content = {"state_dict": {**CONV, "version": 3, "names": ["a"], 7: torch.ones(2), "x": None, "y": 0.5}}
    model = saved(tmp_path / "v.pth", content)
    assert model.notes == ("what lies beside its tensors and is none isn't written again: version, names, 7, ...",)


def test_a_plan_finds_the_network_that_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ubp_core.models.spec import ModelSpec
    from ubp_core.plan import Plan, make_plan

    (tmp_path / "plans").mkdir()
    monkeypatch.chdir(tmp_path)
    torch.save({"generator": CONV, "discriminator": OTHER}, "gan.pth")
    spec = ModelSpec("gan.pth:discriminator")
    make_plan(spec.load(), spec=spec).save("plans/p.yaml")
    monkeypatch.chdir(tmp_path / "plans")
    assert Plan.load("p.yaml").load_model().layers[0].shape == (24, 8, 1, 1)


def test_numbers_of_numpy_and_paths_may_lie_beside_weights(tmp_path: Path) -> None:
    content = {
        "state_dict": {**CONV, "extra": np.arange(12, dtype=">f4").reshape(3, 4)},
        "best": np.float64(0.75),
        "flags": np.array([True, False]),
        "history": np.arange(6.0).reshape(2, 3, order="F"),
        "objects": np.array([None, "x"]),
        "folder": Path("runs"),
        "table": defaultdict(int, a=1),
    }
    model = saved(tmp_path / "model_best.pth.tar", content)
    assert model.layer("0").shape == (32, 16, 3, 3)
    assert np.array_equal(model.layer("extra").weight, np.arange(12).reshape(3, 4))


def test_numpy_arrays_may_claim_nothing_that_they_dont_hold(tmp_path: Path) -> None:
    import pickle

    class Claims:
        def __reduce__(self) -> Any:
            reconstruct = np.zeros(1).__reduce__()[0]
            state = (1, (10**9, 10**4), np.dtype("f8"), False, b"\0" * 8)
            return reconstruct, (np.ndarray, (10**9, 10**4), b"b"), state

    path = tmp_path / "claims.pth"
    torch.save({"model": CONV, "array": Claims()}, path, _use_new_zipfile_serialization=False)
    assert pickle.PROTO
    with pytest.raises(ModelError, match=r"claims\.pth: "):
        load_model(str(path))


def test_expanded_weights_are_read_within_bounds(tmp_path: Path) -> None:
    row = torch.randn(32, 1, 3, 3)
    model = saved(tmp_path / "e.pth", {"0.weight": row.expand(32, 16, 3, 3)})
    assert np.array_equal(model.layer("0").weight, row.expand(32, 16, 3, 3).numpy())
    many = torch.zeros(1 << 20)
    views = {f"{i}.weight": many[i:].as_strided((1 << 10, 1 << 10), (1, 1)) for i in range(200)}
    with pytest.raises(ModelError, match=r"tensor \d+\.weight claims 1,048,576 values in 4,194,304 bytes"):
        saved(tmp_path / "many.pth", views)


@pytest.mark.parametrize("value", [float("inf"), -float("inf"), float("nan")])
def test_only_weights_of_layers_must_be_finite(value: float, tmp_path: Path, state: State) -> None:
    mask = torch.full((4, 4), value)
    model = saved(tmp_path / "m.pth", CONV | {"mask": mask, "attn.mask": mask[None, None], "bound": mask[0]})
    assert [layer.name for layer in model.layers] == ["0"]
    assert model.notes == (
        "left out: mask (tensor mask holds NaN or infinity)",
        "left out: attn.mask (tensor attn.mask holds NaN or infinity)",
    )
    state["stem.norm.running_var"][0] = value
    assert saved(tmp_path / "n.pth", state, arch="mobilenet_v1", width=0.25).module is not None


def shards(folder: Path, state: State) -> Path:
    """The state dict in two shards."""
    keys = list(state)
    parts = {"model-00001-of-00002.safetensors": keys[:5], "model-00002-of-00002.safetensors": keys[5:]}
    for name, part in parts.items():
        save_file({key: state[key].contiguous() for key in part}, folder / name)
    index = folder / "model.safetensors.index.json"
    places = {key: name for name, part in parts.items() for key in part}
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    return index


def test_shards_are_read_through_their_index(tmp_path: Path, state: State, small: LoadedModel) -> None:
    index = shards(tmp_path, state)
    model = load_model(str(index), arch="mobilenet_v1", width=0.25)
    for ours, theirs in zip(model.layers, small.layers, strict=True):
        assert np.array_equal(ours.weight, theirs.weight)
    assert len(load_model(str(index)).layers) == len(small.layers)
    one = load_model(str(tmp_path / "model-00002-of-00002.safetensors"))
    assert one.notes[-1] == (
        "model-00002-of-00002.safetensors is one of 2 shards; model.safetensors.index.json reads them all"
    )


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"a": "../../etc/passwd"}, "names '../../etc/passwd', which is no file beside it"),
        ({"a": "model.safetensors.index.json"}, "which is no file beside it"),
        ({"a": 3}, "which is no file beside it"),
        ({"a": "absent.safetensors"}, "its shard .*absent.safetensors: no such file"),
        ({"a": "model-00001-of-00002.safetensors"}, "tensor a is not in its shard model-00001"),
        ({}, "no weight_map"),
        ([], "no weight_map"),
    ],
)
def test_bad_indices_are_one_line(places: Any, message: str, tmp_path: Path, state: State) -> None:
    index = shards(tmp_path, state)
    index.write_text(json.dumps({"weight_map": places}))
    with pytest.raises(ModelError, match=message) as caught:
        load_model(str(index))
    assert str(caught.value).startswith(str(index)) and "\n" not in str(caught.value)
    index.write_bytes(b"{" * 100_000)
    with pytest.raises(ModelError, match="is not valid JSON"):
        load_model(str(index))


def prefixed(state: State, prefix: str) -> State:
    return {prefix + name: value for name, value in state.items()}


RENAMINGS: dict[str, Any] = {
    "backbone": lambda s: prefixed(s, "backbone."),
    "lightning with a loss": lambda s: {
        "state_dict": {**prefixed(s, "model."), "loss_fn.weight": torch.ones(10), "head2.weight": torch.ones(2, 2)}
    },
    "features in parallel": lambda s: {k.replace("blocks.", "blocks.module.", 1): v for k, v in s.items()},
    "compiled block": lambda s: {k.replace("blocks.3.", "blocks.3._orig_mod.", 1): v for k, v in s.items()},
    "deep": lambda s: {"state_dict": prefixed(s, "module.student.encoder.") | {"temperature": torch.ones(1)}},
    "average beside it": lambda s: prefixed({k: v * 0 for k, v in s.items()}, "ema_model.") | prefixed(s, "online."),
}


@pytest.mark.parametrize("name", RENAMINGS)
def test_the_prefix_that_makes_a_file_fit(name: str, tmp_path: Path, state: State, small: LoadedModel) -> None:
    model = saved(tmp_path / "file.pth", RENAMINGS[name](state), arch="mobilenet_v1", width=0.25)
    for ours, theirs in zip(model.layers, small.layers, strict=True):
        assert np.array_equal(ours.weight, theirs.weight), ours.name


def test_what_lies_outside_the_prefix_is_told(tmp_path: Path, state: State) -> None:
    content = prefixed(state, "backbone.") | {"loss_fn.weight": torch.ones(10)}
    model = saved(tmp_path / "file.pth", content, arch="mobilenet_v1", width=0.25)
    assert model.notes == ("read under 'backbone.'; left out, since the network has no such tensors: loss_fn.weight",)
    del content["backbone.stem.conv.weight"]
    with pytest.raises(ModelError, match=r"stem\.conv\.weight is missing; its names were read under 'backbone\.'$"):
        saved(tmp_path / "file.pth", content, arch="mobilenet_v1", width=0.25)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda w: (w * 100).to(torch.int8), "torch.int8, not floating point"),
        (lambda w: w > 0, "torch.bool, not floating point"),
        (lambda w: torch.complex(w, w), "torch.complex64, not floating point"),
        (lambda w: w.to_sparse(), "sparse"),
        (lambda w: w.flatten(1).to_sparse_csr(), "sparse"),
        (lambda w: torch.quantize_per_tensor(w, 0.01, 0, torch.qint8), "quantised"),
    ],
)
@pytest.mark.parametrize("bare", [False, True])
def test_weights_that_are_no_floating_point(change: Any, what: str, bare: bool, tmp_path: Path, state: State) -> None:
    key = "blocks.3.pointwise.weight"
    path = tmp_path / "a.pth"
    torch.save({**state, key: change(state[key])}, path)
    if bare:
        model = load_model(str(path))
        assert f"left out: {key} ({what})" in model.notes
        assert "blocks.3.pointwise" not in [layer.name for layer in model.layers]
        return
    with pytest.raises(ModelError) as caught:
        load_model(str(path), arch="mobilenet_v1", width=0.25)
    assert str(caught.value).startswith(f"{path}: tensor {key} is {what}")
    assert ("; give the checkpoint from before that" in str(caught.value)) == (what == "quantised")


def test_counters_may_be_floating_point_where_they_are_whole(tmp_path: Path, state: State) -> None:
    key = "stem.norm.num_batches_tracked"
    for value, fits in ((7.0, True), (7.5, False), (1j, False)):
        content = {**state, key: torch.tensor(value)}
        if fits:
            module = saved(tmp_path / "a.pth", content, arch="mobilenet_v1", width=0.25).module
            assert module is not None and module.state_dict()[key] == 7
        else:
            with pytest.raises(ModelError, match=rf"tensor {key} is torch\."):
                saved(tmp_path / "a.pth", content, arch="mobilenet_v1", width=0.25)


def test_float4_is_left_out_and_written_again(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from ubp_core.export import save_state
    from ubp_core.plan import make_plan, select_plan

    packed = torch.arange(8, dtype=torch.uint8).reshape(2, 4).view(torch.float4_e2m1fn_x2)
    save_file({"a.weight": torch.randn(16, 16), "b.weight": packed}, tmp_path / "f4.safetensors")
    model = load_model(str(tmp_path / "f4.safetensors"))
    assert model.notes == ("left out: b.weight (torch.float4_e2m1fn_x2)",)
    save_state(tmp_path / "out.safetensors", model, select_plan(make_plan(model, sparsity=0.5), model))
    assert torch.equal(load_file(tmp_path / "out.safetensors")["b.weight"].view(torch.uint8), packed.view(torch.uint8))
