"""`ubp plan`, `ubp prune` and `ubp pack --plan`: from wishes to files, and how they refuse."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ubp_core.benchmark import BenchRun, LayerResult, VariantResult
from ubp_core.cli.main import main
from ubp_core.cli.prune import OPTIONS, option_of
from ubp_core.export import KINDS
from ubp_core.history import History
from ubp_core.history.figures import shapes_of
from ubp_core.models import load_model
from ubp_core.packed.file import PackedFile
from ubp_core.plan import Plan
from ubp_core.selection import budget

MODEL = ("mobilenet_v1", "--width", "0.25", "--weights", "random")
GLOBAL = ("--scope", "global", "--sparsity", "0.8", "--floor", "0.05")


@pytest.fixture
def plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "plan.yaml"
    assert main(["plan", *MODEL, *GLOBAL, "--method", "bed", "-o", str(path)]) == 0
    capsys.readouterr()
    return path


def record(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_the_table_shows_every_layer_and_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *MODEL, *GLOBAL]) == 0
    captured = capsys.readouterr()
    model = load_model("mobilenet_v1", weights="random", width=0.25)
    for text in ("one budget: optimal, N = 4, s = 0.8", "at least 5.0 %", "requested", "achieved",
                 "retained", "dense: stem", "11 of 28 layers pruned", "multiply-adds", "80.00 %",
                 "dense: larger if packed"):  # fmt: skip
        assert text in captured.out
    assert all(layer.name in captured.out for layer in model.layers)
    assert captured.err == ""


def test_json_tells_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *MODEL, "--sparsity", "0.5", "--method", "abp", "--json"]) == 0
    told = record(capsys)
    model = load_model("mobilenet_v1", weights="random", width=0.25)
    assert told["asked"]["scope"] == "uniform" and told["asked"]["method"] == "abp"
    assert [layer["layer"] for layer in told["layers"]] == [layer.name for layer in model.layers]
    assert told["total"]["parameters_before"] == model.parameters
    assert told["total"]["parameters_after"] == sum(layer["parameters_after"] for layer in told["layers"])
    assert told["total"]["achieved_sparsity"] == pytest.approx(0.5)


def test_show_reads_an_edited_plan(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = plan.read_text(encoding="utf-8")
    name = "blocks.12.pointwise"
    before = next(line for line in text.splitlines() if line.strip().startswith(f"{name}:"))
    plan.write_text(text.replace(before, f"  {name}: {{method: dense}}"), encoding="utf-8")
    assert main(["plan", "show", str(plan), "--json"]) == 0
    by_name = {layer["layer"]: layer for layer in record(capsys)["layers"]}
    assert by_name[name]["method"] == "dense" and by_name[name]["achieved_sparsity"] == 0


def test_again_decides_anew_by_the_edited_head(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = plan.read_text(encoding="utf-8")
    fixed = next(x for x in Plan.load(plan).layers if x.name == "blocks.6.pointwise")
    line = next(line for line in text.splitlines() if line.strip().startswith(f"{fixed.name}:"))
    plan.write_text(
        text.replace("sparsity: 0.8\n", "sparsity: 0.6\n").replace(line, line.replace("}", ", fixed: true}")),
        encoding="utf-8",
    )
    assert main(["plan", "again", str(plan)]) == 0
    assert Plan.load(plan).sparsity == 0.6 and "one budget: bed, N = 4, s = 0.6" in capsys.readouterr().out
    assert main(["plan", "again", str(plan), "-o", str(plan)]) == 2
    assert main(["plan", "again", str(plan), "-o", str(plan), "--force"]) == 0
    again = Plan.load(plan)
    model = load_model("mobilenet_v1", weights="random", width=0.25)
    free = [x for x in again.pruned if not x.fixed]
    assert again.layer(fixed.name).sparsity == fixed.sparsity and len(free) == len(again.pruned) - 1
    blocks = sum(budget((model.layer(x.name).rows, model.layer(x.name).columns), 4, x.sparsity) for x in free)
    assert blocks == round(0.4 * sum(model.layer(x.name).parameters for x in free) / 4)


def test_prune_writes_what_is_asked_for(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {kind: tmp_path / f"out{KINDS[kind][0]}" for kind in OPTIONS}
    options = [part for kind, path in files.items() for part in (option_of(kind), str(path))]
    assert main(["prune", str(plan), *options]) == 0
    captured = capsys.readouterr()
    assert all(path.exists() and f"wrote {path}" in captured.err for path in files.values())
    assert main(["prune", str(plan), *options]) == 2
    assert capsys.readouterr().err.strip().endswith("is there already; --force replaces it")
    assert main(["prune", str(plan), *options, "--force", "--layer", "blocks.7.pointwise"]) == 0
    assert [layer.name for layer in PackedFile.load(files["packed"]).layers] == ["blocks.7.pointwise"]
    assert main(["layers", str(files["state_dict"]), "--arch", "mobilenet_v1", "--width", "0.25"]) == 0


def add_run(path: Path, name: str, figure: str, **values: float) -> None:
    """A run of one layer that the plan prunes, in the history."""
    model = load_model("mobilenet_v1", weights="random", width=0.25)
    layer = model.layer(name)
    weight, image = shapes_of(layer)
    planned = Plan.load(path).layer(name)
    variant = VariantResult("bed", "bed", 4, planned.sparsity, "k", "ok", "aa", **values)  # type: ignore[arg-type]
    result = LayerResult(name, "", image, (variant,), weight_shape=weight)
    device = "emulator" if figure == "instructions" else "adb:X"
    run = BenchRun(device, "adb", figure, "Phone", "", model.name, {}, {}, (result,), extra={"criterion": "l1"})
    with History() as history:
        history.add(run)


def test_a_device_adds_what_was_measured_there(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UBP_HISTORY", str(tmp_path / "history"))
    name = "blocks.7.pointwise"
    assert main(["plan", "show", str(plan), "--measured-on", "adb:X"]) == 0
    captured = capsys.readouterr()
    assert "nothing was measured" in captured.err and "latency" not in captured.out
    assert not (tmp_path / "history").exists(), "looking makes no file"
    add_run(plan, name, "latency", median_ns=1_234_400.0)
    add_run(plan, name, "instructions", instructions=98765)
    assert main(["plan", "show", str(plan), "--measured-on", "adb:X"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert any("latency on adb:X" in line for line in lines)
    assert [line.split()[0] for line in lines if line.rstrip().endswith("1.234 ms")] == [name]
    table = tmp_path / "out.csv"
    assert main(["prune", str(plan), "--table", str(table), "--measured-on", "emulator", "--json"]) == 0
    told = {layer["layer"]: layer for layer in record(capsys)["layers"]}
    assert told[name]["instructions"] == 98765 and "device" not in told["blocks.8.pointwise"]
    rows = {row["layer"]: row for row in csv.DictReader(table.open(newline=""))}
    assert (rows[name]["device"], rows[name]["figure"], rows[name]["instructions"]) == (
        "emulator", "instructions", "98765.0"
    )  # fmt: skip
    assert rows["blocks.8.pointwise"]["device"] == ""


def test_pack_takes_a_plan(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "network.ubp"
    assert main(["pack", "--plan", str(plan), "-o", str(path)]) == 0
    packed = PackedFile.load(path)
    wanted = Plan.load(plan).pruned
    assert [(layer.name, layer.method, layer.sparsity) for layer in packed.layers] == [
        (layer.name, layer.method, layer.sparsity) for layer in wanted
    ]
    capsys.readouterr()
    assert main(["pack", "--plan", str(plan), "-o", str(path)]) == 2
    assert "--force replaces it" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "message"), [
    (["plan", *MODEL, "-o", "plan.txt"], "plan.txt: the name of a plan ends in .yaml"),
    (["plan", "show", "none.yaml"], "none.yaml: can't be read"),
    (["plan", *MODEL, "--floor", "0.1"], "--floor: belongs to one budget over all layers"),
    (["plan", *MODEL, "--scope", "global", "--sparsity", "0.9", "--floor", "0.2"], "floors: together they keep"),
    (["plan", *MODEL, "--layer-override", "conv1=dense"], "'conv1': matches no layer"),
    (["plan", *MODEL, "--layer-override", "conv1"], "need PATTERN=dense, or PATTERN=FIELD:VALUE"),
    (["prune", "none.yaml"], "nothing to write: name a file with --state-dict"),
    (["prune", "none.yaml", "--table", "t.txt"], "t.txt: the name of a file of kind table ends in .csv"),
    (["prune", "none.yaml", "--table", "t.csv"], "none.yaml: can't be read"),
])  # fmt: skip
def test_what_can_not_be_done_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("ubp: error: ") and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_interrupted_prune_leaves_nothing(plan: Path, tmp_path: Path) -> None:
    """Ctrl-C in the middle of a real process: no file, not half of one."""
    code = (
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from ubp_core.cli.main import main\nfrom ubp_core.export import packed_layers\n"
        "pack = packed_layers.pack_layer\n"
        "def slow(*args):\n    print('packing', flush=True)\n    sys.stdin.read()\n    return pack(*args)\n"
        "packed_layers.pack_layer = slow\nsys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", code, "prune", str(plan), "--packed", str(tmp_path / "x.ubp")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ.copy()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"packing\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["plan.yaml"]
