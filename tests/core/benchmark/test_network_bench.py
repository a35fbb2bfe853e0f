"""Whole networks in a comparison: packed once per variant, run from end to end, with a profile of their steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from phone.fixtures import StartPhone

from ubp_core.benchmark import (
    NETWORK,
    BenchRun,
    BenchSettings,
    PackedVariants,
    group_times,
    make_variants,
    pack_network_variants,
    pruned_names,
    run_comparison,
)
from ubp_core.benchmark.errors import BadSetting
from ubp_core.benchmark.profile import DENSE_LAYERS, DEPTHWISE, GROUPS, PRUNED, REST, ProfileStep
from ubp_core.cli.main import main
from ubp_core.devices import open_device
from ubp_core.devices.adb.server import ServerAddress
from ubp_core.history import Entry, to_csv
from ubp_core.models import LoadedModel, load_model
from ubp_core.packed.file import PackedFile

FEW = BenchSettings(runs=3, warmup=1, limit_s=60, batch=7, input_hw=(5, 5))
"""Batch and image are the file's own; those of the settings are for layers."""


@pytest.fixture(scope="session")
def model() -> LoadedModel:
    return load_model("mobilenet_v1", weights="random", width=0.25, input_size=64)


@pytest.fixture(scope="session")
def network(model: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> PackedVariants:
    variants = make_variants(("abp", "optimal"))
    return pack_network_variants(model, variants, tmp_path_factory.mktemp("network"), (1, 3, 64, 64))


def test_every_variant_is_a_network_of_its_own(model: LoadedModel, network: PackedVariants) -> None:
    assert network.layer == NETWORK and network.network
    assert [variant.label for variant in network.variants] == ["dense", "abp N=4 s=0.75", "optimal N=4 s=0.75"]
    dense, abp, optimal = (PackedFile.load(file) for file in network.files)
    prunable = {layer.name for layer in model.prunable}
    assert all(layer.dense for layer in dense.layers)
    for packed, aligned in ((abp, True), (optimal, False)):
        assert {layer.name for layer in packed.layers if not layer.dense} == prunable
        assert all(layer.aligned == aligned for layer in packed.layers if not layer.dense)
    assert network.retained[0] == 1.0 > network.retained[2] > network.retained[1] > 0.25


@pytest.mark.parametrize("name", ["host", "emulator", "adb"])
def test_a_network_is_run_from_end_to_end(
    name: str, address: ServerAddress, start_phone: StartPhone, network: PackedVariants
) -> None:
    start_phone()
    run = run_comparison(open_device(name, address), (network,), FEW, "mobilenet_v1")
    assert run.complete, run.failure
    (result,) = run.layers
    assert (result.layer, result.input_shape) == (NETWORK, "1x3x64x64")
    assert [variant.check for variant in result.variants] == ["ok"] * 3
    assert [variant.kernel for variant in result.variants] == ["dense", "abp", "ubp"]
    assert [variant.file_bytes for variant in result.variants] == [file.stat().st_size for file in network.files]
    assert BenchRun.from_record(json.loads(json.dumps(run.to_record()))) == run
    if name != "emulator":
        check_profile(result.variants[2].profile, network.files[2])
        assert len(result.variants[2].samples_ns) == 3 and result.speedup(result.variants[2]) is not None
    else:
        assert all(variant.profile == () and variant.samples_ns == () for variant in result.variants)


def check_profile(steps: tuple[ProfileStep, ...], file: Path) -> None:
    """One step for each node; the shares are of the whole."""
    graph = PackedFile.load(file).graph
    assert graph is not None
    assert [step.name for step in steps] == [node.name for node in graph.nodes]
    assert sum(step.share for step in steps) == pytest.approx(1.0, abs=1e-3)
    assert {step.kernel for step in steps} == {"ubp", "dense", ""}
    pruned = pruned_names([steps])
    assert [step.group(pruned) for step in steps][:3] == [DENSE_LAYERS, DEPTHWISE, PRUNED]
    assert [step.group(pruned) for step in steps][-2:] == [REST, DENSE_LAYERS]


def test_times_are_summed_by_the_kind_of_work() -> None:
    steps = [
        ProfileStep("stem", "convolution", "dense", 10.0, 0.1, 1),
        ProfileStep("a", "depthwise", "", 20.0, 0.2, 1),
        ProfileStep("b", "convolution", "ubp", 30.0, 0.3, 1),
        ProfileStep("c", "linear", "dense", 25.0, 0.25, 1),
        ProfileStep("add", "add", "", 15.0, 0.15, 1),
    ]
    assert pruned_names([steps]) == {"b"}
    assert group_times(steps, {"b"}) == dict(zip(GROUPS, (30.0, 35.0, 20.0, 15.0), strict=True))
    assert group_times(steps, {"b", "c"})[PRUNED] == 55.0


def test_a_block_size_without_kernel_is_refused_before_the_network_is_captured(
    model: LoadedModel, tmp_path: Path
) -> None:
    told: list[str] = []
    with pytest.raises(BadSetting, match="blocks of 3"):
        pack_network_variants(
            model, make_variants(("bed",), (3,)), tmp_path / "x", (1, 3, 32, 32), on_variant=told.append
        )
    assert not told and not (tmp_path / "x").exists()


def test_the_command_runs_the_network_and_says_where_the_time_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UBP_HISTORY", str(tmp_path / "history.db"))
    options = ["--weights", "random", "--width", "0.25", "--input-size", "64", "--methods", "optimal", "--runs", "3"]
    assert main(["bench", "mobilenet_v1", *options]) == 0
    text = capsys.readouterr().out
    assert "network (1x3x64x64)" in text and "history: 1" in text
    for words in GROUPS.values():
        assert words in text
    assert any("depthwise" in line and "blocks." in line for line in text.splitlines())
    assert main(["history", "show", "1"]) == 0
    assert all(words in capsys.readouterr().out for words in list(GROUPS.values())[:1])
    assert main(["history", "export", "1"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)["runs"]
    steps = shown["layers"][0]["variants"][1]["profile"]
    assert len(steps) == 29 and {step["operation"] for step in steps} >= {"convolution", "depthwise", "average_pool"}
    assert "optimal N=4 s=0.75" in to_csv([Entry(shown.pop("id"), BenchRun.from_record(shown))])
