"""Two names for one tensor, views of one memory, names that look alike: nothing is lost, renamed or overwritten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ubp_core.errors import ModelError, PlanError
from ubp_core.export import ExportTarget, export_files, pruned_state, save_masks, save_state
from ubp_core.models import LoadedModel, load_model
from ubp_core.models.checkpoints.identity import find_owners, identity, overlaps_itself
from ubp_core.models.checkpoints.naming import name_layers
from ubp_core.models.layer_extraction import extract_module_layers
from ubp_core.plan import LayerPlan, Plan, make_plan, select_plan
from ubp_core.selection import Selection

State = dict[str, torch.Tensor]


def saved(path: Path, content: object) -> LoadedModel:
    """A bare checkpoint, written and loaded."""
    torch.save(content, path)
    return load_model(str(path))


def pruned(model: LoadedModel, sparsity: float = 0.5) -> tuple[State, dict[str, Selection]]:
    """The model's tensors at one sparsity, and the selections."""
    selections = select_plan(make_plan(model, sparsity=sparsity), model)
    return pruned_state(model, selections), selections


def assert_kept_bits(before: State, after: State) -> None:
    """Every value that isn't +0.0 is the file's own."""
    assert list(before) == list(after)
    for key, value in after.items():
        kept = value != 0
        assert value.dtype == before[key].dtype and torch.equal(value[kept], before[key][kept]), key
        assert not torch.signbit(value[~kept].float()).any()


def test_a_transpose_is_pruned_as_the_weight_that_it_is_a_view_of(tmp_path: Path) -> None:
    weight = torch.randn(16, 16)
    state = {"enc.weight": weight, "dec.weight": weight.t()}
    model = saved(tmp_path / "t.pth", state)
    assert model.layer("enc").prunable
    assert model.layer("dec").skip_reason == "another view of the weight of enc"
    assert np.array_equal(model.layer("dec").weight, weight.t().numpy())
    after, selections = pruned(model)
    assert list(selections) == ["enc"]
    assert torch.equal(after["dec.weight"], after["enc.weight"].t())
    assert int((after["enc.weight"] == 0).sum()) == 128
    assert_kept_bits(state, after)


