"""The service `sync`: STAT, LIST, SEND, RECV and their v2 forms."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

from phone.link import Stream

CHUNK = 64 * 1024
FILLER = Path("/data/local/tmp/filler")


@dataclass
class SyncFaults:
    """What goes wrong with files that come in."""

    damage: bool = False
    """The last byte arrives as another."""
    fill: bool = False
    """Something else fills the disk as soon as a file begins."""


def serve_sync(stream: Stream, faults: SyncFaults) -> None:
    """Answers requests until QUIT or the end of the stream."""
    while True:
        request, length = struct.unpack("<4sI", stream.receive(8))
        path = Path(os.fsdecode(stream.receive(length)))
        if request in (b"STAT",):
            stream.send(b"STAT" + old_stat(path))
        elif request in (b"STA2", b"LST2"):
            stream.send(request + new_stat(path, request == b"STA2"))
        elif request in (b"LIST", b"LIS2"):
            list_folder(stream, path, request == b"LIS2")
        elif request == b"SEND":
            name, _, mode = str(path).rpartition(",")
            store(stream, Path(name), int(mode), faults)
        elif request == b"SND2":
            _, mode, _ = struct.unpack("<4sII", stream.receive(12))
            store(stream, path, mode, faults)
        elif request in (b"RECV", b"RCV2"):
            if request == b"RCV2":
                stream.receive(8)
            fetch(stream, path)
        else:
            return


def old_stat(path: Path) -> bytes:
    try:
        found = path.lstat()
    except OSError:
        return bytes(12)
    return struct.pack("<III", found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime))


def new_stat(path: Path, follow: bool) -> bytes:
    """Error number and the fields of struct stat."""
    try:
        found = path.stat() if follow else path.lstat()
    except OSError as error:
        return struct.pack("<I", error.errno or 5) + bytes(64)
    owner = (found.st_nlink, found.st_uid, found.st_gid)
    times = (int(found.st_atime), int(found.st_mtime), int(found.st_ctime))
    return struct.pack("<IQQIIIIQqqq", 0, found.st_dev, found.st_ino, found.st_mode, *owner, found.st_size, *times)


def list_folder(stream: Stream, path: Path, new: bool) -> None:
    with contextlib.suppress(OSError):
        for name in (".", "..", *os.listdir(path)):
            encoded = os.fsencode(name)
            head = b"DNT2" + new_stat(path / name, False) if new else b"DENT" + old_stat(path / name)
            stream.send(head + struct.pack("<I", len(encoded)) + encoded)
    stream.send(b"DONE" + bytes(72 if new else 16))


def fail(stream: Stream, error: OSError) -> None:
    text = os.strerror(error.errno or 5).encode()
    stream.send(struct.pack("<4sI", b"FAIL", len(text)) + text)


def store(stream: Stream, path: Path, mode: int, faults: SyncFaults) -> None:
    """Takes a file; a failed one is removed. The owner's mode bits go to group and others, as Android does."""
    failure: OSError | None = None
    target = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        target = path.open("wb", buffering=0)
    except OSError as error:
        failure = error
    while True:
        kind, size = struct.unpack("<4sI", stream.receive(8))
        if kind == b"DONE":
            break
        data = stream.receive(size)
        if target and not failure:
            try:
                write_all(target.fileno(), data)
            except OSError as error:
                failure = error
        if faults.fill:
            fill_disk()
    if target:
        if faults.damage and not failure:
            os.pwrite(target.fileno(), b"?", os.fstat(target.fileno()).st_size - 1)
        target.close()
    if failure:
        with contextlib.suppress(OSError):
            path.unlink()
        fail(stream, failure)
        return
    owner = stat.S_IMODE(mode) & 0o700
    path.chmod(owner | owner >> 3 | owner >> 6)
    os.utime(path, (size, size))
    stream.send(struct.pack("<4sI", b"OKAY", 0))


def fill_disk() -> None:
    with contextlib.suppress(OSError), FILLER.open("ab", buffering=0) as filler:
        while True:
            write_all(filler.fileno(), bytes(CHUNK))


def write_all(number: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]


def fetch(stream: Stream, path: Path) -> None:
    try:
        with path.open("rb") as source:
            while data := source.read(CHUNK):
                stream.send(struct.pack("<4sI", b"DATA", len(data)) + data)
    except OSError as error:
        fail(stream, error)
        return
    stream.send(struct.pack("<4sI", b"DONE", 0))
