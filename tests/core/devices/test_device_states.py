"""Every state of a device has its own line with its own remedy; devices are found, chosen and connected by name."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import adbutils
import pytest
from phone.adb_server import ADB
from phone.fixtures import StartPhone
from phone.model import PhoneModel
from phone.scripted_server import scripted_server

from ubp_core.devices import DeviceError, DeviceKind, DeviceState, list_devices, open_device
from ubp_core.devices.adb.attached import Attached, list_attached, read_list
from ubp_core.devices.adb.server import (
    ServerAddress,
    connect_wireless,
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


VARIABLES = ("ADB_SERVER_SOCKET", "ANDROID_ADB_SERVER_ADDRESS", "ANDROID_ADB_SERVER_HOST", "ANDROID_ADB_SERVER_PORT")


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({name: "" for name in VARIABLES}, "127.0.0.1:5037"),
        ({"ADB_SERVER_SOCKET": "tcp:127.0.0.1:6603", "ANDROID_ADB_SERVER_PORT": "7"}, "127.0.0.1:6603"),
        ({"ADB_SERVER_SOCKET": "tcp:6603"}, "127.0.0.1:6603"),
        ({"ADB_SERVER_SOCKET": "tcp:[::1]:6603"}, "[::1]:6603"),
        ({"ADB_SERVER_SOCKET": "localfilesystem:/run/adb"}, "localfilesystem:/run/adb"),
        ({"ADB_SERVER_SOCKET": "localabstract:adb"}, "localabstract:adb"),
        ({"ANDROID_ADB_SERVER_ADDRESS": "::1"}, "[::1]:5037"),
    ],
)
def test_the_environment_names_the_server(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], found: str
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(server_address()) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("[::1]:6604", "[::1]:6604"), ("::1:6604", "[::1]:6604"), ("::1", "[::1]:5037"), ("[fe80::2]", "[fe80::2]:5037"),
     ("2001:db8::a", "[2001:db8::a]:5037")],
)  # fmt: skip
def test_ipv6_with_and_without_brackets(text: str, found: str) -> None:
    assert str(server_address(text)) == found


@pytest.mark.parametrize("text", ["[::1]:x", "[nix]:1", "a:b:1", "h:0", "h:65536", "h:" + "9" * 5000])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UnknownDevice, match="--adb-host"):
        server_address(text)


def test_a_server_at_a_local_socket_and_at_an_ipv6_address(tmp_path: Path) -> None:
    with scripted_server("A\toffline\n", str(tmp_path / "adb")) as address:
        assert [entry.serial for entry in list_attached(make_client(address))] == ["A"]
    with scripted_server("B\toffline\n", host="::1") as address:
        assert [entry.serial for entry in list_attached(make_client(address))] == ["B"]


@pytest.mark.parametrize("port", ["", "abc"])
def test_adbutils_is_imported_whatever_the_port_variable_holds(port: str) -> None:
    code = (
        "import os; from ubp_core.devices.adb.library import load_adbutils as load; load(); "
        "print(os.environ['ANDROID_ADB_SERVER_PORT'])"
    )
    environment = {**os.environ, "ANDROID_ADB_SERVER_PORT": port}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{port}\n"


def test_where_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADB_SERVER_SOCKET", raising=False)
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


def test_no_permissions_names_udev() -> None:
    text = "3A17     no permissions (user in plugdev group; are your udev rules wrong?); see [http://x] usb:1-1\n"
    with scripted_server(text) as address:
        (info,) = list_phones(address)
        assert info.state is DeviceState.NO_PERMISSIONS and "udev" in info.advice
        assert info.line.startswith("adb:3A17: no permissions; ")


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("recovery", "start Android"),
        ("sideload", "start Android"),
        ("bootloader", "start Android"),
        ("rescue", "start Android"),
        ("detached", "adb attach"),
        ("unknown", "reconnect the cable"),
    ],
)
def test_every_state_has_its_own_word(word: str, advice: str) -> None:
    with scripted_server(f"3A17     {word} usb:1-1\n") as address:
        (info,) = list_phones(address)
        assert info.state.value == word and advice in info.advice


@pytest.mark.parametrize(
    "serial",
    ["adb-ZY22X-Z3uXXq (2)._adb-tls-connect._tcp", "ZUG 5S", " GS101200400611", "GS1 ", "(no serial number)", "A\x85B"],
)
def test_serials_are_taken_whole(serial: str) -> None:
    text = f"{serial}\toffline product:p model:Pixel_4 transport_id:3\n"
    with scripted_server(text) as address:
        (info,) = list_phones(address)
        assert (info.name, info.state, info.title) == (f"adb:{serial}", DeviceState.OFFLINE, "Pixel 4")
        assert open_device(f"adb:{serial}", address).name == f"adb:{serial}"
    assert read_list(f"{serial}\tno permissions (udev?); see [x]\n") == [Attached(serial, "no permissions")]


def test_a_serial_is_found_as_it_is_shown() -> None:
    with scripted_server(" EV\x1b]0;x\x07\toffline\n") as address:
        assert open_device("adb:EV?]0;x?", address).name == "adb: EV\x1b]0;x\x07"


def test_a_server_that_talks_nonsense() -> None:
    with scripted_server("\0\n\xff garbage\n") as address:
        assert [entry.serial for entry in list_attached(make_client(address))] == ["\xff"]
