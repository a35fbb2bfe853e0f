"""A server that answers every request of the adb protocol with one list, then hangs up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ubp_core.devices.adb.server import ServerAddress


def open_listener(path: str, host: str) -> socket.socket:
    """Where the server listens."""
    if not path:
        return socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


@contextmanager
def scripted_server(
    devices: str, path: str = "", host: str = "127.0.0.1", status: str = "OKAY"
) -> Iterator[ServerAddress]:
    """Answers as an adb server whose list is `devices`: states that need USB hardware can't be had otherwise.

    Args:
        devices: the lines, or with status FAIL what the server says of it.
        path: of a local socket, in place of host and a free port.
    """
    with open_listener(path, host) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    if connection.recv(1024):
                        connection.sendall(status.encode() + f"{len(devices.encode()):04x}{devices}".encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield ServerAddress(host, 0 if path else listener.getsockname()[1], True, path)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
