"""A comparison with the real ubp_bench: on the host, under qemu, on test phones; and every fault of a run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import adbutils
import pytest
from phone.adb_server import AdbServer
from phone.fixtures import StartPhone
from phone.model import PhoneModel
from phone.phone import Phone

from ubp_core.benchmark import (
    BenchProgress,
    BenchRun,
    BenchSettings,
    PackedVariants,
    Stage,
    run_comparison,
    run_on_devices,
)
from ubp_core.benchmark.programs import find_program
from ubp_core.devices import Device, DeviceKind, open_device
from ubp_core.devices.adb.device import AdbPhone
from ubp_core.devices.adb.server import ServerAddress, connect_wireless, make_client

FEW = BenchSettings(runs=3, warmup=1, limit_s=30)
LONG = BenchSettings(min_time_s=60, warmup=1, limit_s=120)
SOON_S = 15.0

Packed = tuple[PackedVariants, ...]


def at_running(index: int, action: Callable[[], object]) -> Callable[[BenchProgress], None]:
    """Starts `action` beside the run when that layer begins to run."""

    def watch(progress: BenchProgress) -> None:
        begins = progress.live is None and not progress.line
        if progress.stage is Stage.RUNNING and progress.index == index and begins:
            threading.Thread(target=action).start()

    return watch


def when_program_runs(phone: Phone, action: Callable[[], object]) -> Callable[[], None]:
    """Waits until the phone really runs the benchmark, then acts."""

    def wait_and_act() -> None:
        until = time.monotonic() + SOON_S
        while not any("qemu" in line and "ubp_bench" in line for line in phone.processes()):
            assert time.monotonic() < until
            time.sleep(0.02)
        action()

    return wait_and_act


def wait_until_nothing_runs(phone: Phone) -> None:
    until = time.monotonic() + SOON_S
    while left := phone.processes():
        assert time.monotonic() < until, left
        time.sleep(0.02)


def first_kept_second_failed(run: BenchRun, packed: Packed) -> None:
    assert [layer.layer for layer in run.layers] == [packed[0].layer]
    assert len(run.layers[0].variants) == 4 and run.failure and "\n" not in run.failure
    assert run.planned == tuple(layer.layer for layer in packed)


@pytest.mark.parametrize("name", ["host", "emulator", "adb"])
def test_a_whole_comparison(name: str, address: ServerAddress, start_phone: StartPhone, packed: Packed) -> None:
    phone, _ = start_phone()
    steps: list[BenchProgress] = []
    run = run_comparison(open_device(name, address), packed, FEW, "toy", steps.append)
    assert run.failure == "" and run.complete
    assert [layer.layer for layer in run.layers] == [layer.layer for layer in packed]
    for layer in run.layers:
        assert [variant.method for variant in layer.variants] == ["dense", "abp", "bed", "optimal"]
        assert {variant.check for variant in layer.variants} == {"ok"}
        assert [len(variant.samples_ns) for variant in layer.variants] == [0 if name == "emulator" else 3] * 4
        assert (layer.speedup(layer.variants[1]) is None) == (name == "emulator")
        assert all((variant.instructions is None) == (name != "emulator") for variant in layer.variants)
        assert all(variant.file_bytes > 0 for variant in layer.variants)
    figures = {"host": "host time", "emulator": "instructions", "adb": "latency"}
    assert run.figure == figures[name]
    stages = [step.stage for step in steps if step.live is None]
    assert stages == [Stage.PUSHING, Stage.RUNNING, Stage.MEASURED] * 2 + [Stage.DONE]
    assert [step.result for step in steps if step.result] == list(run.layers)
    live = [step.live.step for step in steps if step.live and step.index == 1]
    assert {"checking: the plain loop", "checking", "taking turns"} <= set(live)
    shares = [step.share for step in steps]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert BenchRun.from_record(json.loads(json.dumps(run.to_record()))) == run
    assert phone.processes() == []


def test_outputs_agree_between_devices(address: ServerAddress, start_phone: StartPhone, packed: Packed) -> None:
    start_phone()
    runs = run_on_devices([open_device(name, address) for name in ("emulator", "adb")], packed, FEW)
    checksums = [[v.checksum for layer in run.layers for v in layer.variants] for run in runs]
    assert checksums[0] == checksums[1] and len(checksums[0]) == 8


def test_an_android_emulator_gives_no_times(start_phone: StartPhone, packed: Packed) -> None:
    _, device = start_phone(PhoneModel(emulator=True))
    run = run_comparison(device, packed[:1], FEW)
    assert run.complete and run.figure == "not timed"
    assert all(not variant.samples_ns and variant.median_ns is None for variant in run.layers[0].variants)


def test_chosen_cores_are_passed_on_and_refusals_are_warned_of(start_phone: StartPhone, packed: Packed) -> None:
    _, device = start_phone()
    run = run_comparison(device, packed[:1], BenchSettings(runs=1, warmup=0, cores="big"))
    # The test phone claims eight cores and runs on fewer: ubp_bench says that it may not have core 7.
    assert any(line.startswith("affinity 7 refused") for line in run.warnings), run.warnings
    assert any(line.startswith("few samples") for line in run.warnings)


def test_cores_that_are_not_there(start_phone: StartPhone, packed: Packed) -> None:
    _, device = start_phone()
    run = run_comparison(device, packed[:1], BenchSettings(cores="9-12"))
    assert run.failure.startswith("cores '9-12': this device has little 0-3 (Cortex-A55, 1.80 GHz); middle")


def script(folder: Path, text: str) -> Path:
    """A program of the phone's own shell."""
    path = folder / "ubp_bench"
    path.write_text("#!/system/bin/sh\n" + text)
    return path


