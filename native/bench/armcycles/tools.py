"""The programs that armcycles runs: their names, the Debian packages that bring them, the plugin that it builds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

LLVM = os.environ.get("LLVM", "22")
"""Version of LLVM whose models price; the tables of docs/performance.md are 22's."""
QEMU = "qemu-aarch64"
MC, MCA, NM = (f"{name}-{LLVM}" for name in ("llvm-mc", "llvm-mca", "llvm-nm"))
PACKAGES = {QEMU: "qemu-user", MC: f"llvm-{LLVM}", MCA: f"llvm-{LLVM}", NM: f"llvm-{LLVM}"}
"""What is run, and the Debian package that it is in."""
BUILD = Path(__file__).parents[2] / "build.py"
PLUGIN = BUILD.parents[1] / "build" / "native" / "bin" / "block_count.so"


def missing_tools() -> str:
    """One line that names what is missing and how to get it; empty where nothing is."""
    missing = [name for name in PACKAGES if shutil.which(name) is None]
    packages = dict.fromkeys(PACKAGES[name] for name in missing)
    verb = "is" if len(missing) == 1 else "are"
    return f"{', '.join(missing)} {verb} missing: apt-get install {' '.join(packages)}" if missing else ""


def build_plugin() -> Path:
    """The plugin that counts blocks, built where it is missing or old."""
    subprocess.run([sys.executable, str(BUILD), "block-count"], check=True, stdout=subprocess.DEVNULL)
    return PLUGIN