@pytest.mark.parametrize(
    "view",
    [
        lambda w: w.reshape(16, 8, 1, 2),  # other shape
        lambda w: w[:8],  # a part
        lambda w: w.view(torch.int32).view(torch.float32)[4:],
        lambda w: w[:, ::2],
    ],
)
def test_other_views_of_a_weight_follow_it(view, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    weight = torch.randn(16, 16)
    state = {"a.weight": weight, "b.weight": view(weight)}
    model = saved(tmp_path / "v.pth", state)
    assert model.layer("b").skip_reason == "another view of the weight of a"
    after, _ = pruned(model)
    assert torch.equal(view(after["a.weight"]), after["b.weight"])


def test_parts_of_one_memory_are_layers_of_their_own(tmp_path: Path) -> None:
    whole = torch.randn(48, 16)
    state = {f"{name}.weight": whole[i * 16 : i * 16 + 16] for i, name in enumerate("qkv")}
    columns = torch.randn(16, 64)
    state |= {"left.weight": columns[:, :32], "right.weight": columns[:, 32:]}
    model = saved(tmp_path / "qkv.pth", state)
    assert len(model.prunable) == 5
    after, selections = pruned(model)
    assert_kept_bits(state, after)
    for name, selection in selections.items():
        expected = np.where(selection.mask(), state[f"{name}.weight"], 0)
        assert np.array_equal(after[f"{name}.weight"].numpy(), expected)


def test_an_expanded_weight_keeps_what_the_mask_keeps(tmp_path: Path) -> None:
    state = {"0.weight": torch.randn(16, 1, 3, 1).expand(16, 16, 3, 3), "0.bias": torch.randn(16)}
    model = saved(tmp_path / "e.pth", state)
    after, selections = pruned(model)
    mask = torch.from_numpy(selections["0"].mask()).reshape(16, 16, 3, 3)
    assert torch.equal(after["0.weight"], torch.where(mask, state["0.weight"], torch.tensor(0.0)))


def test_two_wishes_for_one_memory_are_refused(tmp_path: Path) -> None:
    weight = torch.randn(16, 16)
    model = saved(tmp_path / "t.pth", {"enc.weight": weight, "dec.weight": weight.t(), "twin.weight": weight})
    one = select_plan(make_plan(model, sparsity=0.5), model)["enc"]
    other = select_plan(make_plan(model, sparsity=0.75), model)["enc"]
    assert torch.equal(pruned_state(model, {"enc": one, "twin": one})["enc.weight"], pruned(model)[0]["twin.weight"])
    for second, selection in (("dec", one), ("twin", other)):
        with pytest.raises(ModelError, match=f"^{second} shares the memory of enc: prune one of the two"):
            pruned_state(model, {"enc": one, second: selection})


@pytest.mark.parametrize("second", ["dec", "twin"])
def test_a_plan_with_two_wishes_for_one_memory_is_refused_before_anything_is_written(
    tmp_path: Path, second: str
) -> None:
    weight = torch.randn(16, 16)
    model = saved(tmp_path / "t.pth", {"enc.weight": weight, "dec.weight": weight.t(), "twin.weight": weight})
    plan = Plan((LayerPlan("enc", "optimal", 4, 0.5), LayerPlan(second, "optimal", 8, 0.5)))
    line = f"^layers.{second}: shares the memory of enc: prune one of the two, the other follows$"
    for target in (ExportTarget("masks", tmp_path / "m.npz"), ExportTarget("packed", tmp_path / "m.ubp")):
        with pytest.raises(PlanError, match=line):
            export_files(plan, model, [target])
        assert not target.path.exists()
    export_files(plan, model, [ExportTarget("masks", tmp_path / "m.npz")], layers=[second])


def test_a_plan_with_one_wish_for_two_names_is_carried_out(tmp_path: Path) -> None:
    weight = torch.randn(16, 16)
    model = saved(tmp_path / "t.pth", {"enc.weight": weight, "twin.weight": weight})
    selections = select_plan(Plan(tuple(LayerPlan(name, "bed", 4, 0.5) for name in ("enc", "twin"))), model)
    assert np.array_equal(selections["enc"].mask(), selections["twin"].mask())
    wishes = (LayerPlan("enc", "bed", 4, 0.5), LayerPlan("twin", "bed", 4, 0.0))  # every weight: nothing to choose
    with pytest.raises(PlanError, match="shares the memory of enc"):
        select_plan(Plan(wishes), model)


def test_a_weight_follows_the_masked_one_whose_values_it_shares(tmp_path: Path) -> None:
    weight = torch.randn(16, 16)
    mask = (torch.randn(16, 16) > 0).float()
    model = saved(tmp_path / "t.pth", {"a.weight_orig": weight, "a.weight_mask": mask, "b.weight": weight})
    assert model.layer("b").skip_reason == "another view of the weight of a"
    assert np.array_equal(model.layer("b").weight, weight.numpy())
    after, selections = pruned(model)
    assert list(selections) == ["a"]
    assert torch.equal(after["a.weight_orig"], after["b.weight"])


def test_a_mask_of_two_weights_that_are_pruned_apart_is_refused(tmp_path: Path) -> None:
    mask = torch.ones(16, 16)
    state = {f"{name}.weight_orig": torch.randn(16, 16) for name in "ab"} | {
        f"{name}.weight_mask": mask for name in "ab"
    }
    with pytest.raises(ModelError, match=r"^b shares the memory of a: prune one of the two"):
        pruned(saved(tmp_path / "t.pth", state))


def test_modules_with_one_parameter_are_pruned_alike_or_not_at_all() -> None:
    module = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16))
    module[1].weight = module[0].weight
    plan = Plan((LayerPlan("0", "bed", 4, 0.5), LayerPlan("1", "bed", 4, 0.75)))
    with pytest.raises(PlanError, match=r"^layers\.1: shares the memory of 0"):
        select_plan(plan, module)


def test_parameters_that_share_memory_in_a_module() -> None:
    module = nn.Sequential(nn.Linear(16, 16, bias=False), nn.Linear(16, 16, bias=False), nn.Linear(16, 16))
    first, second = module[0], module[1]
    assert isinstance(first, nn.Linear) and isinstance(second, nn.Linear)
    second.weight = nn.Parameter(first.weight.detach().t())
    layers = extract_module_layers(module, {})
    assert [layer.skip_reason for layer in layers] == [None, "another view of the weight of 0", "classifier"]
    model = LoadedModel("tied", "test", True, layers, None, module)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    after, _ = pruned(model)
    assert torch.equal(after["1.weight"], after["0.weight"].t())
    module.load_state_dict(after)  # into memory that is shared still
    assert torch.equal(first.weight, after["0.weight"])
    assert_kept_bits(before, after)


def test_identity_is_of_memory_offset_shape_strides_and_type() -> None:
    weight = torch.randn(8, 8)
    assert identity(weight) == identity(weight.detach()) == identity(nn.Parameter(weight))
    for other in (weight.t(), weight[:4], weight[4:], weight.view(torch.int32), weight.clone(), weight.reshape(64)):
        assert identity(other) != identity(weight)
    column = torch.randn(8, 1)
    assert identity(column) == identity(column.as_strided((8, 1), (1, 7)))
    assert identity(torch.empty(0, 3)) != identity(torch.empty(0, 3))
    assert identity(weight.to_sparse()) != identity(weight.to_sparse())


Views = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.lists(st.tuples(st.integers(1, 3), st.integers(0, 7)), min_size=1, max_size=3),
    ),
    min_size=2,
    max_size=5,
)


