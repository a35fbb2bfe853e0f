"""SIGTERM and SIGHUP from outside, to the real commands, while they write, pack and run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import pytest

LIMIT_S = 300

WATCHER = """
import os, signal, sys
marks, number = sys.argv[1].split(","), int(sys.argv[2])
def hook(event, arguments):
    if event in ("open", "os.link", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen"):
        text = event + " " + " ".join(str(argument) for argument in arguments[:2])
        if not done and all(mark in text for mark in marks):
            done.append(text)
            os.kill(os.getpid(), number)
done = []
sys.addaudithook(hook)
sys.argv[1:3] = []
from ubp_core.cli.main import main
code = main()
sys.exit(code if done else "the moment never came")
"""
"""Runs `ubp`, and sends itself a signal when it does something to a file whose name holds all marks."""

INTERRUPTER = """
import os, signal, sys
from importlib import import_module
place, name = sys.argv[1].rsplit(".", 1)
module = import_module(place)
real = getattr(module, name)
def interrupted(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments)
setattr(module, name, interrupted)
sys.argv[1:2] = []
from ubp_core.cli.main import main
sys.exit(main())
"""
"""Runs `ubp`, and sends itself Ctrl-C when it comes to a function."""

PLAN = ["plan", "mobilenet_v1", "--width", "0.25", "--method", "abp"]
BENCH = ["bench", "mobilenet_v1", "--width", "0.25", "--input-size", "32", "--layers", "blocks.3.pointwise",
         "--methods", "abp", "--no-history"]  # fmt: skip

INTEGERS = ["export", "mobilenet_v1", "--width", "0.25", "--input-size", "32", "--dense", "--dtype", "int8"]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan."""
    from ubp_core.cli.main import main

    path = tmp_path_factory.mktemp("plan") / "v.yaml"
    assert main([*PLAN, "-o", str(path), "--quiet"]) == 0
    return path


@pytest.fixture
def folder(tmp_path: Path, plan: Path) -> Path:
    """With the plan and a history."""
    from history_samples import make_run
    from ubp_core.history import History

    (tmp_path / "out").mkdir()
    (tmp_path / "tmp").mkdir()
    shutil.copy(plan, tmp_path / "v.yaml")
    with History(tmp_path / "h.sqlite") as history:
        history.add(make_run())
    return tmp_path


@contextmanager
def started(folder: Path, command: list[str]) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "UBP_HISTORY": str(folder / "h.sqlite")}
    process = subprocess.Popen(
        command, cwd=folder / "out", env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            assert pipe
            pipe.close()


def assert_clean(folder: Path, process: subprocess.Popen[str], number: int, named: set[str]) -> None:
    """The pipes are at their end only when nobody holds them any more: no process is left."""
    _, errors = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, "Traceback" in errors) == (128 + number, False), errors
    assert {entry.name for entry in (folder / "out").iterdir()} <= named
    left = {entry.name for entry in (folder / "tmp").iterdir()}
    assert {name for name in left if not name.startswith("torchinductor")} == set(), "torch's own cache may stay"


WRITING = (
    (["prune", "../v.yaml", "--state-dict", "w.safetensors"], "open,.w.safetensors"),
    (["prune", "../v.yaml", "--masks", "m.npz"], "os.link,.m.npz"),
    (["prune", "../v.yaml", "--packed", "p.ubp"], "open,.p.ubp"),
    (["prune", "../v.yaml", "--table", "t.csv"], "os.remove,.t.csv"),
    ([*PLAN, "-o", "p.yaml"], "open,.p.yaml"),
    (["plan", "again", "../v.yaml", "-o", "p.yaml"], "os.link,.p.yaml"),
    (["pack", "--plan", "../v.yaml", "-o", "p.ubp"], "open,.p.ubp"),
    (["select", "mobilenet_v1", "--width", "0.25", "--layer", "blocks.3.pointwise", "-o", "b.npz"], "open,.b.npz"),
    (["export", "mobilenet_v1", "--width", "0.25", "--input-size", "32", "--dense", "-o", "n.ubp"], "open,.n.ubp"),
    ([*INTEGERS, "--calibrate", "random", "-o", "n.ubp"], "open,ubp-,network.ubp"),
    ([*INTEGERS, "--calibrate", "random", "-o", "n.ubp"], "open,.n.ubp"),
    (["history", "export", "-o", "e.json"], "open,.e.json"),
    (BENCH, "os.mkdir,ubp-bench-"),
    (BENCH, "open,ubp-bench-,.ubp"),
    (BENCH, "os.rmdir,ubp-bench-"),
    (BENCH, "subprocess.Popen,ubp_bench"),
)  # fmt: skip
"""Commands, and the moment at which each gets the signal."""


@pytest.mark.parametrize(("moment", "number"), [*zip(WRITING, cycle([signal.SIGTERM, signal.SIGHUP]), strict=False)])
def test_a_signal_while_a_command_writes(folder: Path, moment: tuple[list[str], str], number: int) -> None:
    """One of the two signals: that both end a command alike at every moment, `test_process_ending.py` tests."""
    arguments, marks = moment
    command = [sys.executable, "-c", WATCHER, marks, str(int(number)), *arguments]
    named = {arguments[-1]} if "-o" in arguments or "prune" in arguments else set()
    with started(folder, command) as process:
        assert_clean(folder, process, number, named)


@pytest.mark.parametrize(
    "moment", ["quantising.calibrate", "quantising._quantise_node", "exports.exporting.run_integers"]
)
def test_ctrl_c_while_a_network_is_quantised(folder: Path, moment: str) -> None:
    place = f"ubp_core.quantisation.{moment}"
    command = [sys.executable, "-c", INTERRUPTER, place, *INTEGERS, "--calibrate", "random", "-o", "n.ubp"]
    with started(folder, command) as process:
        assert_clean(folder, process, signal.SIGINT, set())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_a_benchmark_runs(folder: Path, number: int) -> None:
    command = [sys.executable, "-m", "ubp_core.cli.main", *BENCH, "--runs", "1000000", "--limit", "250"]
    with started(folder, command) as process:
        assert process.stderr
        for line in process.stderr:
            if "running" in line:
                break
        process.send_signal(number)
        assert_clean(folder, process, number, set())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_training_keeps_its_place(folder: Path, number: int) -> None:
    from PIL import Image

    for name in "ab":
        (folder / "out" / "pics" / name).mkdir(parents=True)
        for picture in range(4):
            Image.new("RGB", (32, 32)).save(folder / "out" / "pics" / name / f"{picture}.png")
    (folder / "out" / "t.yaml").write_text(
        "data: {train: pics, image_size: 32, workers: 0}\n"
        "model: {name: mobilenet_v1, weights: random, width: 0.25}\n"
        "pruning: {sparsity: 0.5}\ntraining: {epochs: 1000, batch_size: 2}\noutput: {folder: run}\n"
    )
    with started(folder, [sys.executable, "-m", "ubp_core.cli.main", "train", "t.yaml"]) as process:
        assert process.stderr
        assert "epoch" in process.stderr.readline()
        process.send_signal(number)
        assert_clean(folder, process, number, {"pics", "t.yaml", "run"})
    assert {entry.name for entry in (folder / "out" / "run").iterdir()} == {"last.pt", "best.pt", "log.jsonl"}
