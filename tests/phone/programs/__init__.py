"""ARM64 programs for test phones, compiled with the ziglang wheel when they are first needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parent
COMPILE_LIMIT_S = 120


def build_program(name: str, folder: Path) -> Path:
    """Compiles NAME.c into a static ARM64 program in `folder` and returns its path."""
    made = folder / name
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        "aarch64-linux-musl",
        "-static",
        "-O1",
        "-s",
        "-Wall",
        "-Wextra",
        "-Werror",
    ]
    subprocess.run([*command, str(SOURCES / f"{name}.c"), "-o", str(made)], check=True, timeout=COMPILE_LIMIT_S)
    return made
