"""A phone as a device: its state with remedy, its facts, its sessions, and cleaning it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ubp_core.devices.adb.attached import Attached, settled_state
from ubp_core.devices.adb.library import adb_errors
from ubp_core.devices.adb.link import AdbLink
from ubp_core.devices.adb.session import AdbSession
from ubp_core.devices.errors import DeviceError
from ubp_core.devices.facts import FACTS_SCRIPT, DeviceFacts, parse_facts
from ubp_core.devices.info import REMEDIES, DeviceInfo, DeviceKind, DeviceState, state_of
from ubp_core.devices.remote_script import CLEAN_SCRIPT, ROOT

if TYPE_CHECKING:
    from adbutils import AdbClient

FACTS_S = 10.0
EMULATOR_NOTE = "an Android emulator: results are checked, its times are no latency"
NETWORK_NOTE = "over the network"


class AdbPhone:
    """See `Device`. A phone, or an Android emulator, that an adb server knows."""

    kind = DeviceKind.ADB

    def __init__(self, client: AdbClient, serial: str) -> None:
        self.serial = serial
        self.link = AdbLink(client, serial)

    @property
    def name(self) -> str:
        """adb:SERIAL."""
        return f"adb:{self.serial}"

    @property
    def wireless(self) -> bool:
        """Whether the serial is a network address or name."""
        return ":" in self.serial or "._adb-tls-connect." in self.serial

    def info(self) -> DeviceInfo:
        """Asks the server, then the phone."""
        state = settled_state(self.link.client, self.serial)
        if state is None:
            return self.not_ready(DeviceState.MISSING, "not known to the adb server: ubp devices list shows what is")
        return self.info_in(state)

    def info_of(self, found: Attached) -> DeviceInfo:
        """The same from an entry of the server's list."""
        state = state_of(found.state)
        if state in (DeviceState.CONNECTING, DeviceState.AUTHORIZING):
            return self.info()
        return self.info_in(state, found.title)

    def info_in(self, state: DeviceState, title: str = "") -> DeviceInfo:
        """Asks the phone, where the server calls it ready."""
        if state is not DeviceState.READY:
            return self.not_ready(state, REMEDIES[state], title)
        try:
            with adb_errors(self.name):
                features = self.link.device.get_features().split(",")
            facts = self.read_facts()
        except DeviceError:
            return self.not_ready(DeviceState.SILENT, REMEDIES[DeviceState.SILENT], title)
        if (unfit := unfit_state(facts, features)) is not None:
            return self.not_ready(unfit, REMEDIES[unfit], facts.model or title)
        notes = [note for note, holds in ((EMULATOR_NOTE, facts.emulated), (NETWORK_NOTE, self.wireless)) if holds]
        return DeviceInfo(self.name, self.kind, DeviceState.READY, facts.model or title, "; ".join(notes),
                          latency=not facts.emulated, wireless=self.wireless)  # fmt: skip

    def not_ready(self, state: DeviceState, advice: str, title: str = "") -> DeviceInfo:
        """An entry with what to do."""
        return DeviceInfo(self.name, self.kind, state, title, advice, wireless=self.wireless)

    def read_facts(self) -> DeviceFacts:
        """One round trip."""
        return parse_facts(self.link.ask(FACTS_SCRIPT, FACTS_S).stdout)

    def facts(self) -> DeviceFacts:
        """See `Device.facts`."""
        self.require_ready()
        return self.read_facts()

    def require_ready(self) -> None:
        """Raises DeviceError with state and remedy where it is not ready."""
        info = self.info()
        if not info.ready:
            raise DeviceError(info.line)

    @contextmanager
    def session(self) -> Iterator[AdbSession]:
        """See `Device.session`."""
        self.require_ready()
        yield AdbSession(self.link, self.name)

    def clean(self) -> str:
        """Stops what runs from our folder, removes everything we ever put there, and says what that was.

        Raises:
            DeviceError: the phone is not ready, or something stays.
        """
        self.require_ready()
        answer = self.link.ask(CLEAN_SCRIPT, FACTS_S)
        if answer.code:
            raise DeviceError(f"{self.name}: {ROOT} can't be removed: {answer.stderr.strip()}")
        size = answer.stdout.split()
        return f"removed {ROOT} ({size[0]} KB)" if size else "nothing of ours was there"


def unfit_state(facts: DeviceFacts, features: list[str]) -> DeviceState | None:
    """Why a phone that answers can't run our program; None where it can."""
    if facts.abis and "arm64-v8a" not in facts.abis:
        arm = any(abi.startswith("armeabi") for abi in facts.abis) and not any("x86" in abi for abi in facts.abis)
        return DeviceState.ONLY_32_BIT if arm else DeviceState.NOT_ARM64
    return None if "shell_v2" in features else DeviceState.TOO_OLD
