"""`ubp devices`, `ubp bench` and `ubp history` as commands: output, exit codes, Ctrl-C, the kept history."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from phone.adb_server import AdbServer
from phone.fixtures import new_phone
from phone.model import PhoneModel
from phone.phone import Phone

BUILD = Path(__file__).parents[3] / "native" / "build.py"
LIMIT_S = 120
MODEL = ["mobilenet_v1", "--weights", "random", "--width", "0.25"]
LAYER = "blocks.5.pointwise"
QUICK = ["--runs", "3", "--warmup", "0"]


class Ubp:
    """Runs the command against a private adb server and a history of its own."""

    def __init__(self, server: AdbServer, history: Path) -> None:
        self.environment = {**os.environ, **server.environment, "HOME": os.environ["HOME"], "UBP_HISTORY": str(history)}
        self.environment.pop("ANDROID_SERIAL", None)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "ubp_core.cli.main", *arguments]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=LIMIT_S)
        assert process.returncode == code, out + err
        return out, err


@pytest.fixture(scope="module")
def server() -> Iterator[AdbServer]:
    subprocess.run([sys.executable, str(BUILD), "bench-host", "bench-arm64"], check=True, timeout=600)
    with AdbServer() as found:
        yield found


@pytest.fixture
def ubp(server: AdbServer, tmp_path: Path) -> Ubp:
    return Ubp(server, tmp_path / "history.sqlite")


@pytest.fixture
def phone(ubp: Ubp) -> Iterator[Phone]:
    with ExitStack() as stack:
        phone = new_phone(PhoneModel(), stack)
        ubp("devices", "connect", phone.address)
        yield phone
        phone.order("refuse")


def test_a_list_without_phones_says_what_to_do(ubp: Ubp) -> None:
    out, err = ubp("devices")
    assert "host" in out and "emulator" in out
    assert "no phone attached: connect one with USB debugging on" in err


def test_a_server_that_is_not_there_still_lists_this_machine(ubp: Ubp) -> None:
    with socket.socket() as closed:  # bound, so that nobody else listens there
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        out, err = ubp("devices", "--json", "--adb-host", address)
    assert [device["name"] for device in json.loads(out)["devices"]] == ["host", "emulator"]
    assert f"no adb server answers at {address}" in err


def test_a_phone_from_connecting_to_cleaning(ubp: Ubp, phone: Phone) -> None:
    name = f"adb:{phone.serial}"
    found = {device["name"]: device for device in json.loads(ubp("devices", "list", "--facts", "--json")[0])["devices"]}
    assert found[name]["ready"] and found[name]["facts"]["soc"] == "Testcom TC8550"
    out, err = ubp("bench", *MODEL, "--layers", LAYER, "--device", "adb", *QUICK)
    assert "latency on a phone" in out and "bed N=4 s=0.75" in out and "(history: 1)" in out
    assert f"ubp: {name}: running {LAYER} (1 of 1)" in err
    assert "removed /data/local/tmp/ubp-tui" in ubp("devices", "clean")[0]
    assert "nothing of ours was there" in ubp("devices", "clean", name)[0]
    assert phone.processes() == []


def test_bench_on_several_devices_and_the_history_of_it(ubp: Ubp, phone: Phone, tmp_path: Path) -> None:
    devices = f"host,emulator,adb:{phone.serial}"
    arguments = ["--layers", LAYER, "--methods", "bed", *QUICK, "--json", "--device", devices]
    runs = json.loads(ubp("bench", *MODEL, *arguments)[0])["runs"]
    assert [(run["id"], run["kind"], run["figure"]) for run in runs] == [
        (1, "host", "host time"),
        (2, "emulator", "instructions"),
        (3, "adb", "latency"),
    ]
    assert [len(v["samples_ns"]) for run in runs for v in run["layers"][0]["variants"]] == [3, 3, 0, 0, 3, 3]
    assert len({run["layers"][0]["variants"][1]["checksum"] for run in runs[1:]}) == 1
    assert "1 of 1" in ubp("history")[0]
    assert "Testcom Test Phone 7" in ubp("history", "show", "3")[0]
    assert "figure differs: host time and latency" in ubp("history", "compare", "1", "3")[0]
    target = tmp_path / "all.csv"
    ubp("history", "export", "--csv", "-o", str(target))
    lines = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert [line["run"] for line in lines] == ["1", "1", "2", "2", "3", "3"]
    assert json.loads(ubp("history", "export", "2", "--json")[0])["runs"][0]["id"] == 2
    ubp("history", "delete", "2")
    assert "there is no run 2" in ubp("history", "show", "2", code=2)[1]


def test_a_fault_is_one_line_and_exit_code_1(ubp: Ubp) -> None:
    with ExitStack() as stack:
        phone = new_phone(PhoneModel(data_noexec=True), stack)
        ubp("devices", "connect", phone.address)
        out, _ = ubp("bench", *MODEL, "--layers", LAYER, "--device", "adb", *QUICK, "--no-history", code=1)
        assert "ended early: the program may not be executed there" in out and "0 of 1 layers" in out
    assert "the history is empty" in ubp("history")[1]


def test_two_phones_of_which_one_fails(ubp: Ubp, phone: Phone) -> None:
    with ExitStack() as stack:
        bad = new_phone(PhoneModel(data_noexec=True), stack)
        ubp("devices", "connect", bad.address)
        names = [f"adb:{bad.serial}", f"adb:{phone.serial}"]
        out, err = ubp("bench", *MODEL, "--layers", LAYER, "--device", ",".join(names), *QUICK, "--json", code=1)
        failed, whole = json.loads(out)["runs"]
        assert (failed["device"], failed["layers"]) == (names[0], [])
        assert failed["failure"].startswith("the program may not be executed there")
        assert (whole["device"], whole["failure"]) == (names[1], "")
        assert [len(variant["samples_ns"]) for variant in whole["layers"][0]["variants"]] == [3] * 4
        assert f"ubp: {names[0]}: failed" in err and f"ubp: {names[1]}: measured {LAYER} (1 of 1): dense " in err
    assert phone.processes() == []


def test_ctrl_c_ends_the_remote_program_and_keeps_the_run(ubp: Ubp, phone: Phone) -> None:
    process = ubp.start("bench", *MODEL, "--layers", LAYER, "--device", "adb", "--min-time", "100")
    assert process.stderr
    while "running" not in (line := process.stderr.readline()):
        assert line
    while not any("qemu" in line for line in phone.processes()):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130 and "ended early: cancelled; its program is gone" in out
    assert phone.processes() == []
    assert "cancelled" in ubp("history")[0]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["devices", "connect"], "required: HOST:PORT"),
        (["devices", "list", "x"], "unrecognized arguments: x"),
        (["devices", "clean", "host"], "only phones are cleaned"),
        (["devices", "--adb-host", "x:y"], "no port number"),
        (["bench", *MODEL, "--layers", LAYER, "--device", "toaster"], "'toaster' is no device"),
        (["bench", *MODEL, "--layers", LAYER, "--runs", "0"], "runs: need 1 to"),
        (["bench", *MODEL, "--layers", "nix"], "has no layer 'nix'"),
        (
            ["bench", *MODEL, "--layers", LAYER, "--block-size", "3"],
            "blocks of 3 can't be packed: kernels have 1, 2, 4, 8, 16",
        ),
        (["history", "show"], "required: ID"),
        (["history", "compare", "1"], "required: ID"),
        (["history", "delete"], "required: ID"),
        (["history", "list", "4"], "unrecognized arguments: 4"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(ubp: Ubp, arguments: list[str], line: str) -> None:
    out, err = ubp(*arguments, code=2)
    *usage, error = err.splitlines()
    assert out == "" and line in error and (not usage or usage[0].startswith(f"usage: ubp {arguments[0]}"))
