"""Programs on a phone: arguments arrive intact, and every fault ends in one line with nothing left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import adbutils
import pytest
from phone.adb_server import AdbServer
from phone.fixtures import QUICK, StartPhone
from phone.model import PhoneModel
from phone.phone import Phone

from ubp_core.devices import DeviceError, Limits, RunCancelled
from ubp_core.devices.adb.device import AdbPhone
from ubp_core.devices.adb.server import ServerAddress, connect_wireless, make_client
from ubp_core.devices.errors import LinkLost, NoSpace
from ubp_core.devices.remote_script import ROOT

AWKWARD = ["a b", "$HOME", "`id`", "$(id)", ";ls", "x\ny", "'", '"', "\\", "*", "Ünï ✓", "", "-n", "&", "{}", "\t"]
SOON_S = 10.0
"""Within how long a remote process must be gone."""


def on_step(number: int, action: Callable[[], object]) -> Callable[[str], None]:
    """Calls `action` once, when the program reports that step."""
    return lambda line: action() and None if line.startswith(f"step {number} of") else None


def wait_until_nothing_runs(phone: Phone) -> None:
    until = time.monotonic() + SOON_S
    while left := phone.processes():
        assert time.monotonic() < until, left
        time.sleep(0.02)


def run(
    device: AdbPhone,
    program: Path,
    *argv: str,
    limits: Limits = QUICK,
    on_line: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
) -> object:
    with device.session() as session:
        (placed,) = session.place([program], program=True)
        return session.execute([placed, *argv], limits, on_line, cancel)


def test_arguments_arrive_intact_and_are_never_run(start_phone: StartPhone, actor: Path) -> None:
    _, device = start_phone()
    with device.session() as session:
        (placed,) = session.place([actor], program=True)
        execution = session.execute([placed, "arguments", *AWKWARD], QUICK)
    wanted = "".join(f"{len(text.encode())}[{text}]\n" for text in AWKWARD)
    assert (execution.exit_code, execution.stdout.decode(), execution.stderr) == (0, wanted, "")


def test_a_program_with_an_awkward_name(start_phone: StartPhone, actor: Path, tmp_path: Path) -> None:
    _, device = start_phone()
    renamed = tmp_path / "my prog;$(id)'\"Ü"
    renamed.write_bytes(actor.read_bytes())
    with device.session() as session:
        (placed,) = session.place([renamed], program=True)
        assert session.execute([placed, "exit", "7"], QUICK).exit_code == 7


def test_progress_comes_while_it_runs(start_phone: StartPhone, actor: Path) -> None:
    phone, device = start_phone()
    running: list[bool] = []
    run(device, actor, "count", "3", on_line=lambda line: running.append(bool(phone.processes())))
    assert running == [True, True, True]
    wait_until_nothing_runs(phone)


def test_nothing_is_pushed_twice(client: adbutils.AdbClient, start_phone: StartPhone, actor: Path) -> None:
    phone, device = start_phone()
    sync = client.device(serial=phone.serial).sync
    with device.session() as session:
        (first,) = session.place([actor], program=True)
        before = sync.stat(first)
        phone.order("backdate " + first)
        dated = sync.stat(first)
        assert dated.mtime != before.mtime
        assert session.place([actor], program=True) == [first]
        assert sync.stat(first).mtime == dated.mtime
    names = [entry.path for entry in sync.list(f"{ROOT}/cache") if not entry.path.startswith(".")]
    assert names == [Path(first).name], "a passing name stayed behind"


def test_clean_removes_everything_and_ends_what_runs(
    client: adbutils.AdbClient, start_phone: StartPhone, actor: Path
) -> None:
    phone, device = start_phone()
    lost: list[str] = []

    def clean() -> None:
        lost.append(device.clean())

    execution = run(device, actor, "count", "200", on_line=on_step(2, clean))
    assert getattr(execution, "exit_code", 0) == 137
    assert "removed" in lost[0]
    wait_until_nothing_runs(phone)
    assert client.device(serial=phone.serial).sync.stat(ROOT).mode == 0
    assert device.clean() == "nothing of ours was there"


def test_another_benchmark_on_the_phone_is_named(start_phone: StartPhone, actor: Path) -> None:
    _, device = start_phone()
    refused: list[str] = []
    done = threading.Event()

    def start_second() -> None:
        with device.session() as second, pytest.raises(DeviceError) as caught:
            second.place([actor], program=True)
        refused.append(str(caught.value))
        done.set()

    with pytest.raises(RunCancelled):
        run(device, actor, "count", "1000", on_line=on_step(2, start_second), cancel=done)
    assert "another benchmark of ours runs there" in refused[0]


def test_exit_codes_of_programs_that_end_at_once(start_phone: StartPhone, tmp_path: Path) -> None:
    _, device = start_phone()
    quick = tmp_path / "quick"
    quick.write_text("#!/system/bin/sh\nexit 7\n")  # toybox's timeout alone says 127 about every second time
    with device.session() as session:
        (placed,) = session.place([quick], program=True)
        assert [session.execute([placed], QUICK).exit_code for _ in range(20)] == [7] * 20


@pytest.mark.parametrize("number", [4, 6, 11])
def test_signals_become_exit_codes(start_phone: StartPhone, actor: Path, number: int) -> None:
    phone, device = start_phone()
    execution = run(device, actor, "crash", str(number))
    assert getattr(execution, "exit_code", 0) == 128 + number
    wait_until_nothing_runs(phone)


@pytest.mark.parametrize("role", ["hang", "stubborn"])
def test_a_hang_is_ended(start_phone: StartPhone, actor: Path, role: str) -> None:
    phone, device = start_phone()
    with pytest.raises(DeviceError, match=r"the program hangs \(no sign of life for 2 s\); its program is gone"):
        run(device, actor, role)
    wait_until_nothing_runs(phone)


@pytest.mark.parametrize("role", ["hang", "stubborn"])
def test_the_phone_itself_keeps_the_limit(start_phone: StartPhone, actor: Path, role: str) -> None:
    phone, device = start_phone()
    execution = run(device, actor, role, limits=Limits(total_s=1, quiet_s=30, answer_s=3))
    assert getattr(execution, "timed_out", False)
    wait_until_nothing_runs(phone)


def test_cancelling_ends_the_remote_program(start_phone: StartPhone, actor: Path) -> None:
    phone, device = start_phone()
    cancel = threading.Event()
    with pytest.raises(RunCancelled, match="cancelled; its program is gone"):
        run(device, actor, "count", "200", on_line=on_step(3, cancel.set), cancel=cancel)
    assert phone.processes() == []


def test_cancelling_a_program_that_ignores_signals(start_phone: StartPhone, actor: Path) -> None:
    phone, device = start_phone()
    cancel = threading.Event()
    with pytest.raises(RunCancelled, match="its program is gone"):
        run(device, actor, "stubborn", on_line=lambda line: cancel.set(), cancel=cancel)
    assert phone.processes() == []


@pytest.mark.parametrize("order", ["cut", "refuse", "reboot"])
def test_a_lost_link_ends_at_once_on_both_sides(start_phone: StartPhone, actor: Path, order: str) -> None:
    phone, device = start_phone()
    with pytest.raises(LinkLost, match=r"went offline|is gone|the link was cut"):
        run(device, actor, "count", "200", on_line=on_step(3, lambda: phone.order(order)))
    wait_until_nothing_runs(phone)


def test_a_frozen_link_is_noticed(start_phone: StartPhone, actor: Path) -> None:
    phone, device = start_phone()
    started = time.monotonic()
    with pytest.raises(LinkLost, match="the phone stopped answering"):
        run(device, actor, "count", "1000", on_line=on_step(3, lambda: phone.order("freeze")))
    assert time.monotonic() - started < 2 * QUICK.answer_s + SOON_S
    phone.order("cut")  # what a pulled cable does then; the program notices and goes
    wait_until_nothing_runs(phone)


def test_a_frozen_phone_is_listed_as_silent(
    start_phone: StartPhone, client: adbutils.AdbClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ubp_core.devices.adb.device.FACTS_S", 1.0)
    phone, device = start_phone()
    phone.order("freeze")
    info = device.info()
    assert info.state.value == "no answer" and "unlock it" in info.advice


def test_the_adb_server_is_killed(actor: Path, start_phone: StartPhone) -> None:
    phone, _ = start_phone(connect=False)
    with AdbServer() as server:
        client = make_client(ServerAddress("127.0.0.1", server.port, given=True))
        connect_wireless(client, phone.address)
        device = AdbPhone(client, phone.serial)
        with pytest.raises(LinkLost, match="the adb server has stopped"):
            run(device, actor, "count", "200", on_line=on_step(3, server.stop))
        wait_until_nothing_runs(phone)


def test_a_slow_shell_is_waited_for(start_phone: StartPhone, actor: Path) -> None:
    phone, device = start_phone()
    with device.session() as session:
        (placed,) = session.place([actor], program=True)
        phone.order("slow 1.0")
        assert session.execute([placed, "exit", "0"], QUICK).exit_code == 0


def test_a_full_disk_is_noticed_before_a_push(start_phone: StartPhone, actor: Path) -> None:
    phone, device = start_phone(PhoneModel(data_bytes=1 << 20))
    with device.session() as session, pytest.raises(NoSpace, match=r"storage full: needs 4.* MB, has 1\.0\d MB"):
        session.place([actor], program=True)
    assert phone.processes() == []


def test_a_disk_that_fills_during_a_push(start_phone: StartPhone, tmp_path: Path, client: adbutils.AdbClient) -> None:
    phone, device = start_phone(PhoneModel(data_bytes=16 << 20))
    large = tmp_path / "large.ubp"
    large.write_bytes(bytes(1 << 20))
    phone.order("fill")
    with device.session() as session, pytest.raises(NoSpace, match=r"storage full while pushing 1\.0\d MB"):
        session.place([large])
    names = [entry.path for entry in client.device(serial=phone.serial).sync.list(f"{ROOT}/cache")]
    assert sorted(names) == [".", ".."], "half a file stayed behind"


def test_a_folder_that_may_not_execute(start_phone: StartPhone, actor: Path) -> None:
    _, device = start_phone(PhoneModel(data_noexec=True))
    execution = run(device, actor, "exit", "0")
    assert getattr(execution, "exit_code", 0) == 126
    assert "Permission denied" in getattr(execution, "stderr", "")


def test_a_damaged_push_is_refused(start_phone: StartPhone, actor: Path) -> None:
    phone, device = start_phone()
    phone.order("damage")
    with device.session() as session, pytest.raises(DeviceError, match="arrived damaged"):
        session.place([actor], program=True)


def test_two_phones_at_once_do_not_touch_each_other(start_phone: StartPhone, actor: Path) -> None:
    (first, one), (second, two) = start_phone(), start_phone()
    outcomes: dict[str, str] = {}

    def work(name: str, device: AdbPhone, on_line: Callable[[str], None] | None) -> None:
        try:
            outcomes[name] = getattr(run(device, actor, "count", "10", on_line=on_line), "stdout", b"").decode()
        except DeviceError as error:
            outcomes[name] = type(error).__name__

    threads = [
        threading.Thread(target=work, args=("one", one, on_step(2, lambda: first.order("cut")))),
        threading.Thread(target=work, args=("two", two, None)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)
    assert outcomes == {"one": "LinkLost", "two": "done\n"}
    wait_until_nothing_runs(first)
    wait_until_nothing_runs(second)
