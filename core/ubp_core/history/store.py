"""The history: adds runs, lists them, gives them back with every sample, deletes them."""

from __future__ import annotations

import json
import sqlite3
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ubp_core.benchmark.result import BenchRun
from ubp_core.history.errors import HistoryError
from ubp_core.history.figures import LayerFigures, add_figures, find_setup, newest_figures
from ubp_core.history.opening import explained, open_to_read, open_to_write
from ubp_core.history.schema import roll_back
from ubp_core.history.summary import Summary, summaries
from ubp_core.storage.folders import history_file
from ubp_core.vocabulary import DEFAULT_CRITERION

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel


@dataclass(frozen=True)
class Entry:
    """One run of the history."""

    id: int
    run: BenchRun


class History:
    """An open history file; a context manager. Each thread and process opens its own."""

    def __init__(self, path: Path | None = None, *, reading: bool = False) -> None:
        """Opens it.

        Args:
            path: of the file; None: the user's.
            reading: nothing is added or deleted, so that no file is made where there is none, and the disk may be
                full or read-only.

        Raises:
            HistoryError: it can't be used.
        """
        self.path, self.reading = path or history_file(), reading
        self.connection = (open_to_read if reading else open_to_write)(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self.connection.close()

    @contextmanager
    def guarded(self) -> Iterator[sqlite3.Connection]:
        """Turns what sqlite raises into one line."""
        with explained(self.path, "read" if self.reading else "written"):
            yield self.connection

    def add(self, run: BenchRun) -> int:
        """Stores a run, whole or not at all, and returns its number."""
        record, samples = split_samples(run.to_record())
        head = (run.started, run.device, run.kind, run.figure, run.title, run.model, len(run.layers), len(run.planned))
        with self.guarded() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                places = ", ".join("?" * 11)
                setup = find_setup(connection, run)
                number = connection.execute(
                    "INSERT INTO run (started, device, kind, figure, title, model, layers, planned, failure, record, "
                    f"setup) VALUES ({places})",
                    (*head, run.failure, json.dumps(record), setup),
                ).lastrowid
                assert number is not None
                if setup is not None:
                    add_figures(connection, setup, number, run)
                rows = [(number, *place, blob) for place, blob in samples.items()]
                connection.executemany("INSERT INTO samples VALUES (?, ?, ?, ?)", rows)
                connection.execute("COMMIT")
            except BaseException:
                roll_back(connection)
                raise
        return number

    def list(self, limit: int | None = None) -> list[Summary]:
        """The runs, newest first."""
        with self.guarded() as connection:
            return summaries(connection, limit)

    def get(self, number: int) -> Entry:
        """One run with every sample.

        Raises:
            HistoryError: there is no such number, or its record is damaged.
        """
        check_number(number)
        with self.guarded() as connection:
            found = connection.execute("SELECT record FROM run WHERE id = ?", (number,)).fetchone()
            blobs = connection.execute("SELECT layer, variant, ns FROM samples WHERE run_id = ?", (number,)).fetchall()
        if found is None:
            raise HistoryError(f"there is no run {number}: ubp history lists what there is")
        try:
            record = json.loads(found[0])
            for layer, variant, blob in blobs:
                record["layers"][layer]["variants"][variant]["samples_ns"] = unpack_samples(blob)
            return Entry(number, BenchRun.from_record(record))
        except (ValueError, KeyError, IndexError, TypeError, zlib.error) as error:
            raise HistoryError(f"run {number} is damaged in {self.path}: {error!r}") from error

    def newest_figures(
        self, model: str, layers: Iterable[Layer], device: str = "", criterion: str = DEFAULT_CRITERION
    ) -> LayerFigures:
        """The newest figure of every layer and choice on one device; no sample is unpacked.

        Args:
            model: name of the network.
            layers: its layers; a figure of a layer with another weight or output is not theirs.
            device: name of the device; empty: the one of the last run that has figures of these layers.
            criterion: of the importance that blocks were chosen by.

        Returns:
            Figures with the same threads and cores, those of the last run among them; none where there are none.
        """
        with self.guarded() as connection:
            return newest_figures(connection, model, layers, device, criterion)

    def require(self, number: int) -> None:
        """Raises HistoryError where there is no such number."""
        check_number(number)
        with self.guarded() as connection:
            if connection.execute("SELECT 1 FROM run WHERE id = ?", (number,)).fetchone() is None:
                raise HistoryError(f"there is no run {number}: ubp history lists what there is")

    def delete(self, number: int) -> None:
        """Removes a run.

        Raises:
            HistoryError: there is no such number.
        """
        check_number(number)
        with self.guarded() as connection:
            if connection.execute("DELETE FROM run WHERE id = ?", (number,)).rowcount == 0:
                raise HistoryError(f"there is no run {number}: ubp history lists what there is")


def read_figures(
    model: LoadedModel, device: str, criterion: str = DEFAULT_CRITERION, *, path: Path | None = None
) -> LayerFigures:
    """`History.newest_figures` of a network; none where there is no history yet, and none is made for it.

    Raises:
        HistoryError: the file can't be used.
    """
    with History(path, reading=True) as history:
        return history.newest_figures(model.name, model.layers, device, criterion)


def check_number(number: int) -> None:
    """Raises HistoryError for a number that the file can't even be asked for."""
    if not 0 < number < 1 << 63:
        raise HistoryError(f"there is no run {number}: ubp history lists what there is")


def split_samples(record: dict[str, Any]) -> tuple[dict[str, Any], dict[tuple[int, int], bytes]]:
    """The record without its samples, and the samples packed, by (layer, variant)."""
    blobs = {}
    for layer, content in enumerate(record["layers"]):
        for variant, result in enumerate(content["variants"]):
            blobs[layer, variant] = pack_samples(result["samples_ns"])
            result["samples_ns"] = []
    return record, blobs


def pack_samples(samples_ns: tuple[int, ...]) -> bytes:
    """Little-endian 64-bit numbers, compressed."""
    values = array("q", samples_ns)
    if sys.byteorder == "big":
        values.byteswap()
    return zlib.compress(values.tobytes())


def unpack_samples(blob: bytes) -> tuple[int, ...]:
    """The numbers of `pack_samples`."""
    values = array("q")
    values.frombytes(zlib.decompress(blob))
    if sys.byteorder == "big":
        values.byteswap()
    return tuple(values)
