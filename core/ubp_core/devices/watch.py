"""Follows the adb server's own events: which phones come, go or change. Asks a phone only when its state has changed.

A thread of its own that ends when it is told to. A server that dies is waited for; it is started only at the beginning
and by `refresh`, because somebody may have ended it on purpose.
"""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread
from typing import TYPE_CHECKING

from ubp_core.devices.adb.attached import Attached, read_list
from ubp_core.devices.adb.device import AdbPhone
from ubp_core.devices.adb.library import NONSENSE, adb_errors
from ubp_core.devices.adb.server import SERVER_GONE, ServerAddress, is_listening, open_client
from ubp_core.devices.errors import DeviceError
from ubp_core.devices.info import NONE_ATTACHED, REMEDIES, DeviceInfo, DeviceState, state_of

if TYPE_CHECKING:
    from adbutils import AdbClient, AdbConnection

AGAIN_S = 1.0
"""Between two looks for a server that is gone."""
ASKING = "asking the phone what it is"
LENGTH_DIGITS = 4
ASKED_AT_ONCE = 8


@dataclass(frozen=True)
class Phones:
    """What is attached at one moment."""

    infos: tuple[DeviceInfo, ...]
    """Every device of the adb server."""
    note: str = ""
    """Why there is none, in one line; empty where there is one."""


class DeviceWatch:
    """A running watch; a context manager."""

    def __init__(self, address: ServerAddress, on_change: Callable[[Phones], None]) -> None:
        """Starts it.

        Args:
            on_change: called from the watch's threads, one call at a time, with all that is attached.
        """
        self.address, self.on_change = address, on_change
        self.lock = Lock()
        self.known: dict[Attached, DeviceInfo] = {}
        self.titles: dict[str, str] = {}
        """What each phone was, by serial: a phone that is offline can't say."""
        self.note = ""
        self.stopping = False
        self.may_start = True
        self.waker, self.wakes = socket.socketpair()
        self.asking = ThreadPoolExecutor(ASKED_AT_ONCE, "ask")
        self.thread = Thread(target=self.run, name="watch devices", daemon=True)
        self.thread.start()

    def __enter__(self) -> DeviceWatch:
        return self

    def __exit__(self, *details: object) -> None:
        self.stop()

    def stop(self, wait: bool = True) -> None:
        """Ends the watch; nothing is told after this returns.

        Args:
            wait: until its thread has ended, which may take seconds where a server is just being started.
        """
        with self.lock:
            self.stopping = True
        self.wake()
        if wait:
            self.thread.join()
        self.asking.shutdown(wait=False, cancel_futures=True)

    def refresh(self) -> None:
        """Asks every phone again, and starts a missing server of this machine."""
        with self.lock:
            self.known.clear()
            self.may_start = True
        self.wake()

    def wake(self) -> None:
        """Interrupts what the thread waits for."""
        with suppress(OSError):
            self.waker.send(b"x")

    def run(self) -> None:
        """The thread."""
        try:
            while not self.stopping:
                try:
                    self.follow_server()
                except DeviceError as error:
                    self.lose(str(error))
                self.rest(AGAIN_S)
        finally:
            self.wakes.close()
            self.waker.close()

    def follow_server(self) -> None:
        """Follows one server until it is gone (raises DeviceError), or until something wakes the thread."""
        with self.lock:
            start, self.may_start = self.may_start, False
        if not start and not is_listening(self.address):
            return
        client = open_client(self.address, start)
        with adb_errors("the adb server"), client.make_connection() as connection:
            connection.send_command("host:track-devices")
            connection.check_okay()
            self.read_events(client, connection)

    def read_events(self, client: AdbClient, connection: AdbConnection) -> None:
        """Every event is the whole list; the first comes at once."""
        buffer = b""
        while True:
            ready = select.select([connection.conn, self.wakes], [], [])[0]
            if self.wakes in ready:
                return
            data = connection.conn.recv(1 << 16)
            if not data:
                raise DeviceError(f"{SERVER_GONE}; it is waited for")
            buffer += data
            while len(buffer) >= LENGTH_DIGITS:
                end = LENGTH_DIGITS + read_length(buffer[:LENGTH_DIGITS])
                if len(buffer) < end:
                    break
                self.take_list(client, read_list(buffer[LENGTH_DIGITS:end].decode(errors="replace")))
                buffer = buffer[end:]

    def rest(self, seconds: float) -> None:
        """Waits, or until woken."""
        while not self.stopping and select.select([self.wakes], [], [], seconds)[0]:
            self.wakes.recv(64)
            seconds = 0.0

    def take_list(self, client: AdbClient, attached: list[Attached]) -> None:
        """Keeps what is known, and asks those that are new or have changed."""
        with self.lock:
            self.note = "" if attached else NONE_ATTACHED
            before, self.known = self.known, {}
            for entry in attached:
                self.known[entry] = before.get(entry) or first_info(client, entry, self.titles.get(entry.serial, ""))
            fresh = [entry for entry in attached if entry not in before and self.known[entry].advice == ASKING]
        self.tell()
        for entry in fresh:
            self.asking.submit(self.ask, client, entry)

    def ask(self, client: AdbClient, entry: Attached) -> None:
        """Asks one device what it is; what has changed meanwhile is dropped."""
        try:
            info = AdbPhone(client, entry.serial).info_of(entry)
        except DeviceError as error:
            info = AdbPhone(client, entry.serial).not_ready(DeviceState.SILENT, str(error))
        with self.lock:
            if entry not in self.known:
                return
            self.known[entry] = info
            self.titles[entry.serial] = info.title
        self.tell()

    def lose(self, line: str) -> None:
        """The server is gone, and every phone with it."""
        with self.lock:
            self.known.clear()
            self.note = line
        self.tell()

    def tell(self) -> None:
        """Tells what is attached now."""
        with self.lock:
            if not self.stopping:
                self.on_change(Phones(tuple(self.known.values()), self.note))


def first_info(client: AdbClient, entry: Attached, title: str) -> DeviceInfo:
    """A device as far as the event tells; one that the server calls ready is still to be asked."""
    state = state_of(entry.state)
    asked = state is DeviceState.READY
    shown, advice = (DeviceState.CONNECTING, ASKING) if asked else (state, REMEDIES[state])
    return AdbPhone(client, entry.serial).not_ready(shown, advice, title)


def read_length(digits: bytes) -> int:
    """The length before a list.

    Raises:
        DeviceError: it is none.
    """
    if not re.fullmatch(b"[0-9a-fA-F]{%d}" % LENGTH_DIGITS, digits):  # int takes signs, and -004 would never end
        raise DeviceError(NONSENSE)
    return int(digits, 16)
