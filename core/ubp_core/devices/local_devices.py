"""This machine as a device: as it is (`host`) and through qemu-user (`emulator`)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ubp_core.devices.errors import DeviceError
from ubp_core.devices.facts import DeviceFacts
from ubp_core.devices.info import DeviceInfo, DeviceKind, DeviceState
from ubp_core.devices.instruction_counter import find_counter
from ubp_core.devices.local_facts import read_local_facts, runs_arm64
from ubp_core.devices.local_session import LocalSession
from ubp_core.installation.building import wait_for

QEMU = "qemu-aarch64"
HOST_NOTE = "this machine: ratios count, its times are no phone's"
ARM64_NOTE = "this machine, ARM64: its times are its own, no phone's"
EMULATOR_NOTE = "qemu-user on this machine: results are checked, instructions are counted, nothing is timed"
UNCOUNTED_NOTE = "qemu-user on this machine: results are checked, nothing is timed"
EMULATOR_REMEDY = "install qemu-user (Debian: apt install qemu-user)"
NO_EMULATOR = "qemu-user is for Linux alone: use this machine (host) or a phone"


class Host:
    """See `Device`. This machine."""

    kind = DeviceKind.HOST
    name = "host"

    def info(self) -> DeviceInfo:
        """Always ready."""
        arm64 = runs_arm64()
        note = ARM64_NOTE if arm64 else HOST_NOTE
        return DeviceInfo(self.name, self.kind, DeviceState.READY, read_local_facts().soc, note, arm64=arm64)

    def facts(self) -> DeviceFacts:
        """See `Device.facts`."""
        return read_local_facts()

    @contextmanager
    def session(self) -> Iterator[LocalSession]:
        """See `Device.session`."""
        yield LocalSession(self.name)


def find_qemu() -> str | None:
    """The path of qemu-user, which there is on Linux alone."""
    return shutil.which(QEMU) if sys.platform == "linux" else None


class Emulator:
    """See `Device`. qemu-user: correctness and numbers of instructions, never a time."""

    kind = DeviceKind.EMULATOR
    name = "emulator"

    def info(self) -> DeviceInfo:
        """Ready where qemu-aarch64 is on the PATH."""
        if qemu := find_qemu():
            counter = find_counter(qemu)
            note = EMULATOR_NOTE if counter.options else f"{UNCOUNTED_NOTE}; {counter.reason}"
            return DeviceInfo(self.name, self.kind, DeviceState.READY, "ARM64 under qemu-user", note,
                              counts=bool(counter.options))  # fmt: skip
        remedy = EMULATOR_REMEDY if sys.platform == "linux" else NO_EMULATOR
        return DeviceInfo(self.name, self.kind, DeviceState.MISSING, "ARM64 under qemu-user", remedy)

    def facts(self) -> DeviceFacts:
        """See `Device.facts`: an ARM64 without clocks, clusters and sensors of its own."""
        local = read_local_facts()
        return replace(local, model="qemu-user", soc=f"emulated on {local.soc}", abis=("arm64-v8a",), clusters=(),
                       temperature_c=None, temperature_source="", battery_percent=None, emulated=True)  # fmt: skip

    @contextmanager
    def session(self) -> Iterator[LocalSession]:
        """See `Device.session`."""
        info = self.info()
        if not info.ready:
            raise DeviceError(info.line)
        qemu = find_qemu() or QEMU
        wait_for("qemu-count")
        yield LocalSession(self.name, (qemu, *find_counter(qemu).options))
