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
    SILENT = "no answer"
    NOT_BOOTED = "not in Android"
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
    DeviceState.SILENT: "the phone is connected but does not answer: unlock it, reconnect the cable, or restart it",
    DeviceState.NOT_BOOTED: "start Android on it: adb reboot",
    DeviceState.ONLY_32_BIT: "the kernels need a 64-bit ARM Android (arm64-v8a): use another phone",
    DeviceState.NOT_ARM64: "the kernels are ARM64 code, which this device can't run: use a phone or an ARM64 image",
    DeviceState.TOO_OLD: "needs Android 7 or newer: use another phone",
}
"""What to do, for every state of an adb device that is not ready."""

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
        adb_state: second word of a line of `adb devices`.
    """
    known = {
        "device": DeviceState.READY,
        "unauthorized": DeviceState.UNAUTHORIZED,
        "offline": DeviceState.OFFLINE,
        "no": DeviceState.NO_PERMISSIONS,  # "no permissions (...)": adbutils keeps the first word
        "connecting": DeviceState.CONNECTING,
        "authorizing": DeviceState.CONNECTING,
    }
    return known.get(adb_state, DeviceState.NOT_BOOTED)
