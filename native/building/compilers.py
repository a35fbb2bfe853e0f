"""Which compiler makes what: the `ziglang` wheel, which needs nothing but pip, or the one that `UBP_CXX` names.

zig also brings the system libraries of every platform, so that one machine builds for all of them.
"""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from building.flags import COMMON, GNU_MACHINE, MACHINE, NO_UNWINDING, include_flags, variant_flags
from building.places import KERNELS
from building.platforms import HOST, PHONE, Platform
from building.targets import Target


@dataclass(frozen=True)
class Compilation:
    """How one object is made."""

    flavour: str
    """Folder of objects that are made alike."""
    command: tuple[str, ...]
    """Compiler and flags, without source and output."""


def zig(platform: Platform) -> tuple[str, ...]:
    """zig's command line for a platform."""
    return sys.executable, "-m", "ziglang", "c++", "-target", platform.zig_target, *MACHINE[platform.machine]


def zig_environment(folder: Path) -> dict[str, str]:
    """Variables for zig, which builds its C++ library anew, in a minute, for each name that its own folder has.

    Args:
        folder: shared by all clones; there that folder has one name, a link to the package of the one that came first.
    """
    if sys.platform == "win32":
        return {}
    import ziglang

    link = folder / f"ziglang-{metadata.version('ziglang')}"
    if not link.exists():  # nor what it leads to
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / f"{link.name}.{os.getpid()}"
        made.symlink_to(Path(ziglang.__file__).resolve().parent / "lib")
        made.replace(link)
    return {"ZIG_LIB_DIR": str(link)}


def fuzz_compiler() -> str | None:
    """A compiler with sanitizers, which zig lacks: `UBP_FUZZ_CXX`, g++ or clang++; None where there is none."""
    return os.environ.get("UBP_FUZZ_CXX") or shutil.which("g++") or shutil.which("clang++")


def compiler_of(target: Target) -> tuple[str, ...]:
    """The compiler's command line, with what selects the machine. `UBP_CXX` is for this machine only."""
    chosen = (fuzz_compiler() or "g++") if target.sanitized else os.environ.get("UBP_CXX", "")
    if chosen and target.platform == HOST:
        return *shlex.split(chosen), *GNU_MACHINE[target.platform.machine]
    return zig(target.platform)


def compilation(target: Target, source: Path) -> Compilation | None:
    """How a source of a target is compiled; None where it belongs to another machine."""
    platform, command, flags = target.platform, compiler_of(target), target.compile_flags
    extra = variant_flags(source, platform.machine)
    if extra is None or (target.sanitized and source.stem.endswith("_avx512")):  # the same templates, and minutes
        return None
    in_kernels = source.is_relative_to(KERNELS)
    if target.sanitized and in_kernels:  # g++ takes seven minutes for each; zig writes calls of g++'s sanitizers
        command, flags = zig(platform), (*flags, "-fno-sanitize=undefined")
    # Kernels call nothing of a system, so that one object serves every Linux of a machine.
    shared = platform.is_elf and platform.machine == PHONE.machine and in_kernels
    if shared:
        command, extra = zig(PHONE), (*extra, *NO_UNWINDING)
    if platform.position_independent or shared:
        flags = ("-fPIC", *flags)
    name = "-".join([f"{PHONE.machine}_kernels" if shared else platform.name, *(flag.lstrip("-") for flag in flags)])
    return Compilation(name, (*command, *COMMON, *flags, *include_flags(), *extra))


def link_flags(target: Target) -> tuple[str, ...]:
    """Flags of a link. -O3: zig takes a link without it for a debug build, and adds a sanitizer's runtime."""
    return "-O3", *target.link_flags, *(("-s",) if target.stripped else ())


@functools.cache
def compiler_version(command: tuple[str, ...]) -> str:
    """What tells one compiler, with the headers that come from PyPI, from another."""
    headers = f"simde-py {metadata.version('simde-py')}"
    if command[1:3] == ("-m", "ziglang"):
        return f"ziglang {metadata.version('ziglang')}, {headers}"
    said = subprocess.run([command[0], "--version"], capture_output=True, text=True, check=True).stdout
    return f"{said.splitlines()[0]}, {headers}"
