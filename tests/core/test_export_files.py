"""What is taken away loads again elsewhere: in PyTorch, numpy, the csv module and our own reader."""

from __future__ import annotations

import copy
import csv
import json
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch
from safetensors import safe_open

from ubp_core import importance, select_blocks
from ubp_core.cli.main import main
from ubp_core.errors import ExportCancelled, FileError, ModelError, PlanError, SelectionError, UbpError
from ubp_core.export import KINDS, ExportTarget, check_targets, export_files, pruned_state, save_state
from ubp_core.export.masks import save_masks
from ubp_core.export.run import prepare_files
from ubp_core.export.tables import COLUMNS
from ubp_core.models import Layer, LoadedModel, load_model
from ubp_core.models.own_modules import as_model
from ubp_core.models.spec import ModelSpec
from ubp_core.packed.file import PackedFile
from ubp_core.plan import Override, Plan, make_plan, select_plan


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model("mobilenet_v1", weights="random", width=0.25, seed=3, input_size=32)


@pytest.fixture(scope="module")
def plan(model: LoadedModel) -> Plan:
    overrides = [Override.parse("blocks.2.*=block-size:8,sparsity:0.5"), Override.parse("blocks.3.*=dense")]
    return make_plan(model, scope="global", method="bed", sparsity=0.7, floor=0.1, overrides=overrides)


def all_targets(folder: Path) -> list[ExportTarget]:
    names = {kind: f"{'whole' if kind == 'network' else 'out'}{ending}" for kind, (ending, _) in KINDS.items()}
    return [ExportTarget(kind, folder / name) for kind, name in names.items()]


