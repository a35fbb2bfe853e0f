"""This machine as a device: as it is (`host`) and through qemu-user (`emulator`)."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ubp_core.devices.errors import DeviceError
from ubp_core.devices.facts import FACTS_SCRIPT, DeviceFacts, parse_facts
from ubp_core.devices.info import DeviceInfo, DeviceKind, DeviceState
from ubp_core.devices.instruction_counter import find_counter
from ubp_core.devices.local_session import LocalSession

QEMU = "qemu-aarch64"
FACTS_S = 10.0
HOST_NOTE = "this machine: ratios count, its times are no phone's"
EMULATOR_NOTE = "qemu-user on this machine: results are checked, instructions are counted, nothing is timed"
UNCOUNTED_NOTE = "qemu-user on this machine: results are checked, nothing is timed"
EMULATOR_REMEDY = "install qemu-user (Debian: apt install qemu-user)"


class Host:
    """See `Device`. This machine."""

    kind = DeviceKind.HOST
    name = "host"

    def info(self) -> DeviceInfo:
        """Always ready."""
        return DeviceInfo(
            self.name, self.kind, DeviceState.READY, read_local_facts().soc or platform.machine(), HOST_NOTE
        )

    def facts(self) -> DeviceFacts:
        """See `Device.facts`."""
        return read_local_facts()

    @contextmanager
    def session(self) -> Iterator[LocalSession]:
        """See `Device.session`."""
        yield LocalSession(self.name)


class Emulator:
    """See `Device`. qemu-user: correctness and numbers of instructions, never a time."""

    kind = DeviceKind.EMULATOR
    name = "emulator"

    def info(self) -> DeviceInfo:
        """Ready where qemu-aarch64 is on the PATH."""
        if qemu := shutil.which(QEMU):
            counter = find_counter(qemu)
            note = EMULATOR_NOTE if counter.options else f"{UNCOUNTED_NOTE}; {counter.reason}"
            return DeviceInfo(self.name, self.kind, DeviceState.READY, "ARM64 under qemu-user", note,
                              counts=bool(counter.options))  # fmt: skip
        return DeviceInfo(self.name, self.kind, DeviceState.MISSING, "ARM64 under qemu-user", EMULATOR_REMEDY)

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
        qemu = shutil.which(QEMU) or QEMU
        yield LocalSession(self.name, (qemu, *find_counter(qemu).options))


def read_local_facts() -> DeviceFacts:
    """Facts of this machine; on others than Linux only what Python knows."""
    text = ""
    if sys.platform == "linux":
        done = subprocess.run(["sh", "-c", FACTS_SCRIPT], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=FACTS_S)  # fmt: skip
        text = done.stdout
    facts = parse_facts(text)
    machine = platform.machine()
    return replace(facts, model=platform.node(), soc=facts.soc or platform.processor() or machine, abis=(machine,))
