"""Which devices there are, and the device a name means. Asks adb only where that is needed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from ubp_core.devices.adb.attached import list_attached
from ubp_core.devices.adb.device import AdbPhone
from ubp_core.devices.adb.server import ServerAddress, open_client, server_address
from ubp_core.devices.device import Device
from ubp_core.devices.errors import DeviceError, UnknownDevice
from ubp_core.devices.info import NONE_ATTACHED, DeviceInfo, DeviceState, state_of
from ubp_core.devices.local_devices import Emulator, Host
from ubp_core.printable import printable

PREFIX = "adb:"


def list_phones(address: ServerAddress | None = None) -> list[DeviceInfo]:
    """Every device of the adb server with its state; they are asked side by side.

    Raises:
        DeviceError: no adb server answers and none can be started.
    """
    client = open_client(address or server_address())
    found = list_attached(client)
    if not found:
        return []
    with ThreadPoolExecutor(len(found)) as pool:
        return list(pool.map(lambda entry: AdbPhone(client, entry.serial).info_of(entry), found))


def list_devices(address: ServerAddress | None = None) -> list[DeviceInfo]:
    """This machine, the emulator, and every phone.

    Raises:
        DeviceError: no adb server answers and none can be started.
    """
    return [Host().info(), Emulator().info(), *list_phones(address)]


def open_device(name: str, address: ServerAddress | None = None) -> Device:
    """The device that a name means.

    Args:
        name: "host", "emulator", "adb:SERIAL", or "adb": the one in ANDROID_SERIAL, else the only one attached.
        address: the adb server; None: as the environment says.

    Raises:
        UnknownDevice: no such device, or "adb" with several attached.
        DeviceError: no adb server answers.
    """
    if name == Host.name:
        return Host()
    if name == Emulator.name:
        return Emulator()
    if name == "adb" or name.startswith(PREFIX):
        return open_phone(name[len(PREFIX) :], address)
    raise UnknownDevice(f"{name!r} is no device: write host, emulator, adb or adb:SERIAL (ubp devices list)")


def open_phone(serial: str = "", address: ServerAddress | None = None) -> AdbPhone:
    """A phone by serial; without one, the one in ANDROID_SERIAL, else the only one attached.

    Raises:
        DeviceError: as of `open_device`.
    """
    chosen = address or server_address()
    client = open_client(chosen)
    serial = serial or os.environ.get("ANDROID_SERIAL", "")
    attached = list_attached(client)
    serials = [entry.serial for entry in attached]
    if serial:
        return AdbPhone(client, find_serial(serial, serials))
    if not serials:
        raise DeviceError(NONE_ATTACHED)
    ready = [entry.serial for entry in attached if state_of(entry.state) is DeviceState.READY]
    candidates = ready or serials
    if len(candidates) > 1:
        names = ", ".join(PREFIX + name for name in candidates)
        raise UnknownDevice(f"several devices are attached, choose one with --device: {names}")
    return AdbPhone(client, candidates[0])


def find_serial(given: str, serials: list[str]) -> str:
    """The serial that is meant: as it is, or as it is shown, blanks around it left out, where that is only one.

    Raises:
        UnknownDevice: none is.
    """
    if given in serials:
        return given
    shown = [serial for serial in serials if printable(serial).strip() == given.strip()]
    if len(shown) == 1:
        return shown[0]
    others = f"attached: {', '.join(serials)}" if serials else NONE_ATTACHED
    raise UnknownDevice(f"{PREFIX}{given} is not attached; {others}")
