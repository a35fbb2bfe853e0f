"""Messages between adb and a device: 24-byte header, then data. Bytes only; knows no services and no sockets' life."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

CNXN, AUTH, OPEN, OKAY, WRTE, CLSE = (int.from_bytes(name, "little") for name in
                                      (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE"))  # fmt: skip
AUTH_TOKEN = 1
VERSION = 0x01000001
"""From this version on the data checksum is zero."""
MAX_DATA = 256 * 1024
HEADER = struct.Struct("<6I")


@dataclass(frozen=True)
class Message:
    """One message of the link."""

    command: int
    arg0: int
    arg1: int
    data: bytes = b""

    def encode(self) -> bytes:
        """The bytes on the wire."""
        header = HEADER.pack(self.command, self.arg0, self.arg1, len(self.data), 0, self.command ^ 0xFFFFFFFF)
        return header + self.data


def receive_exactly(link: socket.socket, count: int) -> bytes:
    """The next `count` bytes; raises ConnectionError where the link ends first."""
    parts = []
    while count:
        part = link.recv(count)
        if not part:
            raise ConnectionError("link closed")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive_message(link: socket.socket) -> Message:
    """The next message; raises ConnectionError where the link ends or the header is not one."""
    command, arg0, arg1, length, _, magic = HEADER.unpack(receive_exactly(link, HEADER.size))
    if magic != command ^ 0xFFFFFFFF or length > MAX_DATA:
        raise ConnectionError("not a message")
    return Message(command, arg0, arg1, receive_exactly(link, length))
