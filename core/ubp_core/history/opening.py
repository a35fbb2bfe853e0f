"""Opening the history file: to write, which makes it where it is missing, or to read, which leaves nothing behind.

Write-ahead logging with full synchronisation: readers never wait, writers wait for each other, and a process killed
in the middle of a write leaves the file as it was before that write. Knows no table.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from ubp_core.history.errors import HistoryError
from ubp_core.history.schema import SCHEMA_VERSION, check_owner, check_version, create_tables, read_version
from ubp_core.process.leftovers import passing_folder

WAIT_S = 15.0
"""For another process's write."""
LOG_ROOM = 1 << 18
"""Bytes on the disk that a reader's share of the log may take."""
READ_ONLY = "the disk is read-only"
FULL = "no space left on the disk"


def open_to_write(path: Path) -> sqlite3.Connection:
    """Opens the file, creating it and its tables where they are missing.

    Raises:
        HistoryError: the file is no history, is of a newer version, or can't be written.
    """
    find_file(path)
    with explained(path, "written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
        with closed_on_error(connection):
            connection.execute("PRAGMA foreign_keys = ON")
            check_owner(connection, path)
            check_version(connection, path)  # before anything is changed in it
            use_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = FULL")
            create_tables(connection, path)
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Opens what there is; a history that was never written is empty, and stays so on the disk.

    A log beside the file is read too. It needs room for an index of its own; where that can't be made, the file is
    read as it stands, or, with a log that counts, from a copy. A file of an older version is brought up to date in
    memory only.

    Raises:
        HistoryError: the file is no history, is of a newer version, or can't be read.
    """
    with explained(path, "read"):
        if not find_file(path):
            return load_into_memory(None, path)
        os.close(os.open(path, os.O_RDONLY))  # SQLite has one word for every reason
        connection = open_existing(path)
        if read_version(connection) == SCHEMA_VERSION:
            return connection
        with closing(connection):
            return load_into_memory(connection, path)


def find_file(path: Path) -> bool:
    """Whether there is a history with something in it.

    Raises:
        HistoryError: there is something else, or nobody may look.
    """
    with explained(path, "opened"):
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no ordinary file"
        raise HistoryError(f"{path}: can't be the history, it is {kind}: name a file")
    return found.st_size > 0


def can_hold_log(path: Path) -> bool:
    """Whether SQLite's own files can be beside this one while it is read."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return False
    return path.with_name(f"{path.name}-shm").exists() or free_bytes(path.parent) >= LOG_ROOM


def open_existing(path: Path) -> sqlite3.Connection:
    """A file that is there, in the way that its disk allows."""
    if can_hold_log(path):
        try:
            return connect_to_read(path, "mode=rw")
        except sqlite3.OperationalError as error:
            if is_locked(error):
                raise
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return open_copy(path, log)
    return connect_to_read(path, "mode=ro&immutable=1")


def connect_to_read(path: Path, how: str) -> sqlite3.Connection:
    """A connection that changes no content, to a history that this version knows."""
    where = f"file:{quote(str(path.absolute()))}?{how}"
    connection = sqlite3.connect(where, timeout=WAIT_S, isolation_level=None, uri=True)
    with closed_on_error(connection):
        connection.execute("PRAGMA query_only = ON")
        check_owner(connection, path)
        check_version(connection, path)
    return connection


def open_copy(path: Path, log: Path) -> sqlite3.Connection:
    """The file with what only its log holds, in memory."""
    with passing_folder("ubp-history-") as folder:
        copy = folder / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(log, copy.with_name(log.name))
        with closing(connect_to_read(copy, "mode=rw")) as connection:
            return load_into_memory(connection, path)


def load_into_memory(connection: sqlite3.Connection | None, path: Path) -> sqlite3.Connection:
    """A copy of a history, or an empty one, as this version has it."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    with closed_on_error(memory):
        if connection is not None:
            connection.backup(memory)
        create_tables(memory, path)
        memory.execute("PRAGMA query_only = ON")
    return memory


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switches the log on; SQLite does not wait by itself for another process that is doing the same."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def is_locked(error: Exception) -> bool:
    """Whether another connection is in the way."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


@contextmanager
def closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Closes the connection where something goes wrong."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def explained(path: Path, deed: str) -> Iterator[None]:
    """Turns what SQLite and the system raise into one line.

    Args:
        path: of the history.
        deed: "read" or "written": what could not be done with it.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise HistoryError(f"{path}: {explain(error, path, deed)}") from error


def explain(error: sqlite3.Error | OSError, path: Path, deed: str) -> str:
    """What keeps the file from being used; only what is no database is to be moved away."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_NOTADB":
        return "is no database; move the file away to begin anew"
    if name.startswith("SQLITE_CORRUPT"):
        return f"the history is damaged ({error}); `sqlite3 FILE .recover` may save what it holds"
    if is_locked(error):
        return "another program holds the history and does not let go of it: end that program, or try again"
    return f"the history can't be {deed}: {find_reason(error, name, path, deed)}"


def find_reason(error: sqlite3.Error | OSError, name: str, path: Path, deed: str) -> str:
    """Why the disk does not do what is wanted: SQLite's own word is often another's."""
    if isinstance(error, OSError):
        named = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EROFS: READ_ONLY}
        return named.get(error.errno or 0, error.strerror or str(error))
    if deed == "written":
        if is_read_only(path):
            return READ_ONLY
        if not os.access(path if path.exists() else path.parent, os.W_OK) or not os.access(path.parent, os.W_OK):
            return "no permission to write there"
    if name.startswith("SQLITE_FULL"):
        return FULL
    if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and free_bytes(path.parent) < LOG_ROOM:
        return FULL
    return str(error)


def is_read_only(path: Path) -> bool:
    """Whether the disk is one that nobody writes."""
    if sys.platform == "win32":  # it tells nobody, and refuses permission
        return False
    with suppress(OSError):
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    return False


def free_bytes(folder: Path) -> int:
    """Space that is left to us; plenty where that is not known."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return LOG_ROOM
