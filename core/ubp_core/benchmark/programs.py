"""Where the bundled `ubp_bench` is, for each kind of device."""

from __future__ import annotations

from pathlib import Path

from ubp_core.devices.info import DeviceKind
from ubp_core.errors import BuildError

PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (PACKAGE / "_lib", PACKAGE.parents[1] / "build" / "native" / "bin")
"""In an installed package, and in a source tree after `make native`."""


def find_program(kind: DeviceKind) -> Path:
    """ubp_bench for this machine, or the static one for ARM64.

    Raises:
        BuildError: it has not been built.
    """
    name = "ubp_bench" if kind is DeviceKind.HOST else "ubp_bench_arm64"
    for folder in FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise BuildError(f"{name} is missing: run `make native`, or install the package again")
