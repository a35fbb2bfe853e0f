"""What phones and adb servers say reaches the terminal as plain signs in one line: lists, facts, errors, events."""

from __future__ import annotations

import os
import subprocess
import sys
import tty
from pathlib import Path

import adbutils
import pytest
from phone.adb_server import AdbServer
from phone.fixtures import StartPhone
from phone.model import PhoneModel
from phone.scripted_server import scripted_server
from test_watch import Told

from ubp_core.cli.main import main
from ubp_core.devices import DeviceError, DeviceState
from ubp_core.devices.adb.server import ServerAddress
from ubp_core.devices.catalogue import list_phones
from ubp_core.devices.facts import parse_facts
from ubp_core.devices.remote_script import free_bytes

EVIL = "EV\x1b]0;pwned\x07\x1b[31mIL\u202e"
SHOWN = "EV?]0;pwned??[31mIL?"


def host_of(address: ServerAddress) -> str:
    return f"{address.host}:{address.port}"


def test_a_hostile_phone_is_shown_as_plain_signs(
    address: ServerAddress, start_phone: StartPhone, capsys: pytest.CaptureFixture[str]
) -> None:
    start_phone(PhoneModel(model=EVIL, soc_maker=EVIL, soc=EVIL, android=EVIL))
    for form in ([], ["--csv"], ["--markdown"], ["--json"]):
        assert main(["devices", "--facts", *form, "--adb-host", host_of(address)]) == 0
        out, err = capsys.readouterr()
        assert (out + err).replace("\n", "").isprintable() and ("--json" in form or SHOWN in out)


def test_a_hostile_list_is_shown_as_plain_signs(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_server(f"{EVIL}\toffline product:p model:{EVIL}\nB\t{EVIL}\n") as address:
        for arguments, code in (("list", 0), ("clean", 0), ("clean adb:x", 2), ("clean adb:B", 1)):
            assert main(["devices", *arguments.split(), "--adb-host", host_of(address)]) == code
            out, err = capsys.readouterr()
            assert (out + err).replace("\n", "").isprintable()
            assert SHOWN in out + err or code == 1


@pytest.mark.parametrize("command", ["list", "clean"])
def test_what_the_server_says_is_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_server(f"{EVIL}\r\nubp: all is well", status="FAIL") as address:
        main(["devices", command, "--adb-host", host_of(address)])
    (line,) = capsys.readouterr().err.splitlines()
    assert SHOWN in line and line.isprintable()


def test_an_error_of_several_lines_is_one() -> None:
    assert str(DeviceError("adb: A  (2): can't:\r\nmkdir: no\n\n")) == "adb: A  (2): can't:; mkdir: no"


def test_what_is_being_done_is_plain_on_a_terminal(client: adbutils.AdbClient, adb_server: AdbServer) -> None:
    ours, theirs = os.openpty()
    tty.setraw(ours)
    command = [sys.executable, "-m", "ubp_core.cli.main", "devices", "connect", "nobody\x1b]0;pwned\x07.invalid:1"]
    done = subprocess.run(command, env=adb_server.environment | {"TERM": "xterm"}, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:  # the other end is closed, and all is read
        os.close(ours)
    assert done.returncode == 1 and b"connecting nobody?]0;pwned?" in said and b"\x1b]0;" not in said


def test_options_are_named_as_plain_signs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", "a.pth", EVIL]) == 2
    assert SHOWN in capsys.readouterr().err


@pytest.mark.parametrize("number", ["9" * 5000, "\u0663\u0664", "-5", "1_0", "0x1f", ""])
def test_numbers_of_a_phone_are_plain_or_left_out(number: str) -> None:
    facts = parse_facts(
        "==ubp==\n/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq:1000\n"
        f"/sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq:{number}\n"
        f"/sys/devices/system/cpu/cpu{number}/cpufreq/cpuinfo_max_freq:1000\n"
        f"==ubp==\nprocessor : {number}\n==ubp==\nx/thermal_zone0/type:cpu\nx/thermal_zone0/temp:{number}\n"
        f"==ubp==\nlevel: {number}\ntemperature: {number}\n"
    )
    assert (facts.battery_percent, facts.temperature_c, len(facts.clusters)) == (None, None, 1)
    assert free_bytes(f"/dev/x 1 {number or None} 5% /data") is None


def test_a_phone_with_impossible_numbers_is_still_listed(address: ServerAddress, start_phone: StartPhone) -> None:
    start_phone(PhoneModel(battery_percent=10**3000, temperature_millic=10**3000))
    (info,) = list_phones(address)
    assert info.ready


@pytest.mark.parametrize("place", ["local socket", "::1", "127.0.0.1"])
@pytest.mark.parametrize("serial", ["adb-ZY22X (2)._adb-tls-connect._tcp", " GS1 ", "(no serial number)", EVIL])
def test_events_tell_what_the_list_tells(place: str, serial: str, tmp_path: Path) -> None:
    text = f"{serial}\tno permissions (udev?); see [x]\n192.168.1.9:5555\tdetached\nC\twonderful\n"
    path, host = (str(tmp_path / "adb"), "127.0.0.1") if place == "local socket" else ("", place)
    with scripted_server(text, path, host) as address:
        listed = list_phones(address)
        told = Told(address)
        try:
            phones = told.until(lambda phones: phones.infos)
        finally:
            told.watch.stop()
    assert list(phones.infos) == listed
    assert [info.state for info in listed] == [
        DeviceState.NO_PERMISSIONS, DeviceState.DETACHED, DeviceState.UNKNOWN,
    ]  # fmt: skip
    assert [info.wireless for info in listed] == ["._adb-tls-connect." in serial, True, False]


def test_a_watch_tells_why_the_server_refuses() -> None:
    with scripted_server("unknown host service\n\x1b[31m", status="FAIL") as address:
        told = Told(address)
        try:
            assert told.until(lambda phones: phones.note).note == "the adb server: unknown host service \x1b[31m"
        finally:
            told.watch.stop()
