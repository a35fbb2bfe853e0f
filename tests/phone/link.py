"""One link from an adb server: the handshake, and streams opened over it. Knows no service's content."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable

from phone.messages import AUTH, AUTH_TOKEN, CLSE, CNXN, MAX_DATA, OKAY, OPEN, VERSION, WRTE, Message, receive_message
from phone.model import PhoneModel

Service = Callable[["Stream", str], None]
"""Serves one stream in a thread of its own; the stream is closed when it returns."""


class Stream:
    """One open service: bytes both ways, one message under way at a time, as the protocol wants."""

    def __init__(self, link: Link, local: int, remote: int) -> None:
        self.link, self.local, self.remote = link, local, remote
        self.changed = threading.Condition()
        self.received = bytearray()
        self.may_send = True
        self.closed = False

    def send(self, data: bytes) -> None:
        """Sends all of `data`; raises ConnectionError once the other side has closed."""
        for start in range(0, len(data), MAX_DATA):
            with self.changed:
                self.changed.wait_for(lambda: self.may_send or self.closed)
                if self.closed:
                    raise ConnectionError("stream closed")
                self.may_send = False
            self.link.send(Message(WRTE, self.local, self.remote, data[start : start + MAX_DATA]))

    def receive(self, count: int) -> bytes:
        """Exactly `count` bytes; raises ConnectionError where the stream ends first."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.received) >= count or self.closed)
            if len(self.received) < count:
                raise ConnectionError("stream closed")
            data = bytes(self.received[:count])
            del self.received[:count]
            return data

    def wait_closed(self) -> None:
        """Returns when the other side has closed."""
        with self.changed:
            self.changed.wait_for(lambda: self.closed)

    def accept(self, data: bytes) -> None:
        """Data came in."""
        with self.changed:
            self.received += data
            self.changed.notify_all()
        self.link.send(Message(OKAY, self.local, self.remote))

    def acknowledge(self) -> None:
        """The message under way has arrived."""
        with self.changed:
            self.may_send = True
            self.changed.notify_all()

    def end(self) -> None:
        """The other side has closed, or the link is gone."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()


class Link:
    """A TCP connection from an adb server."""

    def __init__(self, connection: socket.socket, model: PhoneModel, service: Service) -> None:
        self.connection, self.model, self.service = connection, model, service
        self.streams: dict[int, Stream] = {}
        self.next_id = 1
        self.sending = threading.Lock()
        self.flowing = threading.Event()
        self.flowing.set()

    def send(self, message: Message) -> None:
        """Sends one message; waits while the link is frozen."""
        self.flowing.wait()
        with self.sending:
            try:
                self.connection.sendall(message.encode())
            except OSError as error:
                raise ConnectionError(str(error)) from None

    def serve(self) -> None:
        """Reads until the link ends."""
        try:
            while True:
                message = receive_message(self.connection)
                self.flowing.wait()
                self.handle(message)
        except (ConnectionError, OSError):
            pass
        finally:
            self.cut()
            for stream in list(self.streams.values()):
                stream.end()

    def cut(self) -> None:
        """Ends the link at once, as a pulled cable does."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        self.flowing.set()

    def handle(self, message: Message) -> None:
        stream = self.streams.get(message.arg1)
        if message.command in (CNXN, AUTH):
            self.greet()
        elif message.command == OPEN:
            self.open(message)
        elif message.command == WRTE and stream:
            stream.accept(message.data)
        elif message.command == OKAY and stream:
            stream.acknowledge()
        elif message.command == CLSE and stream:
            stream.end()

    def greet(self) -> None:
        """Says who we are, or asks for one more key."""
        if not self.model.authorized:
            self.send(Message(AUTH, AUTH_TOKEN, 0, os.urandom(20)))
            return
        names = {
            "product.name": self.model.device,
            "product.model": self.model.model,
            "product.device": self.model.device,
        }
        banner = "device::" + "".join(f"ro.{name}={value};" for name, value in names.items())
        self.send(Message(CNXN, VERSION, MAX_DATA, f"{banner}features={self.model.features}".encode()))

    def open(self, message: Message) -> None:
        stream = Stream(self, self.next_id, message.arg0)
        self.streams[stream.local] = stream
        self.next_id += 1
        name = message.data.rstrip(b"\0").decode("utf-8", "surrogateescape")
        threading.Thread(target=self.run_service, args=(stream, name), daemon=True).start()

    def run_service(self, stream: Stream, name: str) -> None:
        with contextlib.suppress(ConnectionError):
            if name.split(":")[0].split(",")[0] in ("shell", "exec", "sync"):
                self.send(Message(OKAY, stream.local, stream.remote))
                self.service(stream, name)
        with contextlib.suppress(ConnectionError):
            self.send(Message(CLSE, stream.local if stream.may_send else 0, stream.remote))
        stream.end()
        self.streams.pop(stream.local, None)
