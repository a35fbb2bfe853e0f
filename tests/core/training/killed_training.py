"""`ubp train` that kills itself, as by kill -9, in the middle of its n-th write of a checkpoint.

python killed_training.py CONFIG.yaml N before|after
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from ubp_core import atomic_file
from ubp_core.cli.main import main

config, fatal, moment = sys.argv[1], int(sys.argv[2]), sys.argv[3]
save, replace = torch.save, os.replace
count = 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def save_or_die(content: Any, path: Path) -> None:
    """Half a file at the fatal time."""
    global count
    count += 1
    save(content, path)
    if count == fatal and moment == "before":
        os.truncate(path, path.stat().st_size // 2)
        die()


def replace_and_die(source: Path, target: Path) -> None:
    """The new file is in place, and nothing after that happens."""
    replace(source, target)
    if count == fatal and moment == "after":
        die()


torch.save = save_or_die
atomic_file.os.replace = replace_and_die  # type: ignore[assignment]
sys.exit(main(["train", config]))
