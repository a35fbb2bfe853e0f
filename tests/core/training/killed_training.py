"""`ubp train` that kills itself, as by kill -9, in the middle of its n-th write of a checkpoint.

python killed_training.py CONFIG.yaml N before|after
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from ubp_core.cli.main import main
from ubp_core.training import checkpoints

config, fatal, moment = sys.argv[1], int(sys.argv[2]), sys.argv[3]
write, replace = checkpoints.write_new, os.replace
count = 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def write_new(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Half a file at the fatal time."""
    global count
    count += 1
    if count == fatal and moment == "before":
        data = b"".join(bytes(chunk) for chunk in chunks)
        path.write_bytes(data[: len(data) // 2])
        die()
    write(path, chunks)


def replace_file(source: str, target: str) -> None:
    """The new file is in place, and nothing after that happens."""
    replace(source, target)
    if count == fatal and moment == "after":
        die()


checkpoints.write_new = write_new
checkpoints.os.replace = replace_file  # type: ignore[assignment]
sys.exit(main(["train", config]))