@settings(max_examples=200)
@given(Views)
def test_overlaps_are_found_as_by_comparing_every_element(views: list[tuple[int, list[tuple[int, int]]]]) -> None:
    memory = torch.arange(64.0)
    tensors = {
        str(i): memory.as_strided([side for side, _ in sides], [stride for _, stride in sides], offset)
        for i, (offset, sides) in enumerate(views)
    }
    owners = find_owners(tensors)
    for number, (name, tensor) in enumerate(tensors.items()):
        earlier = [tensors[str(i)] for i in range(number)]
        elements = set(tensor.flatten().tolist())
        assert (name in owners) == any(elements & set(other.flatten().tolist()) for other in earlier)
        if name in owners:
            owner = tensors[owners[name].name]
            assert owners[name].same == (identity(owner) == identity(tensor))
            assert elements & set(owner.flatten().tolist())
        if not overlaps_itself(tensor):
            assert len(elements) == tensor.numel()


def test_names_that_differ_only_in_unprintable_characters(tmp_path: Path) -> None:
    keys = ["mo\tdel.weight", "mo\x01del.weight", "mo?del.weight", "a", "a.weight", "b\\tc.weight", "b\tc.weight"]
    state = {key: torch.randn(16, 16) for key in keys}
    model = saved(tmp_path / "c.pth", state)
    assert len({layer.name for layer in model.layers}) == len(keys)
    assert all(layer.name.isprintable() for layer in model.layers)
    save_state(tmp_path / "c.safetensors", model, select_plan(make_plan(model, sparsity=0.5), model))
    after = load_file(tmp_path / "c.safetensors")
    assert after.keys() == state.keys()
    for key, value in after.items():
        assert int((value == 0).sum()) == 128 and torch.equal(value[value != 0], state[key][value != 0])


@given(st.lists(st.text(alphabet="a.\\x01\x01\x02\t? weight", max_size=8), unique=True, max_size=8))
def test_every_key_gets_a_name_of_its_own(keys: list[str]) -> None:
    names = name_layers([*keys, *(f"{key}.weight" for key in keys if f"{key}.weight" not in keys)])
    assert len(set(names.values())) == len(names) and all(name.isprintable() for name in names.values())
    plain = [key for key in keys if key.isprintable() and not key.endswith(".weight")]
    assert all(names[f"{key}.weight"].startswith(key) for key in plain)


def test_a_wrapped_state_dict_is_written_whole_under_its_own_keys(tmp_path: Path) -> None:
    network = AveragedModel(nn.Sequential(nn.Conv2d(16, 32, 3), nn.BatchNorm2d(32)))
    state = network.state_dict()
    state["scale"] = torch.tensor(3.0)
    model = saved(tmp_path / "swa.pth", state)
    assert [layer.name for layer in model.layers] == ["0"]
    after, _ = pruned(model)
    assert_kept_bits(dict(state), after)
    assert int((after["module.0.weight"] == 0).sum()) == 32 * 16 * 9 // 2


def test_what_safetensors_cant_hold_is_one_line(tmp_path: Path) -> None:
    good = {"a.weight": torch.randn(16, 16)}
    quantised = torch.quantize_per_tensor(torch.randn(8, 8), 0.01, 0, torch.qint8)
    for bad, word in (
        (torch.randn(8, 8).to_sparse(), "sparse"),
        (torch.randn(8, 8).to_sparse_csr(), "sparse"),
        (quantised, "quantised"),
        (torch.randn(8, 8).to(torch.complex128), "torch.complex128"),
        (torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), "a nested tensor"),
    ):
        model = saved(tmp_path / "b.pth", good | {"b.weight": bad})
        assert any("b.weight" in line for line in model.notes)
        selections = select_plan(make_plan(model, sparsity=0.5), model)
        with pytest.raises(ModelError, match=rf"^b\.pth: tensor b\.weight is {word}, which a safetensors file can't"):
            save_state(tmp_path / "b.safetensors", model, selections)
        save_masks(tmp_path / "b.npz", model, selections, overwrite=True)
    model = saved(tmp_path / "b.pth", good | {"\ud800": torch.ones(1)})
    with pytest.raises(ModelError, match="is no valid text"):
        save_state(tmp_path / "b.safetensors", model, select_plan(make_plan(model, sparsity=0.5), model))
    assert not (tmp_path / "b.safetensors").exists()


def test_a_negated_view_is_written_as_what_it_says(tmp_path: Path) -> None:
    state = {"a.weight": torch._neg_view(torch.randn(16, 16))}
    after, _ = pruned(saved(tmp_path / "n.pth", state))
    kept = after["a.weight"] != 0
    assert int(kept.sum()) == 128 and torch.equal(after["a.weight"][kept], state["a.weight"][kept])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_every_precision_keeps_its_bits(dtype: torch.dtype, tmp_path: Path) -> None:
    state = {"a.weight": torch.randn(16, 16).to(dtype)}
    model = saved(tmp_path / "a.pth", state)
    after, _ = pruned(model)
    assert after["a.weight"].dtype == dtype
    kept = after["a.weight"].float() != 0
    assert int(kept.sum()) in range(120, 129)
    assert torch.equal(after["a.weight"].float()[kept], state["a.weight"].float()[kept])
