"""The log of a run: one JSON object a line. A resumed run cuts it back to where its checkpoint was made."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOG = "log.jsonl"


class RunLog:
    """Appends lines; each is whole on the disk before the next checkpoint counts."""

    def __init__(self, folder: Path, size: int) -> None:
        """Open the log.

        Args:
            folder: of the run.
            size: bytes that are valid; what a killed run wrote after its last checkpoint is cut off.
        """
        self.file = folder / LOG
        self._stream = self.file.open("ab")
        self._stream.truncate(size)
        self._stream.seek(0, os.SEEK_END)

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one line."""
        self._stream.write(json.dumps(record, allow_nan=False).encode() + b"\n")

    def flush(self) -> int:
        """Bring everything to the disk.

        Returns:
            Bytes of the log so far.
        """
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()


def read_log(folder: Path) -> list[dict[str, Any]]:
    """All records of a run."""
    return [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]
