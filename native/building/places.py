"""Where sources and outputs of the build lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

NATIVE: Final = Path(__file__).resolve().parents[1]
ROOT: Final = NATIVE.parent
KERNELS: Final = NATIVE / "src" / "kernels"
PACKAGE_LIBRARIES: Final = ROOT / "core" / "ubp_core" / "_lib"
"""What the package loads and runs in a clone."""
BUILD: Final = ROOT / "build" / "native"


def object_cache() -> Path:
    """Folder of compiled objects that all clones of a user share; `UBP_HOME` moves it as all else of ours."""
    if home := os.environ.get("UBP_HOME"):
        return Path(home).expanduser() / "cache" / "objects"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "ubp-tui" / "Cache"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches" / "ubp-tui"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ubp-tui"
    return base / "objects"
