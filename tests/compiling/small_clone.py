"""A folder with the sources of a clone, whose library is of two of them: quick to compile, from nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

# The command of native/build.py, with a library of fewer sources.
PROGRAM = """
import dataclasses, sys
sys.path.insert(0, "native")
from building import running
sources = "src/c_api/names.cpp", "src/file/crc32.cpp"
running.TARGETS["host"] = dataclasses.replace(running.TARGETS["host"], folders=(), sources=sources)
try:
    running.build(["host"], lambda step: print(step, flush=True))
except running.BuildFailed as error:
    sys.exit(str(error))
"""


SOURCES = 2


class SmallClone:
    """Such a folder."""

    def __init__(self, folder: Path, home: Path) -> None:
        """Args: where to make it, and where the cache of objects lies."""
        self.folder = folder
        self.library = folder / "core" / "ubp_core" / "_lib" / "libubp.so"
        self._home = home
        shutil.copytree(ROOT / "native", folder / "native", ignore=shutil.ignore_patterns("__pycache__"))

    def command(self) -> list[str]:
        """Builds the library."""
        return [sys.executable, "-c", PROGRAM]

    def environment(self, **variables: str) -> dict[str, str]:
        """For a build."""
        return {**os.environ, "UBP_HOME": str(self._home), **variables}

    def build(self, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """One build, to its end."""
        return subprocess.run(self.command(), cwd=self.folder, env=environment or self.environment(),
                              capture_output=True, text=True, check=False)  # fmt: skip

    def has_library(self) -> bool:
        """Whether the library can be loaded and has what it was built for; in a process of its own."""
        use = "import ctypes, sys; print(bool(ctypes.CDLL(sys.argv[1]).ubp_kernel_name))"
        done = subprocess.run([sys.executable, "-c", use, self.library], capture_output=True, text=True, check=False)
        return done.stdout == "True\n"