def test_every_file_holds_the_same_blocks(model: LoadedModel, plan: Plan, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    report = export_files(plan, model, all_targets(tmp_path), progress=lambda line, share: told.append((line, share)))
    selections = select_plan(plan, model)
    assert sorted(tmp_path.iterdir()) == sorted(target.path for target in all_targets(tmp_path))
    assert [share for _, share in told] == sorted(share for _, share in told) and told[-1][1] < 1

    assert Plan.load(tmp_path / "out.yaml") == plan
    packed = PackedFile.load(tmp_path / "out.ubp")
    assert [layer.name for layer in packed.layers] == list(selections)
    with np.load(tmp_path / "out.npz") as masks:
        told_by_masks = json.loads(str(masks["ubp"]))
        for name, selection in selections.items():
            weight = model.layer(name).weight
            expected = np.where(selection.mask().reshape(weight.shape), weight, np.float32(0))
            np.testing.assert_array_equal(masks[f"{name}.mask"], selection.mask().reshape(weight.shape))
            np.testing.assert_array_equal(masks[f"{name}.rows"], selection.rows)
            np.testing.assert_array_equal(masks[f"{name}.columns"], selection.columns)
            np.testing.assert_array_equal(packed.layer(name).unpack(), expected)
            assert told_by_masks["layers"][name]["blocks"] == len(selection.rows)
    with (tmp_path / "out.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert tuple(lines[0]) == COLUMNS and [line["layer"] for line in lines] == [layer.name for layer in model.layers]
    assert sum(int(line["parameters_after"]) for line in lines) == report.cost.parameters_after
    assert {line["because"] for line in lines if line["layer"] == "blocks.3.pointwise"} == {"by choice"}


def test_the_pruned_weights_load_into_the_network_again(model: LoadedModel, plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "pruned.safetensors"
    assert model.module is not None
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    export_files(plan, model, [ExportTarget("state_dict", path)])
    again = load_model(str(path), arch="mobilenet_v1", width=0.25)
    assert again.module is not None
    selections = select_plan(plan, model)
    for name, value in again.module.state_dict().items():
        layer = name.removesuffix(".weight")
        expected = before[name]
        if layer in selections and name.endswith(".weight"):
            mask = torch.from_numpy(selections[layer].mask()).reshape(expected.shape)
            assert not value[~mask].any() and not torch.signbit(value[~mask]).any(), "zeros are +0.0"
            assert torch.equal(value[mask], expected[mask])
        else:
            assert torch.equal(value, expected), name
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())
    assert oct(path.stat().st_mode & 0o777) == oct(0o666 & ~current_umask())
    with safe_open(path, "pt") as file:
        metadata = json.loads(file.metadata()["ubp"])
    assert metadata["random_weights"] is True and metadata["criterion"] == "l1"
    assert metadata["layers"]["blocks.2.pointwise"]["block_size"] == 8
    assert set(metadata["layers"]) == set(selections)


def current_umask() -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    raise AssertionError("no Umask line")


def test_a_bare_checkpoint_keeps_all_its_tensors(tmp_path: Path) -> None:
    """Nobody said what network it is: whatever else is in the file stays as it is, half precision too."""
    torch.manual_seed(0)
    state = {
        "body.weight": torch.randn(16, 8, 3, 3, dtype=torch.float16),
        "body.bias": torch.randn(16),
        "bn.running_mean": torch.randn(16),
        "bn.num_batches_tracked": torch.tensor(7),
        "odd": torch.randn(12, 16),
    }
    torch.save(state, tmp_path / "mine.pt")
    model = load_model(str(tmp_path / "mine.pt"))
    plan = make_plan(
        model, sparsity=0.5, overrides=[Override.parse("body=sparsity:0.75"), Override.parse("odd=floor:0")]
    )
    selections = select_plan(plan, model)
    pruned = pruned_state(model, selections)
    assert {name: (value.dtype, value.shape) for name, value in pruned.items()} == {
        name: (value.dtype, value.shape) for name, value in state.items()
    }
    for name, key in (("body", "body.weight"), ("odd", "odd")):
        mask = torch.from_numpy(selections[name].mask()).reshape(state[key].shape)
        assert torch.equal(pruned[key], torch.where(mask, state[key], torch.zeros_like(state[key])))
    assert torch.equal(pruned["bn.num_batches_tracked"], state["bn.num_batches_tracked"])


HOSTILE = [
    "../x",
    "/etc/x",
    "..",
    "a\nb",
    "a/b/",
    "a\\b",
    "con",
    "case",
    "CASE",
    "Case",
    "x.npy",
    "x.mask",
    "x",
    "ubp",
    "file",
    "n" * 65_500,
]


def test_masks_are_read_back_by_the_names_of_their_layers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layers = tuple(Layer(name, "conv", torch.randn(8, 8, 1, 1).numpy(), None, skip_reason=None) for name in HOSTILE)
    selections = {layer.name: select_blocks(importance(layer.weight), 4, 0.5, "bed") for layer in layers}
    (tmp_path / "in").mkdir()
    save_masks(tmp_path / "in" / "m.npz", LoadedModel("hostile", "", False, layers, None), selections)
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "m.npz"]
    with np.load(tmp_path / "in" / "m.npz") as archive:
        assert len(archive.files) == 1 + 5 * len(HOSTILE)
        for name, selection in selections.items():
            assert np.array_equal(archive[f"{name}.mask"].reshape(8, 8), selection.mask())
            assert np.array_equal(archive[f"{name}.rows"], selection.rows)
            assert archive[f"{name}.block_size"] == 4


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a\0b", r"the layer's name 'a\?b' holds a zero character, so no archive can hold its mask: rename it$"),
        ("n" * 65_501, r"name 'n{60}\.\.\.' has 65,501 bytes, so"),
        ("\u00e9" * 40_000, r"\.\.\.' has 80,000 bytes, so"),
        ("a\udc80", r"name 'a\?' is no valid text, so"),
    ],
)
def test_a_name_that_no_archive_can_hold_is_refused(name: str, line: str, tmp_path: Path) -> None:
    layer = Layer(name, "conv", np.ones((8, 8, 1, 1), np.float32), None, skip_reason=None)
    selection = select_blocks(importance(layer.weight), 4, 0.5, "bed")
    with pytest.raises(FileError, match=line) as caught:
        save_masks(tmp_path / "m.npz", LoadedModel("hostile", "", False, (layer,), None), {name: selection})
    assert str(caught.value).isprintable() and not list(tmp_path.iterdir())