def test_a_crash_keeps_what_was_measured(start_phone: StartPhone, packed: Packed, tmp_path: Path) -> None:
    phone, device = start_phone()
    with device.session() as session:
        (real,) = session.place([find_program(DeviceKind.ADB)], program=True)
    again = "/data/local/tmp/again"
    program = script(tmp_path, f'[ -e {again} ] && kill -ILL $$\ntouch {again}\nexec {real} "$@"\n')
    run = run_comparison(device, packed, FEW, program=program)
    first_kept_second_failed(run, packed)
    assert "SIGILL" in run.failure and "lacks an instruction" in run.failure
    wait_until_nothing_runs(phone)


@pytest.mark.parametrize(
    ("role", "line"),
    [
        ("garbage", "the program printed garbage in line 1: "),
        ("truncated", "the program printed garbage in line 1: {"),
        ("future", "the program writes schema version 99, this package reads 1"),
        ("segv", "the program crashed (SIGSEGV"),
        ("illegal", "the processor lacks an instruction that the program uses (SIGILL)"),
        ("unknown", "unknown role"),
    ],
)
def test_bad_programs(
    start_phone: StartPhone, packed: Packed, actor: Path, tmp_path: Path, role: str, line: str
) -> None:
    phone, device = start_phone()
    program = tmp_path / f"ubp_bench@{role}"
    program.write_bytes(actor.read_bytes())
    run = run_comparison(device, packed, FEW, program=program)
    assert run.failure.startswith(line) and "\n" not in run.failure and run.failure.isprintable()
    assert run.layers == ()
    wait_until_nothing_runs(phone)


def test_results_that_are_missing(start_phone: StartPhone, packed: Packed, tmp_path: Path) -> None:
    _, device = start_phone()
    run = run_comparison(device, packed, FEW, program=script(tmp_path, "exit 0\n"))
    assert run.failure == "the output is not whole: 0 results for 4 files"


