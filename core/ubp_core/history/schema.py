"""Tables of the history file, their version, and bringing a file up to date. Knows no benchmark."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from ubp_core.history.errors import HistoryError
from ubp_core.installation.version import newer_line
from ubp_core.storage.folders import HISTORY

APPLICATION_ID = 0x75627068
"""Marks the file as ours ("ubph")."""

STEPS = (
    """
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started TEXT NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    figure TEXT NOT NULL,
    title TEXT NOT NULL,
    model TEXT NOT NULL,
    layers INTEGER NOT NULL,
    planned INTEGER NOT NULL,
    failure TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE TABLE samples (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    layer INTEGER NOT NULL,
    variant INTEGER NOT NULL,
    ns BLOB NOT NULL,
    PRIMARY KEY (run_id, layer, variant)
) WITHOUT ROWID;
""",
    """
CREATE TABLE setup (
    id INTEGER PRIMARY KEY,
    model TEXT NOT NULL,
    device TEXT NOT NULL,
    figure TEXT NOT NULL,
    threads INTEGER NOT NULL,
    cores TEXT NOT NULL,
    criterion TEXT NOT NULL,
    UNIQUE (model, device, figure, threads, cores, criterion)
);
ALTER TABLE run ADD COLUMN setup INTEGER REFERENCES setup (id);
CREATE INDEX run_of_setup ON run (setup);
CREATE TABLE figure (
    setup INTEGER NOT NULL REFERENCES setup (id),
    layer TEXT NOT NULL,
    weight_shape TEXT NOT NULL,
    output_shape TEXT NOT NULL,
    method TEXT NOT NULL,
    block_size INTEGER NOT NULL,
    sparsity REAL NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    value REAL NOT NULL,
    PRIMARY KEY (setup, layer, weight_shape, output_shape, method, block_size, sparsity, run_id)
) WITHOUT ROWID;
""",
    "CREATE INDEX figure_of_run ON figure (run_id);",
    """
CREATE TABLE typed_figure (
    setup INTEGER NOT NULL REFERENCES setup (id),
    layer TEXT NOT NULL,
    weight_shape TEXT NOT NULL,
    output_shape TEXT NOT NULL,
    method TEXT NOT NULL,
    block_size INTEGER NOT NULL,
    sparsity REAL NOT NULL,
    dtype TEXT NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    value REAL NOT NULL,
    PRIMARY KEY (setup, layer, weight_shape, output_shape, method, block_size, sparsity, dtype, run_id)
) WITHOUT ROWID;
INSERT INTO typed_figure SELECT setup, layer, weight_shape, output_shape, method, block_size, sparsity, 'fp32', run_id,
    value FROM figure;
DROP TABLE figure;
ALTER TABLE typed_figure RENAME TO figure;
CREATE INDEX figure_of_run ON figure (run_id);
""",
    """
CREATE TABLE formed_figure (
    setup INTEGER NOT NULL REFERENCES setup (id),
    layer TEXT NOT NULL,
    weight_shape TEXT NOT NULL,
    output_shape TEXT NOT NULL,
    method TEXT NOT NULL,
    block_size INTEGER NOT NULL,
    block_columns INTEGER NOT NULL,
    sparsity REAL NOT NULL,
    dtype TEXT NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    value REAL NOT NULL,
    PRIMARY KEY (setup, layer, weight_shape, output_shape, method, block_size, block_columns, sparsity, dtype, run_id)
) WITHOUT ROWID;
INSERT INTO formed_figure SELECT setup, layer, weight_shape, output_shape, method, block_size, 1, sparsity, dtype,
    run_id, value FROM figure;
DROP TABLE figure;
ALTER TABLE formed_figure RENAME TO figure;
CREATE INDEX figure_of_run ON figure (run_id);
""",
)
"""What each version added. Runs are records and packed samples; since version 2 the figures of single layers also stand
in rows of their own (`figures`), which older runs don't have: their records lack the weights' shapes; since
version 3 a deleted run's are found without reading all of them; since version 4 they have a type, since
version 5 columns of a block."""
SCHEMA_VERSION = len(STEPS)


def roll_back(connection: sqlite3.Connection) -> None:
    """Undoes a transaction; where SQLite has done so by itself, that must not hide what went wrong first."""
    with suppress(sqlite3.Error):
        connection.execute("ROLLBACK")


def check_owner(connection: sqlite3.Connection, path: Path) -> None:
    """Refuses a database of another program before anything is changed in it."""
    connection.execute("BEGIN")  # both answers from one moment: another process may be making the tables
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    connection.execute("COMMIT")
    if owner != APPLICATION_ID and (objects or owner):
        raise HistoryError(f"{path}: is a database of another program; choose another file")


def create_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Brings a new or older file up to date in one transaction; two processes may try at once."""
    if read_version(connection) < SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for step in STEPS[read_version(connection) :]:
                for statement in step.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {max(SCHEMA_VERSION, read_version(connection))}")
            connection.execute("COMMIT")
        except BaseException:
            roll_back(connection)
            raise
    check_version(connection, path)


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuses a file of a newer version."""
    if (version := read_version(connection)) > SCHEMA_VERSION:
        raise HistoryError(f"{newer_line(path, version, SCHEMA_VERSION)}, or name another history in {HISTORY}")


def read_version(connection: sqlite3.Connection) -> int:
    """Schema version of the file; 0 where it is new."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
