"""The adb server: its address, starting it where it is ours to start, listing, connecting wireless phones.

The only module that makes an adb client. Never starts a server on another machine, nor on a port that wasn't asked for.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ubp_core.devices.errors import DeviceError, UnknownDevice

if TYPE_CHECKING:
    from adbutils import AdbClient, AdbDeviceInfo

DEFAULT_PORT = 5037
PROBE_S = 2.0
START_S = 20.0
CALL_S = 10.0
"""For any single answer of the server."""
SETTLE_S = 2.0
CONNECT_S = 15.0
"""adb itself gives a silent device 10 s."""


@dataclass(frozen=True)
class ServerAddress:
    """Where the adb server listens."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    given: bool = False
    """Asked for with --adb-host: then it must be there, and we start none."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return self.host in ("127.0.0.1", "localhost", "::1")


def server_address(adb_host: str | None = None) -> ServerAddress:
    """The server to use: `--adb-host HOST[:PORT]`, else the environment that adb itself reads, else adb's default.

    Raises:
        UnknownDevice: an address that is none.
    """
    if adb_host:
        host, colon, port = adb_host.rpartition(":") if ":" in adb_host else (adb_host, "", "")
        return ServerAddress(host, parse_port(port, "--adb-host") if colon else DEFAULT_PORT, given=True)
    host = os.environ.get("ANDROID_ADB_SERVER_ADDRESS") or os.environ.get("ANDROID_ADB_SERVER_HOST") or "127.0.0.1"
    port = os.environ.get("ANDROID_ADB_SERVER_PORT") or str(DEFAULT_PORT)
    return ServerAddress(host, parse_port(port, "ANDROID_ADB_SERVER_PORT"))


def parse_port(text: str, label: str) -> int:
    """A port number."""
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise UnknownDevice(f"{label}: {text!r} is no port number; write HOST:PORT")


def is_listening(address: ServerAddress) -> bool:
    """Whether something answers at the address."""
    try:
        socket.create_connection((address.host, address.port), PROBE_S).close()
        return True
    except OSError:
        return False


def start_server(address: ServerAddress) -> None:
    """Starts the adb server on this machine, on the address's port.

    Raises:
        DeviceError: adb is missing, or the server doesn't start.
    """
    from adbutils import AdbError, adb_path

    try:
        command = [adb_path(), "-P", str(address.port), "start-server"]
        with tempfile.TemporaryFile("w+") as output:  # no pipe: the server that stays would hold it open
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=START_S)
            output.seek(0)
            said = output.read().strip().splitlines()
    except (AdbError, OSError, subprocess.TimeoutExpired) as error:
        said = [str(error)]
    if not is_listening(address):
        raise DeviceError(
            f"the adb server can't be started on port {address.port}: {said[-1] if said else 'no reason given'}"
        )


def open_client(address: ServerAddress, start: bool = True) -> AdbClient:
    """A client of the server at `address`; starts the server where it is local, missing and not given by hand.

    Raises:
        DeviceError: no server answers.
    """
    if not is_listening(address):
        if not start or address.given or not address.local:
            raise DeviceError(
                f"no adb server answers at {address}: start it there (adb start-server) or check the address"
            )
        start_server(address)
    return make_client(address)


def make_client(address: ServerAddress) -> AdbClient:
    """A client that never starts a server by itself: adbutils would start one on the wrong port."""
    from adbutils import AdbClient, AdbConnection, AdbError

    class GuardedClient(AdbClient):  # type: ignore[misc]  # adbutils ships no types
        """Looks whether the server is there before every call."""

        def make_connection(self, timeout: float | None = None) -> AdbConnection:
            if not is_listening(address):
                raise AdbError(SERVER_GONE)
            return super().make_connection(timeout)

    return GuardedClient(address.host, address.port, socket_timeout=CALL_S)


SERVER_GONE = "the adb server has stopped"


def list_attached(client: AdbClient) -> list[AdbDeviceInfo]:
    """Every device that the server knows, whatever its state.

    Raises:
        DeviceError: the server doesn't answer.
    """
    with adb_errors("the adb server"):
        found: list[AdbDeviceInfo] = client.list(extended=True)
        return found


def connect_wireless(client: AdbClient, target: str) -> str:
    """Connects a phone over the network and returns its serial.

    Args:
        target: HOST:PORT; the port that the phone shows under "Wireless debugging", not the pairing port.

    Raises:
        DeviceError: it did not connect; the line says why.
    """
    host, _, port = target.rpartition(":")
    if not host:
        raise UnknownDevice(f"{target!r}: write HOST:PORT, as the phone shows it under Wireless debugging")
    parse_port(port, target)
    with adb_errors(target):
        if any(found.serial == target and found.state == "offline" for found in client.list()):
            client.disconnect(target)  # else adb says "already connected" to a link that is dead
        said = client.connect(target, timeout=CONNECT_S).strip()
        state = settled_state(client, target)
    # adb's exit code and status are fine even when it failed: only the text tells.
    if "authenticate" in said or state == "unauthorized":
        raise DeviceError(f"{target}: unauthorized; accept the dialog on the phone, then connect again")
    if re.match(r"(already )?connected to ", said):
        return target
    raise DeviceError(f"{target}: {said}; same network? the port changes each time Wireless debugging is switched on")


def settled_state(client: AdbClient, serial: str) -> str:
    """The server's word on a device, once it is neither connecting nor authorizing; empty where it knows none."""
    until = time.monotonic() + SETTLE_S
    while True:
        state = next((str(found.state) for found in client.list() if found.serial == serial), "")
        if state not in ("connecting", "authorizing") or time.monotonic() > until:
            return state
        time.sleep(SETTLE_S / 20)


class adb_errors:
    """Turns what adbutils raises (AdbError, EOFError, OSError) into one DeviceError."""

    def __init__(self, subject: str) -> None:
        self.subject = subject

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        from adbutils import AdbError, AdbTimeout

        if isinstance(error, AdbTimeout):
            raise DeviceError(f"{self.subject}: no answer") from error
        if isinstance(error, (AdbError, EOFError, OSError)):
            text = " ".join(str(error).split()) or "the connection was closed"
            raise DeviceError(f"{self.subject}: {text}") from error
