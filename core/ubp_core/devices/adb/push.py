"""Sends a file to a phone through the sync service, in pieces of 64 KB.

adbutils sends pieces of 4 KB, each of which costs a round trip, and keeps a refusal's reason to itself.
"""

from __future__ import annotations

import stat
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adbutils import AdbDevice

PIECE = 64 * 1024
"""The most that the protocol allows."""


class PushRefused(Exception):
    """The phone did not take the file; the text is its reason."""


def push_bytes(device: AdbDevice, data: bytes, target: str, mode: int, answer_s: float) -> None:
    """Writes `data` to `target` on the phone.

    Args:
        mode: permission bits; Android widens them, so they are set again afterwards.
        answer_s: longest wait for any single step.

    Raises:
        PushRefused: the phone's reason.
        AdbError, EOFError, OSError: the link is lost.
    """
    name = f"{target},{stat.S_IFREG | mode}".encode()
    with device.open_transport(timeout=answer_s) as connection:
        connection.send_command("sync:")
        connection.check_okay()
        connection.conn.sendall(struct.pack("<4sI", b"SEND", len(name)) + name)
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            connection.conn.sendall(struct.pack("<4sI", b"DATA", len(piece)) + piece)
        connection.conn.sendall(struct.pack("<4sI", b"DONE", int(time.time())))
        answer, length = struct.unpack("<4sI", connection.read_exact(8))
        if answer != b"OKAY":
            raise PushRefused(connection.read_exact(min(length, PIECE)).decode(errors="replace"))
