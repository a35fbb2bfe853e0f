"""`ubp train` on real pictures: what it leaves, going on after being killed or interrupted, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from training_samples import write_config, write_digits
from ubp_core import Network, PackedFile
from ubp_core.cli.main import main
from ubp_core.models import load_model
from ubp_core.training.config import read_config
from ubp_core.training.run_log import read_log

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    write_digits(folder)
    return folder


@pytest.fixture(scope="module")
def finished(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("run")
    assert main(["train", str(write_config(folder / "run.yaml", digits, folder / "out"))]) == 0
    return folder / "out"


def test_a_run_leaves_weights_packed_layers_log_and_report(finished: Path) -> None:
    report = json.loads((finished / "report.json").read_text())
    state = load_file(finished / "pruned.safetensors")
    packed = PackedFile.load(finished / "layers.ubp")
    assert len(packed.layers) == len(report["layers"]) == 13
    for layer, record in zip(packed.layers, report["layers"], strict=True):
        weight = state[f"{layer.name}.weight"].numpy()
        assert np.array_equal(layer.unpack(), weight)
        assert layer.achieved_sparsity == pytest.approx(record["achieved"])
        assert float((weight == 0).mean()) >= record["achieved"] - 1e-9
    assert report["achieved_sparsity"] == pytest.approx(0.75, abs=0.01)
    model = load_model(str(finished / "pruned.safetensors"), arch="mobilenet_v1", width=0.25)
    assert model.module is not None and model.module.state_dict()["classifier.weight"].shape[0] == 4
    network = Network.load(finished / "network.ubp")
    image = np.random.default_rng(0).standard_normal((1, 3, 28, 28), np.float32)
    module = model.module.eval()
    with torch.no_grad():
        assert np.allclose(network.run(image), module(torch.from_numpy(image)).numpy(), atol=1e-3)
    log = read_log(finished)
    assert [line["step"] for line in log if line["kind"] == "step"] == list(range(1, 11))
    assert [line["epoch"] for line in log if line["kind"] == "validation"] == [1, 2]
    assert {"loss", "accuracy", "requested_sparsity", "achieved_sparsity"} <= log[0].keys()
    assert log[-1]["achieved_sparsity"] == report["achieved_sparsity"]
    assert not list(finished.glob(".*"))


@pytest.mark.parametrize(("fatal", "moment"), [(3, "before"), (5, "after")])
def test_a_killed_run_goes_on_bit_for_bit(
    digits: Path, finished: Path, tmp_path: Path, fatal: int, moment: str
) -> None:
    config = write_config(tmp_path / "run.yaml", digits, tmp_path / "out")
    command = [sys.executable, str(HERE / "killed_training.py"), str(config), str(fatal), moment]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment())
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert bool(list((tmp_path / "out").glob(".*.tmp"))) == (moment == "before")
    assert main(["train", str(config)]) == 0
    assert_same_run(tmp_path / "out", finished)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def assert_same_run(folder: Path, expected: Path) -> None:
    """Weights, packed bytes and log agree; only times may differ."""
    for name in ("pruned.safetensors", "layers.ubp"):
        assert (folder / name).read_bytes() == (expected / name).read_bytes(), name
    assert without_times(read_log(folder)) == without_times(read_log(expected))
    states = [torch.load(place / "last.pt", weights_only=True) for place in (folder, expected)]
    assert torch.equal(states[0]["random"], states[1]["random"])


def without_times(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if not key.endswith("seconds")} for line in log]


def test_ctrl_c_saves_and_the_same_command_goes_on(
    digits: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from ubp_core.training.loop import TrainingLoop

    config = str(write_config(tmp_path / "run.yaml", digits, tmp_path / "out", output__checkpoint_every=1000))
    note_step = TrainingLoop._note_step

    def press_ctrl_c(self: TrainingLoop, *arguments: Any) -> None:
        note_step(self, *arguments)
        if self.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingLoop, "_note_step", press_ctrl_c)
        assert main(["train", config]) == 130
    assert "stopped at step 3 of 10" in capfd.readouterr().err
    assert main(["train", config]) == 0
    assert "goes on at step 3" in capfd.readouterr().err
    assert_same_run(tmp_path / "out", finished)


def test_a_finished_run_is_not_trained_again_and_another_configuration_is_refused(
    digits: Path, finished: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (finished / "last.pt").read_bytes()
    same = write_config(tmp_path / "same.yaml", digits, finished, output__log_every=3)
    assert main(["train", str(same), "--json"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out)["steps"] == 10 and "finished: " in printed.err and "packing" not in printed.err
    assert (finished / "last.pt").read_bytes() == before
    other = write_config(tmp_path / "other.yaml", digits, finished, training__learning_rate=0.1)
    assert main(["train", str(other)]) == 2
    line = capfd.readouterr().err
    assert "training.learning_rate: the run in the output folder has 0.05, the file says 0.1" in line


def test_a_file_that_is_missing_is_made_again(digits: Path, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    (tmp_path / "out" / "layers.ubp").unlink()
    assert main(["train", str(write_config(tmp_path / "run.yaml", digits, tmp_path / "out"))]) == 0
    assert_same_run(tmp_path / "out", finished)


def test_the_dense_accuracy_stands_beside_the_pruned_one(
    finished: Path, digits: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = json.loads((finished / "report.json").read_text())
    steps = [line for line in read_log(finished) if line["kind"] == "step"]
    dense = [line["step"] for line in steps if line["achieved_sparsity"] == 0]
    assert report["dense_step"] == len(dense) > 0 and 0 <= report["dense_accuracy"] <= 1
    same = write_config(tmp_path / "same.yaml", digits, finished)
    assert main(["train", str(same)]) == 0
    assert f"dense accuracy  {100 * report['dense_accuracy']:.2f} %" in capfd.readouterr().out


def test_small_layers_and_sparsity_0_stay_dense(
    digits: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    changes: dict[str, Any] = {"pruning__sparsity": 0.0, "pruning__block_size": 16, "training__epochs": 1}
    changes["pruning__schedule"] = {"kind": "one-shot"}
    config = str(write_config(tmp_path / "run.yaml", digits, tmp_path / "out", model__width=0.25, **changes))
    assert main(["train", config, "--check", "--json"]) == 0
    layers = {layer["name"]: layer for layer in json.loads(capfd.readouterr().out)["layers"]}
    small = [layer for layer in layers.values() if layer["shape"][0] < 16 and layer["kind"] == "Conv2d"]
    assert all(not layer["packed"] and layer["reason"] for layer in small)
    assert main(["train", config, "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert report["achieved_sparsity"] == 0 and report["files"]["packed"] is None
    assert Network.load(tmp_path / "out" / "network.ubp") is not None


def test_check_tells_the_layers_and_trains_nothing(
    digits: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path / "run.yaml", digits, tmp_path / "out", pruning__skip=["blocks.0.*"])
    assert main(["train", str(config), "--check", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    layers = {layer["name"]: layer for layer in told["layers"]}
    assert told["network_refusal"] is None
    assert layers["blocks.1.pointwise"]["packed"]
    assert layers["blocks.0.pointwise"]["reason"] == "left out by the file"
    assert layers["blocks.1.depthwise"]["reason"] == "depthwise"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"training__epochs": None}, "training: epochs is missing"),
        ({"training__epoch": 3}, "training: 'epoch' is unknown; did you mean epochs?"),
        ({"training__epochs": "many"}, "training.epochs: need a whole number; got 'many'"),
        ({"training__epochs": 0}, "training.epochs: need 1 or more; got 0"),
        ({"pruning__sparsity": 1.5}, "pruning: sparsity: need 0 <= s < 1; got 1.5"),
        ({"pruning__block_size": 3}, "pruning.block_size: blocks of 3 can't be packed: kernels have 1, 2, 4, 8, 16"),
        ({"pruning__schedule": {"end": 5}}, "pruning.schedule: does not end within 2 epochs"),
        ({"pruning__schedule": {"kind": "square"}}, "pruning.schedule.kind: need one of cubic, linear, one-shot"),
        ({"pruning__overrides": {"nowhere": 0.5}}, "pruning: overrides: no layer is called 'nowhere'"),
        ({"pruning__overrides": {"blocks.1.*": {"sparsty": 1}}}, "did you mean sparsity?"),
        ({"data__train": "/nowhere"}, "data.train: /nowhere is not a folder"),
        ({"data__augment": "mirror"}, "data.augment: need one of none, shift, flip, crop; got 'mirror'"),
        ({"data__mean": [0.5]}, "data.mean: need 3 values"),
        ({"model__name": "mobilenet_v9"}, "model: unknown model 'mobilenet_v9'"),
        ({"training__device": "cuda:77"}, "training.device: 'cuda:77' can't be used here"),
        ({"output": [1]}, "output: need a mapping"),
    ],
)
def test_what_a_file_gets_wrong_is_one_line(
    digits: Path, tmp_path: Path, changes: dict[str, Any], line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path / "run.yaml", digits, tmp_path / "out", **changes)
    assert main(["train", str(config)]) == 2
    captured = capfd.readouterr()
    assert line in captured.err
    assert captured.err.count("\n") == 1 and not captured.out


def test_files_that_are_no_configuration(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.yaml"
    for text, line in (
        ("a: [1", "bad.yaml:1: not YAML"),
        ("data: {train: x}\ndata: {train: y}", "bad.yaml:2: 'data' stands there twice"),
        ("- 1", "bad.yaml:1: need a mapping"),
        ("", "bad.yaml: is empty"),
    ):
        file.write_text(text)
        assert main(["train", str(file)]) == 2
        assert line in capfd.readouterr().err
    assert main(["train", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: can't be read: No such file" in capfd.readouterr().err


def test_a_broken_picture_is_named(digits: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / "train" / name).mkdir(parents=True)
        (tmp_path / "train" / name / "broken.png").write_bytes(b"no picture")
    config = write_config(
        tmp_path / "run.yaml", tmp_path, tmp_path / "out", data__validation=None, training__batch_size=1
    )
    assert main(["train", str(config)]) == 2
    assert "broken.png: can't be read as a picture" in capfd.readouterr().err


def test_the_documented_configuration_is_read(tmp_path: Path) -> None:
    text = (HERE.parents[2] / "docs" / "pruning.md").read_text()
    file = tmp_path / "documented.yaml"
    file.write_text(text.split("```yaml\n")[1].split("```")[0])
    documented = read_config(file).as_dict()
    keys = {f"{section}.{key}" for section, values in documented.items() for key in values}
    written = yaml.safe_load(file.read_text())
    assert keys == {f"{section}.{key}" for section, values in written.items() for key in values}
    file.write_text("{data: {train: a}, model: {name: b}, training: {epochs: 1}, output: {folder: c}}")
    defaults = read_config(file).as_dict()
    told = {"validation", "augment", "workers", "skip", "overrides", "batch_size", "learning_rate", "schedule"}
    required = {"train", "name", "epochs", "folder"}
    for section, values in documented.items():
        for key, value in values.items():
            assert key in told | required or value == defaults[section][key], f"{section}.{key}"