@pytest.mark.parametrize("role", ["hang", "stubborn"])
def test_a_program_without_end(
    start_phone: StartPhone, packed: Packed, actor: Path, tmp_path: Path, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ubp_core.benchmark.comparison.GRACE_S", 0.0)
    phone, device = start_phone()
    program = tmp_path / f"ubp_bench@{role}"
    program.write_bytes(actor.read_bytes())
    run = run_comparison(device, packed, BenchSettings(limit_s=1), program=program)
    assert f"took longer than {len(packed[0].files)} s" in run.failure or "hangs" in run.failure
    wait_until_nothing_runs(phone)


def test_a_wrong_output_is_a_failure(start_phone: StartPhone, packed: Packed, tmp_path: Path) -> None:
    _, device = start_phone()
    with device.session() as session:
        (real,) = session.place([find_program(DeviceKind.ADB)], program=True)
    text = f"""{real} "$@" | sed 's/"check":"ok"/"check":"differs"/'\nexit 1\n"""
    run = run_comparison(device, packed, FEW, program=script(tmp_path, text))
    assert "an output differs from the plain loop" in run.failure
    assert [variant.check for variant in run.layers[0].variants] == ["differs"] * 4
    assert "dense: output differs from the plain loop" in run.layers[0].warnings


@pytest.mark.parametrize("order", ["cut", "refuse", "reboot"])
def test_a_lost_link_keeps_what_was_measured(start_phone: StartPhone, packed: Packed, order: str) -> None:
    phone, device = start_phone()
    with device.session() as session:
        (real,) = session.place([find_program(DeviceKind.ADB)], program=True)
    action = when_program_runs(phone, lambda: phone.order(order))
    settings = BenchSettings(min_time_s=0.05, warmup=0, limit_s=60)
    slow = script_that_stays(Path(packed[0].files[0]).parent, real)
    run = run_comparison(device, packed, settings, on_progress=at_running(2, action), program=slow)
    first_kept_second_failed(run, packed)
    assert "reconnect it and start again" in run.failure
    wait_until_nothing_runs(phone)


def script_that_stays(folder: Path, real: str) -> Path:
    """Runs ubp_bench; the second time for a minute."""
    again = "/data/local/tmp/again"
    return script(folder, f'[ -e {again} ] && set -- "$@" --min-time 60\ntouch {again}\nexec {real} "$@"\n')


def test_the_adb_server_is_killed_in_mid_run(start_phone: StartPhone, packed: Packed, tmp_path: Path) -> None:
    phone, _ = start_phone(connect=False)
    with AdbServer() as server:
        client = make_client(ServerAddress("127.0.0.1", server.port, given=True))
        connect_wireless(client, phone.address)
        device = AdbPhone(client, phone.serial)
        run = run_comparison(device, packed, LONG, on_progress=at_running(1, when_program_runs(phone, server.stop)))
        assert run.failure.startswith("the adb server has stopped")
        wait_until_nothing_runs(phone)


def test_cancelling_ends_the_remote_program(start_phone: StartPhone, packed: Packed) -> None:
    phone, device = start_phone()
    cancel = threading.Event()
    watch = at_running(1, when_program_runs(phone, cancel.set))
    run = run_comparison(device, packed, LONG, on_progress=watch, cancel=cancel)
    assert run.failure == "cancelled; its program is gone"
    assert phone.processes() == []


@pytest.mark.parametrize("name", ["host", "emulator"])
def test_cancelling_here(name: str, address: ServerAddress, packed: Packed, tmp_path: Path) -> None:
    cancel = threading.Event()
    program = tmp_path / "ubp_bench"
    if name == "host":
        program.write_text("#!/bin/sh\nexec sleep 600\n")
        program.chmod(0o755)
    watch = at_running(1, cancel.set)
    device: Device = open_device(name, address)
    run = run_comparison(
        device, packed, LONG, on_progress=watch, cancel=cancel, program=program if name == "host" else None
    )
    assert run.failure in ("cancelled; its program is gone", "cancelled; nothing was running")


def test_several_phones_at_once(
    start_phone: StartPhone, client: adbutils.AdbClient, packed: Packed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, one), (second, two) = start_phone(), start_phone(PhoneModel(data_noexec=True))
    _, three = start_phone(PhoneModel(abis="armeabi-v7a"))
    runs = run_on_devices([one, two, three], packed, FEW)
    assert [run.device for run in runs] == [one.name, two.name, three.name]
    assert runs[0].complete and len(runs[0].layers) == 2
    assert runs[1].failure.startswith("the program may not be executed there") and runs[1].layers == ()
    assert runs[2].failure.startswith("32-bit only; the kernels need a 64-bit ARM Android")
    assert first.processes() == second.processes() == []


def test_a_full_phone(start_phone: StartPhone, packed: Packed) -> None:
    _, device = start_phone(PhoneModel(data_bytes=1 << 20))
    run = run_comparison(device, packed, FEW)
    assert run.failure.startswith("storage full: needs ") and run.failure.endswith("free some space")
