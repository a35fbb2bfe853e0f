"""Where the bundled `ubp_bench` is, for each kind of device."""

from __future__ import annotations

from pathlib import Path

from ubp_core.devices.info import DeviceKind
from ubp_core.errors import BuildError

FOLDER = Path(__file__).resolve().parents[1] / "_lib"


def find_program(kind: DeviceKind) -> Path:
    """ubp_bench for this machine, or the static one for ARM64.

    Raises:
        BuildError: it has not been built.
    """
    name = "ubp_bench" if kind is DeviceKind.HOST else "ubp_bench_arm64"
    if (FOLDER / name).is_file():
        return FOLDER / name
    raise BuildError(f"{name} is missing: run `make native`, or install the package again")
