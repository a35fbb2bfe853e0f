"""What was compiled for this package: where it lies, and what it is called on this system."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[1] / "_lib"
LIBRARY: Final = FOLDER / {"darwin": "libubp.dylib", "win32": "ubp.dll"}.get(sys.platform, "libubp.so")
"""What Python calls."""
HOST_PROGRAM: Final = FOLDER / ("ubp_bench.exe" if sys.platform == "win32" else "ubp_bench")
"""The benchmark program for this machine."""
ARM64_PROGRAM: Final = FOLDER / "ubp_bench_arm64"
"""The one for phones and the emulator: static, for Linux on ARM64."""
COUNTER: Final = FOLDER / "ubp_count.so"
"""The plugin of qemu-user that counts instructions; where there is no qemu-user, there is none."""
