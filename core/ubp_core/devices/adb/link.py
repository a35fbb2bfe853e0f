"""Short commands on a phone, and why a link was lost. One phone's connection; knows no benchmark and no files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ubp_core.devices.adb.attached import NO_SERIAL, find_state, find_transport
from ubp_core.devices.adb.server import SERVER_GONE
from ubp_core.devices.adb.stream import EXIT, STDERR, STDOUT, ShellStream, StreamEnded, StreamSilent
from ubp_core.devices.errors import DeviceError, LinkLost
from ubp_core.devices.info import REMEDIES, DeviceState

if TYPE_CHECKING:
    from adbutils import AdbClient, AdbDevice

SHORT_S = 6.0
"""For a command that does next to nothing."""
AGAIN = "reconnect it and start again"


@dataclass(frozen=True)
class Answer:
    """What a short command said."""

    code: int
    stdout: str
    stderr: str


class AdbLink:
    """One phone by its serial."""

    def __init__(self, client: AdbClient, serial: str) -> None:
        self.client, self.serial = client, serial

    @property
    def device(self) -> AdbDevice:
        """adbutils' object; makes no call but for a phone without serial, which only its number names."""
        if self.serial == NO_SERIAL:
            return self.client.device(transport_id=find_transport(self.client))
        return self.client.device(serial=self.serial)

    def ask(self, command: str, limit_s: float = SHORT_S) -> Answer:
        """Runs a short command.

        Raises:
            LinkLost: the phone is gone or does not answer within `limit_s`.
        """
        from adbutils import AdbError

        device = self.device
        until = time.monotonic() + limit_s
        parts: dict[int, bytes] = {STDOUT: b"", STDERR: b""}
        try:
            stream = ShellStream(device, command, limit_s)
            try:
                while (packet := stream.next_packet(until)) and packet.kind != EXIT:
                    parts[packet.kind] = parts.get(packet.kind, b"") + packet.data
            finally:
                stream.close()
        except (AdbError, EOFError, OSError, ValueError, StreamEnded, StreamSilent) as error:
            raise self.loss() from error
        code = packet.data[0] if packet and packet.data else 255
        return Answer(code, parts[STDOUT].decode(errors="replace"), parts[STDERR].decode(errors="replace"))

    def alive(self, limit_s: float) -> bool:
        """Whether the phone answers."""
        try:
            return self.ask("echo", limit_s).code == 0
        except LinkLost:
            return False

    def loss(self) -> LinkLost:
        """Why the phone can't be reached now, in one line."""
        subject = f"adb:{self.serial}"
        try:
            state = self.state()
        except DeviceError:
            return LinkLost(f"{subject}: {SERVER_GONE} in the middle of it: start again (adb start-server)")
        if state is None:
            return LinkLost(f"{subject}: the phone is gone (cable pulled, Wi-Fi lost or restarted): {AGAIN}")
        if state is DeviceState.OFFLINE:
            return LinkLost(f"{subject}: the phone went offline (cable pulled, Wi-Fi lost or restarted): {AGAIN}")
        if state is DeviceState.READY:
            return LinkLost(f"{subject}: the phone stopped answering or the link was cut: {AGAIN}")
        return LinkLost(f"{subject}: {state.value}; {REMEDIES[state]}")

    def state(self) -> DeviceState | None:
        """The server's word on the phone; None where it knows no such serial.

        Raises:
            DeviceError: the server doesn't answer.
        """
        return find_state(self.client, self.serial)