def test_a_shared_weight_is_pruned_under_both_names(model: LoadedModel) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(8, 8, bias=False), torch.nn.Linear(8, 8, bias=False))
    module[1].weight = module[0].weight
    layer = replace(
        model.layer("blocks.0.pointwise"), name="0", weight=module[0].weight.detach().numpy(), kind="linear"
    )
    tied = LoadedModel("tied", "test", True, (layer,), None, module)
    selections = select_plan(make_plan(tied, sparsity=0.5), tied)
    pruned = pruned_state(tied, selections)
    assert torch.equal(pruned["0.weight"], pruned["1.weight"])
    assert int((pruned["1.weight"] == 0).sum()) == 32


def test_nothing_is_replaced_without_being_asked(model: LoadedModel, plan: Plan, tmp_path: Path) -> None:
    targets = all_targets(tmp_path)
    for target in targets:
        target.path.write_text("mine")
        with pytest.raises(FileError, match=r"is there already; --force replaces it"):
            export_files(plan, model, [target])
        assert target.path.read_text() == "mine"
    export_files(plan, model, targets, overwrite=True)
    assert all(target.path.read_bytes()[:4] != b"mine" for target in targets)


def test_cancel_leaves_no_file_behind(model: LoadedModel, plan: Plan, tmp_path: Path) -> None:
    for kind, line in (
        ("packed", "selecting"),
        ("packed", "writing"),
        ("network", "capturing"),
        ("network", "selecting"),
        ("network", "packed "),
        ("network", "comparing"),
        ("network", "writing"),
    ):
        cancel = Event()

        def progress(text: str, share: float, line: str = line, cancel: Event = cancel) -> None:
            if text.startswith(line):
                cancel.set()

        with pytest.raises(ExportCancelled):
            export_files(plan, model, [ExportTarget(kind, tmp_path / "x.ubp")], progress=progress, cancel=cancel)
        assert cancel.is_set(), f"never told {line}"
        assert not list(tmp_path.iterdir())


