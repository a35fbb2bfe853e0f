"""The adb server: its address, starting it where it is ours to start, a client of it, connecting wireless phones.

The only module that makes an adb client. Never starts a server on another machine, nor on a port that wasn't asked for.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ubp_core.devices.adb.address import parse_port, read_specification, split_address
from ubp_core.devices.adb.attached import find_state, settled_state
from ubp_core.devices.adb.library import PORT_VARIABLE, adb_errors, load_adbutils
from ubp_core.devices.errors import DeviceError, UnknownDevice
from ubp_core.devices.info import DeviceState

if TYPE_CHECKING:
    from adbutils import AdbClient

DEFAULT_PORT = 5037
PROBE_S = 2.0
START_S = 20.0
CALL_S = 10.0
"""For any single answer of the server."""
CONNECT_S = 15.0
"""adb itself gives a silent device 10 s."""
SOCKET_VARIABLE = "ADB_SERVER_SOCKET"

SERVER_GONE = "the adb server has stopped"


@dataclass(frozen=True)
class ServerAddress:
    """Where the adb server listens."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    given: bool = False
    """Asked for with --adb-host: then it must be there, and we start none."""
    path: str = ""
    """Of a local socket, in place of host and port; an abstract one begins with a zero byte."""

    def __str__(self) -> str:
        if self.path:
            return f"localabstract:{self.path[1:]}" if self.path.startswith("\0") else f"localfilesystem:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether it is where adb itself would start one on this machine; at an IPv6 address it doesn't."""
        return bool(self.path) or self.host in ("127.0.0.1", "localhost")

    def connect(self, limit_s: float) -> socket.socket:
        """A connection.

        Raises:
            OSError: there is none.
        """
        if self.path:
            if sys.platform == "win32":
                raise OSError(f"{self.path}: Windows has no such sockets")
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(limit_s)
            connection.connect(self.path)
            return connection
        try:
            connection = socket.create_connection((self.host, self.port), limit_s)
        except UnicodeError as error:  # a host's name that can't be one
            raise OSError(str(error)) from error
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection


def server_address(adb_host: str | None = None) -> ServerAddress:
    """The server to use: `--adb-host HOST[:PORT]`, else the environment that adb itself reads, else adb's default.

    An empty variable is none.

    Raises:
        UnknownDevice: an address that is none.
    """
    if adb_host:
        host, given = split_address(adb_host, "--adb-host")
        return ServerAddress(host or "127.0.0.1", given or DEFAULT_PORT, given=True)
    if text := os.environ.get(SOCKET_VARIABLE, "").strip():
        host, given, path = read_specification(text, SOCKET_VARIABLE)
        return ServerAddress(host, given or DEFAULT_PORT, path=path)
    host = os.environ.get("ANDROID_ADB_SERVER_ADDRESS") or os.environ.get("ANDROID_ADB_SERVER_HOST") or "127.0.0.1"
    port = os.environ.get(PORT_VARIABLE, "").strip() or str(DEFAULT_PORT)
    return ServerAddress(host.removeprefix("[").removesuffix("]"), parse_port(port, PORT_VARIABLE))


def is_listening(address: ServerAddress) -> bool:
    """Whether something answers at the address."""
    try:
        address.connect(PROBE_S).close()
        return True
    except OSError:
        return False


def start_server(address: ServerAddress) -> None:
    """Starts the adb server on this machine, on the address's port or path.

    Raises:
        DeviceError: adb is missing, or the server doesn't start.
    """
    adbutils = load_adbutils()
    where = ["-L", str(address)] if address.path else ["-P", str(address.port)]
    try:
        command = [adbutils.adb_path(), *where, "start-server"]
        with tempfile.TemporaryFile(
            "w+", encoding="utf-8", errors="replace"
        ) as output:  # no pipe: the server that stays would hold it open
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=START_S)
            output.seek(0)
            said = output.read().strip().splitlines()
    except (adbutils.AdbError, OSError, subprocess.TimeoutExpired) as error:
        said = [str(error)]
    if not is_listening(address):
        place = address.path or f"port {address.port}"
        raise DeviceError(f"the adb server can't be started on {place}: {said[-1] if said else 'no reason given'}")


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
    """A client that connects as the address says, and never starts a server by itself.

    adbutils knows IPv4 only, and starts a server that is gone on the wrong port.
    """
    adbutils = load_adbutils()

    class Connection(adbutils.AdbConnection):  # type: ignore[misc, name-defined]  # adbutils ships no types
        """A connection to `address`."""

        def _safe_connect(self) -> socket.socket:
            try:
                return address.connect(PROBE_S)
            except OSError as error:
                raise adbutils.AdbError(SERVER_GONE) from error

    class Client(adbutils.AdbClient):  # type: ignore[misc, name-defined]
        """Makes such connections."""

        def make_connection(self, timeout: float | None = None) -> Connection:
            connection = Connection(address.host, address.port)
            connection.conn.settimeout(timeout or CALL_S)
            return connection

    return Client(address.host or "127.0.0.1", address.port)


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
        if find_state(client, target) is DeviceState.OFFLINE:
            client.disconnect(target)  # else adb says "already connected" to a link that is dead
        said = client.connect(target, timeout=CONNECT_S).strip()
        state = settled_state(client, target)
    # adb's exit code and status are fine even when it failed: only the text tells.
    if "authenticate" in said or state is DeviceState.UNAUTHORIZED:
        raise DeviceError(f"{target}: unauthorized; accept the dialog on the phone, then connect again")
    if re.match(r"(already )?connected to ", said):
        return target
    raise DeviceError(f"{target}: {said}; same network? the port changes each time Wireless debugging is switched on")
