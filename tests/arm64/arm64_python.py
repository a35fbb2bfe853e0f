"""Provides a Python of ARM64 Linux that qemu-user runs, in `build/arm64-python`: Debian's packages and PyPI's wheels.

Nothing is installed: packages are downloaded into folders of their own and unpacked, so no rights are needed and this
machine's package manager is left as it is. What is there already is taken as it is.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ubp_core.devices.local_devices import QEMU

CHECKOUT = Path(__file__).parents[2]
CACHE = CHECKOUT / "build" / "arm64-python"
ROOT = CACHE / "root"
EMULATED = (QEMU, "-L", str(ROOT))
"""What starts a program of ARM64 Linux."""
DEBIAN = ("python3", "libstdc++6")
WHEELS = ("numpy", "platformdirs", "pyyaml", "rich", "safetensors")
"""What the library needs without torch; adbutils has no wheel for ARM64 Linux, and phones are tested elsewhere."""
TORCH = ("torch==2.10.0",)
"""The newest whose wheel for ARM64 Linux is for processors alone: the later ones want CUDA's libraries."""
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64")


def missing_tool() -> str | None:
    """What this machine lacks to provide it."""
    tools = (QEMU, "apt-get", "dpkg-deb")
    return next((tool for tool in tools if shutil.which(tool) is None), None)


def provide(with_torch: bool = False) -> None:
    """Downloads and unpacks what is not there yet."""
    once(ROOT, unpack_debian)
    once(CACHE / "site", lambda folder: unpack_wheels(folder, WHEELS))
    if with_torch:
        once(CACHE / "torch", lambda folder: unpack_wheels(folder, TORCH))


def once(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fills a folder under another name and gives it its own when all is there."""
    if folder.exists():
        return
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    fill(partial)
    partial.rename(folder)


def unpack_debian(folder: Path) -> None:
    """Python and all that it needs, libc included: a package manager's state of its own knows nothing as installed."""
    state = CACHE / "apt"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (state / name).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    settings = {"Dir::State": state / "state", "Dir::State::status": state / "status", "Dir::Cache": state / "cache",
                "APT::Architecture": "arm64", "APT::Architectures": "arm64", "APT::Sandbox::User": ""}  # fmt: skip
    apt = ["apt-get", "-qq", "-y", *(part for key, value in settings.items() for part in ("-o", f"{key}={value}"))]
    run([*apt, "update"])
    run([*apt, "--no-install-recommends", "--download-only", "install", *DEBIAN])
    for package in sorted((state / "cache" / "archives").glob("*.deb")):
        run(["dpkg-deb", "-x", str(package), str(folder)])
    shutil.rmtree(state)


def unpack_wheels(folder: Path, requirements: Iterable[str]) -> None:
    """Wheels for the Python of ARM64, with what they need."""
    (python,) = (ROOT / "usr" / "bin").glob("python3.[0-9]*")
    chosen = [part for platform in PLATFORMS for part in ("--platform", platform)]
    run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
         "--target", str(folder), "--only-binary", ":all:", "--implementation", "cp", *chosen,
         "--python-version", python.name.removeprefix("python"), *requirements])  # fmt: skip


def run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def lay_out_package(library: Path, bench: Path) -> None:
    """The library as a wheel for ARM64 Linux would install it: this checkout's modules, that machine's native code."""
    package = CACHE / "package" / "ubp_core"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(CHECKOUT / "core" / "ubp_core", package, ignore=shutil.ignore_patterns("_lib", "__pycache__"))
    native = package / "_lib"
    native.mkdir()
    shutil.copy(library, native / "libubp.so")
    program = native / "ubp_bench"
    program.write_text(f'#!/bin/sh\nexec {shlex.join([*EMULATED, str(bench)])} "$@"\n')  # as binfmt_misc would
    program.chmod(0o755)


def run_arm64(*arguments: str | Path, beside: Sequence[Path | str] = (), timeout_s: float = 600) -> str:
    """What the ARM64 Python prints.

    Args:
        arguments: of Python.
        beside: more folders to import from.
        timeout_s: seconds.
    """
    folders = [CACHE / "package", CACHE / "site", *beside]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders)),
                   "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}  # fmt: skip
    command = [*EMULATED, ROOT / "usr" / "bin" / "python3", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
