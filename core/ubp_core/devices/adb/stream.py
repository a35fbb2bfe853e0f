"""One command on a phone through shell protocol 2: output as it comes, exit code, time limits, cancelling.

Reads the socket itself: adbutils counts its time-outs per packet, and a total needs a clock of its own.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adbutils import AdbConnection, AdbDevice

STDOUT, STDERR, EXIT = 1, 2, 3
HEADER_BYTES = 5
WAKE_S = 0.1
"""How often cancelling is looked at."""


class StreamEnded(Exception):
    """The link ended before the exit code."""


class StreamSilent(Exception):
    """Nothing came for the given time, or the total is over."""


@dataclass(frozen=True)
class Packet:
    """Output or exit code."""

    kind: int
    data: bytes


class ShellStream:
    """A running command; closing it hangs up on the phone."""

    def __init__(self, device: AdbDevice, command: str, answer_s: float) -> None:
        self.connection: AdbConnection = device.open_transport(timeout=answer_s)
        try:
            self.connection.send_command(f"shell,v2,raw:{command}")
            self.connection.check_okay()
            self.connection.conn.setblocking(False)
        except BaseException:
            self.connection.close()
            raise
        self.buffer = bytearray()

    def next_packet(self, until: float, cancel: Event | None = None) -> Packet | None:
        """The next packet; None when cancelled.

        Args:
            until: time.monotonic() at which to give up.

        Raises:
            StreamEnded, StreamSilent
        """
        while not (packet := self.take_packet()):
            left = until - time.monotonic()
            if left <= 0:
                raise StreamSilent
            if cancel and cancel.is_set():
                return None
            if select.select([self.connection.conn], [], [], min(left, WAKE_S) if cancel else left)[0]:
                self.fill()
        return packet

    def fill(self) -> None:
        try:
            data = self.connection.conn.recv(256 * 1024)
        except BlockingIOError:
            return
        except OSError as error:
            raise StreamEnded from error
        if not data:
            raise StreamEnded
        self.buffer += data

    def take_packet(self) -> Packet | None:
        """A complete packet of the buffer."""
        if len(self.buffer) < HEADER_BYTES:
            return None
        end = HEADER_BYTES + int.from_bytes(self.buffer[1:HEADER_BYTES], "little")
        if len(self.buffer) < end:
            return None
        packet = Packet(self.buffer[0], bytes(self.buffer[HEADER_BYTES:end]))
        del self.buffer[:end]
        return packet

    def close(self) -> None:
        """Hangs up."""
        self.connection.close()


class LineSplitter:
    """Cuts bytes into lines of text and hands each on."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.on_line, self.rest = on_line, b""

    def feed(self, data: bytes) -> None:
        """Takes some bytes."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.on_line(line.decode(errors="replace").rstrip("\r"))

    def finish(self) -> None:
        """Hands on a last line without its end."""
        if self.rest:
            self.on_line(self.rest.decode(errors="replace"))
            self.rest = b""
