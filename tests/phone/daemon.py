"""The phone's own process: enters the namespaces, builds the tree, listens, obeys orders on its standard input.

Started by `phone.phone.Phone`; orders are lines, every one is answered by a line of JSON:
    cut, freeze, thaw, refuse (cut, and drop new links unanswered), listen, reboot, processes, slow SECONDS,
    damage, fill (files that come in, see SyncFaults), backdate FILE (makes it an old one)
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path

from phone.link import Link, Stream
from phone.model import PhoneModel
from phone.namespaces import die_with_parent, enter_namespaces, run_as_init
from phone.shell_service import serve_shell
from phone.sync_service import SyncFaults, serve_sync
from phone.tree import SHELL_ID, build_tree


class Daemon:
    """The phone's adbd."""

    def __init__(self, model: PhoneModel, listener: socket.socket) -> None:
        self.model, self.listener = model, listener
        self.links: list[Link] = []
        self.answering = True
        self.shell_delay_s = model.shell_delay_s
        self.sync_faults = SyncFaults()

    def listen(self) -> None:
        """Takes links for ever."""
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self.answering:
                reset(connection)
                continue
            link = Link(connection, self.model, self.serve)
            self.links.append(link)
            threading.Thread(target=link.serve, daemon=True).start()

    def serve(self, stream: Stream, name: str) -> None:
        if name.startswith("sync"):
            serve_sync(stream, self.sync_faults)
        else:
            serve_shell(stream, name, self.shell_delay_s)

    def obey(self, order: str) -> object:
        """Carries out one order and returns its answer."""
        word, _, argument = order.partition(" ")
        if word in ("cut", "refuse", "reboot"):
            self.answering = word == "cut"
            self.drop_links()
            if word == "reboot":
                kill_all()
        elif word in ("freeze", "thaw"):
            for link in self.links:
                link.flowing.clear() if word == "freeze" else link.flowing.set()
        elif word == "listen":
            self.answering = True
        elif word == "slow":
            self.shell_delay_s = float(argument)
        elif word in ("damage", "fill"):
            setattr(self.sync_faults, word, True)
        elif word == "backdate":
            os.utime(argument, (1_000_000_000, 1_000_000_000))
        elif word == "processes":
            return [line for _, line in processes()]
        else:
            raise ValueError(order)
        return None

    def drop_links(self) -> None:
        for link in self.links:
            link.cut()
        self.links.clear()


def reset(connection: socket.socket) -> None:
    """Closes at once, without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def processes() -> list[tuple[int, str]]:
    """Number and command line of every process of the phone but its init and this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) in (1, os.getpid()):
            continue
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if line:  # a process that has ended and waits to be reaped has none
                found.append((int(folder.name), line))
    return found


def kill_all() -> None:
    while found := processes():
        for number, _ in found:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.01)


def run(model: PhoneModel, root: Path, listener: socket.socket) -> None:
    """Builds the tree, becomes the user shell inside it, and serves until standard input ends."""
    build_tree(root, model)
    os.chroot(root)
    os.chdir("/")
    os.setgroups([])
    os.setgid(SHELL_ID)
    os.setuid(SHELL_ID)
    os.umask(0)
    daemon = Daemon(model, listener)
    threading.Thread(target=daemon.listen, daemon=True).start()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(daemon.obey(line.strip())), flush=True)


def main() -> int:
    """Arguments: the model as JSON, an empty folder for the tree, the listening socket's number."""
    die_with_parent()
    model, root = PhoneModel.from_json(sys.argv[1]), Path(sys.argv[2])
    listener = socket.socket(fileno=int(sys.argv[3]))
    enter_namespaces()
    return run_as_init(lambda: run(model, root, listener))


if __name__ == "__main__":
    sys.exit(main())
