"""Every state of a device has its own line with its own remedy; devices are found, chosen and connected by name."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import adbutils
import pytest
from phone.adb_server import ADB
from phone.fixtures import StartPhone
from phone.model import PhoneModel

from ubp_core.devices import DeviceError, DeviceKind, DeviceState, list_devices, open_device
from ubp_core.devices.adb_server import (
    ServerAddress,
    connect_wireless,
    list_attached,
    make_client,
    open_client,
    server_address,
)
from ubp_core.devices.catalogue import list_phones
from ubp_core.devices.errors import UnknownDevice


def states(address: ServerAddress) -> dict[str, DeviceState]:
    return {info.name: info.state for info in list_phones(address)}


def test_host_and_emulator_are_always_listed(address: ServerAddress) -> None:
    host, emulator, *phones = list_devices(address)
    assert (host.kind, emulator.kind, phones) == (DeviceKind.HOST, DeviceKind.EMULATOR, [])
    assert host.ready and not host.latency and not emulator.latency


def test_none_attached_says_what_to_do(address: ServerAddress) -> None:
    with pytest.raises(DeviceError, match="no phone attached: connect one with USB debugging on"):
        open_device("adb", address)


def test_a_ready_phone_and_its_facts(address: ServerAddress, start_phone: StartPhone) -> None:
    phone, device = start_phone()
    (info,) = list_phones(address)
    assert (info.name, info.ready, info.latency, info.wireless) == (f"adb:{phone.serial}", True, True, True)
    facts = device.facts()
    assert (facts.model, facts.soc, facts.android, facts.battery_percent) == (
        "Testcom Test Phone 7",
        "Testcom TC8550",
        "14",
        83,
    )
    assert [(c.name, c.range, c.core, c.max_khz, c.governor) for c in facts.clusters] == [
        ("little", "0-3", "Cortex-A55", 1_804_800, "schedutil"),
        ("middle", "4-6", "Cortex-A78", 2_419_200, "schedutil"),
        ("big", "7", "Cortex-X1", 2_841_600, "schedutil"),
    ]
    assert (facts.temperature_c, facts.temperature_source) == (31.5, "cpu-0-0-usr")
    assert facts.abis[0] == "arm64-v8a"


def test_unauthorized(client: adbutils.AdbClient, address: ServerAddress, start_phone: StartPhone) -> None:
    phone, device = start_phone(PhoneModel(authorized=False), connect=False)
    with pytest.raises(DeviceError, match="accept the dialog"):
        connect_wireless(client, phone.address)
    (info,) = list_phones(address)
    assert info.state is DeviceState.UNAUTHORIZED
    assert "accept the dialog" in info.advice
    with pytest.raises(DeviceError, match="unauthorized; accept the dialog"), device.session():
        pytest.fail("an unauthorized phone gave a session")


def test_offline_and_back(client: adbutils.AdbClient, address: ServerAddress, start_phone: StartPhone) -> None:
    phone, device = start_phone()
    phone.order("refuse")
    with pytest.raises(adbutils.AdbError):  # the server notices the lost link when it next uses it
        client.device(serial=phone.serial).shell("true", timeout=5)
    info = device.info()
    assert info.state is DeviceState.OFFLINE and "reconnect the cable" in info.advice
    phone.order("listen")
    connect_wireless(client, phone.address)
    assert device.info().ready


@pytest.mark.parametrize(
    ("model", "state", "remedy"),
    [
        (PhoneModel(abis="armeabi-v7a,armeabi"), DeviceState.ONLY_32_BIT, "64-bit ARM"),
        (PhoneModel(abis="x86_64,x86", emulator=True), DeviceState.NOT_ARM64, "ARM64 image"),
        (PhoneModel(features="cmd"), DeviceState.TOO_OLD, "Android 7"),
    ],
)
def test_unfit_phones(start_phone: StartPhone, model: PhoneModel, state: DeviceState, remedy: str) -> None:
    _, device = start_phone(model)
    info = device.info()
    assert info.state is state and remedy in info.advice
    with pytest.raises(DeviceError, match=state.value):
        device.facts()


def test_an_android_emulator_is_ready_but_gives_no_latency(start_phone: StartPhone) -> None:
    _, device = start_phone(PhoneModel(emulator=True))
    info = device.info()
    assert info.ready and not info.latency and "Android emulator" in info.advice


def test_several_devices_must_be_chosen(
    address: ServerAddress, start_phone: StartPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = start_phone()
    second, _ = start_phone(PhoneModel(model="Other"))
    assert set(states(address).values()) == {DeviceState.READY}
    with pytest.raises(UnknownDevice, match="several devices are attached, choose one") as caught:
        open_device("adb", address)
    assert first.serial in str(caught.value) and second.serial in str(caught.value)
    assert open_device(f"adb:{second.serial}", address).info().title == "Testcom Other"
    monkeypatch.setenv("ANDROID_SERIAL", first.serial)
    assert open_device("adb", address).name == f"adb:{first.serial}"


def test_unknown_names(address: ServerAddress) -> None:
    with pytest.raises(UnknownDevice, match="adb:nowhere is not attached"):
        open_device("adb:nowhere", address)
    with pytest.raises(UnknownDevice, match="write host, emulator, adb or adb:SERIAL"):
        open_device("phone", address)


def test_connecting_to_nobody(client: adbutils.AdbClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeviceError, match="failed to connect"):
        connect_wireless(client, f"127.0.0.1:{port}")
    with pytest.raises(UnknownDevice, match="write HOST:PORT"):
        connect_wireless(client, "just-a-name")


def test_a_given_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeviceError, match=f"no adb server answers at 127.0.0.1:{port}"):
        open_client(server_address(f"127.0.0.1:{port}"))


def test_a_missing_server_of_this_machine_is_started_on_its_own_port(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name, value in {"ANDROID_ADB_SERVER_PORT": str(port), "HOME": str(tmp_path), "TMPDIR": str(tmp_path),
                        "ADB_USB": "0", "ADB_MDNS": "0", "ADBUTILS_ADB_PATH": str(ADB)}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = open_client(server_address())
    try:
        assert (client.port, client.server_version() >= 40, list_attached(client)) == (port, True, [])
    finally:
        client.server_kill()
    with pytest.raises(DeviceError, match="the adb server has stopped"):
        list_attached(client)


def test_an_adb_that_can_not_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    broken = tmp_path / "adb"
    broken.write_text("#!/bin/sh\necho no USB today >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("ADBUTILS_ADB_PATH", str(broken))
    with pytest.raises(DeviceError, match=f"can't be started on port {port}: no USB today"):
        open_client(ServerAddress("127.0.0.1", port))


def test_where_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANDROID_ADB_SERVER_PORT", raising=False)
    monkeypatch.delenv("ANDROID_ADB_SERVER_HOST", raising=False)
    monkeypatch.delenv("ANDROID_ADB_SERVER_ADDRESS", raising=False)
    assert str(server_address()) == "127.0.0.1:5037"
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "6100")
    assert str(server_address()) == "127.0.0.1:6100"
    assert str(server_address("farm.example:7000")) == "farm.example:7000"
    assert str(server_address("farm.example")) == "farm.example:5037"
    with pytest.raises(UnknownDevice, match="no port number"):
        server_address("farm.example:x")


@contextmanager
def scripted_server(devices: str) -> Iterator[ServerAddress]:
    """Answers as an adb server whose list is `devices`: states that need USB hardware can't be had otherwise."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    if connection.recv(1024):
                        connection.sendall(b"OKAY" + f"{len(devices):04x}{devices}".encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield ServerAddress("127.0.0.1", listener.getsockname()[1], given=True)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_no_permissions_names_udev() -> None:
    text = "3A17     no permissions (user in plugdev group; are your udev rules wrong?); see [http://x] usb:1-1\n"
    with scripted_server(text) as address:
        (info,) = list_phones(address)
        assert info.state is DeviceState.NO_PERMISSIONS and "udev" in info.advice
        assert info.line.startswith("adb:3A17: no permissions; ")


@pytest.mark.parametrize("word", ["recovery", "sideload", "bootloader", "rescue"])
def test_other_modes_are_not_android(word: str) -> None:
    with scripted_server(f"3A17     {word} usb:1-1\n") as address:
        (info,) = list_phones(address)
        assert info.state is DeviceState.NOT_BOOTED and "start Android" in info.advice


def test_a_server_that_talks_nonsense() -> None:
    with scripted_server("\0\n\xff garbage\n") as address:
        assert [entry.serial for entry in list_attached(make_client(address))] == ["\xff"]
