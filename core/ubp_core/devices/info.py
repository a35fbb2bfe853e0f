"""What a device is and whether it is ready: values, and the line that each state shows. Asks no device."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class DeviceKind(Enum):
    """The three kinds of device."""

    HOST = "host"
    EMULATOR = "emulator"
    ADB = "adb"


class DeviceState(Enum):
    """States as users meet them."""

    READY = "ready"
    UNAUTHORIZED = "unauthorized"
    OFFLINE = "offline"
    NO_PERMISSIONS = "no permissions"
    CONNECTING = "connecting"
    AUTHORIZING = "authorizing"
    SILENT = "no answer"
    BOOTLOADER = "bootloader"
    RECOVERY = "recovery"
    SIDELOAD = "sideload"
    RESCUE = "rescue"
    DETACHED = "detached"
    UNKNOWN = "unknown"
    ONLY_32_BIT = "32-bit only"
    NOT_ARM64 = "no ARM64"
    TOO_OLD = "too old"
    MISSING = "missing"


REMEDIES = {
    DeviceState.UNAUTHORIZED: 'accept the dialog "Allow USB debugging?" on the phone (unlock its screen first)',
    DeviceState.OFFLINE: "reconnect the cable, or for a wireless phone: ubp devices connect HOST:PORT",
    DeviceState.NO_PERMISSIONS: "this user may not open the USB device: add a udev rule "
    "(Debian: apt install android-sdk-platform-tools-common, group plugdev), then reconnect the cable",
    DeviceState.CONNECTING: "wait a moment and look again",
    DeviceState.AUTHORIZING: "phone and adb server exchange keys: wait a moment and look again",
    DeviceState.SILENT: "the phone is connected but does not answer: unlock it, reconnect the cable, or restart it",
    DeviceState.BOOTLOADER: "start Android on it: fastboot reboot, or its power button",
    DeviceState.RECOVERY: "start Android on it: adb reboot",
    DeviceState.SIDELOAD: "it waits for a system image; start Android on it: adb reboot",
    DeviceState.RESCUE: "start Android on it: adb reboot",
    DeviceState.DETACHED: "the adb server has let go of it, so that others can use it: adb attach brings it back",
    DeviceState.UNKNOWN: "the adb server can't say what it does: reconnect the cable, or start the server again "
    "(adb kill-server)",
    DeviceState.ONLY_32_BIT: "the kernels need a 64-bit ARM Android (arm64-v8a): use another phone",
    DeviceState.NOT_ARM64: "the kernels are ARM64 code, which this device can't run: use a phone or an ARM64 image",
    DeviceState.TOO_OLD: "needs Android 7 or newer: use another phone",
}
"""What to do, for every state of an adb device that is not ready."""

ADB_STATES = {
    "device": DeviceState.READY,
    "unauthorized": DeviceState.UNAUTHORIZED,
    "offline": DeviceState.OFFLINE,
    "no permissions": DeviceState.NO_PERMISSIONS,
    "connecting": DeviceState.CONNECTING,
    "authorizing": DeviceState.AUTHORIZING,
    "bootloader": DeviceState.BOOTLOADER,
    "recovery": DeviceState.RECOVERY,
    "sideload": DeviceState.SIDELOAD,
    "rescue": DeviceState.RESCUE,
    "detached": DeviceState.DETACHED,
    "unknown": DeviceState.UNKNOWN,
}
"""The words of an adb server."""

NONE_ATTACHED = (
    "no phone attached: connect one with USB debugging on, or for a wireless one: ubp devices connect HOST:PORT"
)


@dataclass(frozen=True)
class DeviceInfo:
    """One line of the device list."""

    name: str
    """"host", "emulator" or "adb:SERIAL"."""
    kind: DeviceKind
    state: DeviceState
    title: str
    """What it is, for people: a phone's model, a processor's name."""
    advice: str = ""
    """What to do where it is not ready; what to know where it is (such as: an Android emulator)."""
    latency: bool = False
    """Whether its times may be called latency: only a real phone's."""
    wireless: bool = False
    """Reached over a network."""
    arm64: bool = False
    """Whether it is this machine, and that is an ARM64 one: the kernels that are timed are the phones' own."""
    counts: bool = False
    """Whether it counts executed instructions: the emulator, where qemu-user can."""

    @property
    def ready(self) -> bool:
        """Whether a benchmark can run."""
        return self.state is DeviceState.READY

    @property
    def line(self) -> str:
        """Name, state and advice in one line."""
        return f"{self.name}: {self.state.value}" + (f"; {self.advice}" if self.advice else "")


def state_of(adb_state: str) -> DeviceState:
    """Our state for the server's word; READY here still means: ask the phone what it is.

    Args:
        adb_state: what follows the serial in a line of `adb devices`, without its reason.
    """
    return ADB_STATES.get(adb_state, DeviceState.UNKNOWN)