def test_only_the_chosen_layers(model: LoadedModel, plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "two.ubp"
    report = export_files(
        plan, model, [ExportTarget("packed", path)], layers=["blocks.4.pointwise", "blocks.2.pointwise"]
    )
    assert [layer.name for layer in PackedFile.load(path).layers] == ["blocks.2.pointwise", "blocks.4.pointwise"]
    assert len(report.pruned) == 2
    with pytest.raises(PlanError, match=r"layers\.blocks\.3\.pointwise: stays dense by the plan \(by choice\)"):
        export_files(plan, model, [ExportTarget("table", tmp_path / "t.csv")], layers=["blocks.3.pointwise"])


def test_bad_places_are_named_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for targets, message in (
        ([ExportTarget("packed", tmp_path / "x.bin")], r"x\.bin: the name of a file of kind packed ends in \.ubp"),
        ([ExportTarget("table", tmp_path / "no" / "x.csv")], "there is no folder"),
        ([ExportTarget("table", tmp_path / "folder.csv")], "is a folder"),
        ([ExportTarget("table", tmp_path / "x.csv")] * 2, "stands there twice"),
    ):
        with pytest.raises(FileError, match=message):
            check_targets(targets, overwrite=True)
    circle = tmp_path / "circle.csv"
    circle.symlink_to(circle)
    with pytest.raises(FileError, match=r"circle\.csv: is there already; --force replaces it"):
        check_targets([ExportTarget("table", circle)], overwrite=False)
    check_targets([ExportTarget("table", circle)], overwrite=True)


def test_block_sizes_without_a_kernel_are_refused_by_name(model: LoadedModel, tmp_path: Path) -> None:
    plan = make_plan(model, block_size=3, method="bed")
    with pytest.raises(SelectionError, match=r"^blocks\.0\.pointwise: block_size: blocks of 3 can't be packed"):
        export_files(plan, model, [ExportTarget("packed", tmp_path / "x.ubp")])
    assert not list(tmp_path.iterdir())
    save_state(tmp_path / "x.safetensors", model, select_plan(plan, model))


def test_the_network_is_what_the_command_writes(model: LoadedModel, plan: Plan, tmp_path: Path) -> None:
    spec = ModelSpec("mobilenet_v1", weights="random", width=0.25, seed=3, input_size=32)
    replace(plan, model=spec).save(tmp_path / "plan.yaml")
    assert main(["export", "--plan", str(tmp_path / "plan.yaml"), "-o", str(tmp_path / "command.ubp"), "-q"]) == 0
    export_files(plan, model, [ExportTarget("network", tmp_path / "library.ubp")])
    assert (tmp_path / "library.ubp").read_bytes() == (tmp_path / "command.ubp").read_bytes()
    export_files(plan, model, [ExportTarget("network", tmp_path / "one.ubp")], layers=["blocks.2.pointwise"])
    one = PackedFile.load(tmp_path / "one.ubp")
    assert [layer.name for layer in one.layers if not layer.dense] == ["blocks.2.pointwise"]
    assert one.graph is not None and len(one.layers) == len(model.layers)


def test_a_network_that_cannot_be_written_is_refused_before_any_file_is(
    model: LoadedModel, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return torch.cumsum(image, 1)

    targets = [ExportTarget("plan", tmp_path / "x.yaml"), ExportTarget("network", tmp_path / "x.ubp")]
    odd_size = make_plan(model, block_size=3, method="bed")
    for wanted, other, message in (
        (plan, replace(model, module=None, input_size=None), "is a checkpoint of an unknown network: --arch NAME"),
        (plan, replace(model, input_size=None), "the size of its image is not known"),
        (
            plan,
            replace(model, module=Odd()),
            r"mobilenet_v1 \(width 0\.25\) can't be exported: its own forward\(\) needs cumsum",
        ),
        (odd_size, model, r"^layers\.blocks\.0\.pointwise: blocks of 3 can't be packed: kernels have"),
    ):
        with pytest.raises(UbpError, match=message) as caught:
            export_files(wanted, other, targets)
        assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())
    monkeypatch.setattr("ubp_core.network.exporting.TOLERANCE", 0.0)
    monkeypatch.setattr("ubp_core.network.exporting.ROUNDING_FACTOR", 0.0)
    with pytest.raises(ModelError, match="differs from PyTorch"):
        export_files(plan, model, targets)
    assert not list(tmp_path.iterdir())


def test_packed_layers_in_fp16_say_what_that_loses_and_are_refused_before_any_file_is(
    model: LoadedModel, tmp_path: Path
) -> None:
    plan = make_plan(model, method="bed", dtype="fp16")
    targets = [ExportTarget("plan", tmp_path / "x.yaml"), ExportTarget("packed", tmp_path / "x.ubp")]
    for scale, message in ((1e6, "its largest weight, .* is beyond fp16"), (1e-9, "become 0 in fp16")):
        scaled = copy.deepcopy(model.module)
        assert scaled is not None
        with torch.no_grad():
            scaled.get_submodule("blocks.1.pointwise").weight.mul_(scale)  # type: ignore[operator]
        with pytest.raises(SelectionError, match=rf"^blocks\.1\.pointwise: .*{message}"):
            export_files(plan, scaled_model(model, scaled), targets)
        assert not list(tmp_path.iterdir())
    small = copy.deepcopy(model.module)
    assert small is not None
    with torch.no_grad():
        small.get_submodule("blocks.1.pointwise").weight.mul_(1e-4)  # type: ignore[operator]
    prepared = prepare_files(plan, scaled_model(model, small), targets)
    assert [note for note in prepared.notes if note.startswith("blocks.1.pointwise: fp16 loses ")] == [*prepared.notes]
    assert len(prepared.notes) == 1 and not list(tmp_path.iterdir())
    prepared.write()
    assert {layer.dtype for layer in PackedFile.load(tmp_path / "x.ubp").layers} == {"fp16"}


def scaled_model(model: LoadedModel, module: torch.nn.Module) -> LoadedModel:
    """The model with other weights."""
    return replace(as_model(module, (1, 3, 32, 32)), name=model.name)
