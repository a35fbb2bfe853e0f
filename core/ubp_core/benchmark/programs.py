"""Which of the benchmark programs runs on a device."""

from __future__ import annotations

from pathlib import Path

from ubp_core.devices.info import DeviceKind
from ubp_core.errors import BuildError
from ubp_core.installation.binaries import ARM64_PROGRAM, HOST_PROGRAM
from ubp_core.installation.building import wait_for


def find_program(kind: DeviceKind) -> Path:
    """ubp_bench for this machine, or the static one for ARM64; it is waited for where this process compiles it.

    Raises:
        BuildError: it has not been built, or could not be.
    """
    program = HOST_PROGRAM if kind is DeviceKind.HOST else ARM64_PROGRAM
    wait_for("bench-host" if kind is DeviceKind.HOST else "bench-arm64")
    if program.is_file():
        return program
    raise BuildError(f"{program.name} is missing: run `make native`, or install the package again")
