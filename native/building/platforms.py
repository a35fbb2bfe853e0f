"""The desks that the native code is built for, and the phone: compiler's target, instruction set, names of files."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Platform:
    """One system on one instruction set."""

    name: str
    """Name of its targets and of its folder below build/native."""
    machine: str
    """x86_64 or aarch64."""
    zig_target: str
    """What zig's -target takes: with the lowest version of the system that is served."""
    wheel_tag: str
    """Platform tag of its wheel; empty where there is none."""
    library: str = "libubp.so"
    program_suffix: str = ""
    library_flags: tuple[str, ...] = ("-shared",)
    """What links a library that other programs load."""
    program_flags: tuple[str, ...] = ()
    position_independent: bool = True
    """Whether objects are compiled with -fPIC; where they can't be, they are anyway."""

    @property
    def is_elf(self) -> bool:
        """Whether it is a Linux: qemu's plugins exist there."""
        return "-linux-" in self.zig_target


_APPLE: Final = ("-dynamiclib", "-Wl,-install_name,@rpath/libubp.dylib")

LINUX_X86_64: Final = Platform("linux_x86_64", "x86_64", "x86_64-linux-gnu.2.28", "manylinux_2_28_x86_64")
LINUX_AARCH64: Final = Platform("linux_aarch64", "aarch64", "aarch64-linux-gnu.2.28", "manylinux_2_28_aarch64")
MACOS_ARM64: Final = Platform(
    "macos_arm64", "aarch64", "aarch64-macos.11.0", "macosx_11_0_arm64", "libubp.dylib", library_flags=_APPLE
)
MACOS_X86_64: Final = Platform(
    "macos_x86_64", "x86_64", "x86_64-macos.11.0", "macosx_11_0_x86_64", "libubp.dylib", library_flags=_APPLE
)
WINDOWS_X86_64: Final = Platform(
    "windows_x86_64", "x86_64", "x86_64-windows-gnu", "win_amd64", "ubp.dll", ".exe", position_independent=False
)
DESKS: Final = (LINUX_X86_64, LINUX_AARCH64, MACOS_ARM64, MACOS_X86_64, WINDOWS_X86_64)
"""What a wheel is made for."""

# Static, on musl: runs on any Android phone and under qemu; segments aligned for 16 KB pages.
PHONE: Final = Platform(
    "phone", "aarch64", "aarch64-linux-musl", "", program_flags=("-static", "-Wl,-z,max-page-size=16384"),
    position_independent=False,
)  # fmt: skip
"""Android on ARM64."""


def this_desk() -> Platform:
    """The platform of this machine.

    Raises:
        SystemExit: there is none for it.
    """
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    system = {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    for desk in DESKS:
        if desk.machine == machine and desk.name.startswith(f"{system}_"):
            return desk
    names = ", ".join(desk.name for desk in DESKS)
    raise SystemExit(f"no native code for {system} on {machine}; there is for {names}")


HOST: Final = this_desk()


def desk_of(name: str) -> Platform:
    """The desk of that name.

    Raises:
        SystemExit: there is none.
    """
    for desk in DESKS:
        if desk.name == name:
            return desk
    raise SystemExit(f"no desk {name}; there are {', '.join(desk.name for desk in DESKS)}")
