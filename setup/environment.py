"""Sets up .venv for this clone: `python setup/environment.py demo` for the app, `demo,dev` for the tests as well.

What the native build needs comes first; the library then compiles behind the other packages.
On x86-64 Linux the CPU build of torch is taken where pip is offered one, a tenth of the other's size. How long each
part took stands in build/setup.json.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import time
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
BUILD: Final = ROOT / "build" / "native"
TIMES: Final = ROOT / "build" / "setup.json"
PIP: Final = (str(PYTHON), "-m", "pip", "--disable-pip-version-check")


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Notes when a part began and ended, in seconds since the epoch."""
    print(f"{part} ...", flush=True)
    begin = time.time()
    yield
    TIMES.parent.mkdir(exist_ok=True)
    parts = json.loads(TIMES.read_text(encoding="utf-8")) if TIMES.exists() else {}
    parts[part] = [begin, time.time()]
    TIMES.write_text(json.dumps(parts, indent=1), encoding="utf-8")


def install(*wanted: str) -> None:
    """Installs with pip, whose own words are shown where it fails."""
    done = subprocess.run([*PIP, "install", "--quiet", *wanted], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.strip() or done.returncode)


def build_requirements() -> list[str]:
    """What building takes, and what an editable install takes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [*project["build-system"]["requires"], "editables>=0.5"]


@contextmanager
def native_build_behind() -> Iterator[None]:
    """Compiles the library on one processor while this lasts, then goes on with all of them by itself.

    ninja takes its number of jobs from a job server as GNU make's: one of its own, and one for each byte in a pipe.
    """
    if sys.platform == "win32":  # no such pipes; the app compiles
        yield
        return
    pipe = BUILD / "jobs"
    BUILD.mkdir(parents=True, exist_ok=True)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    jobs, quiet = os.open(pipe, os.O_RDWR), subprocess.DEVNULL
    environment = {**os.environ, "MAKEFLAGS": f"--jobserver-auth=fifo:{pipe}"}
    subprocess.Popen([PYTHON, ROOT / "native" / "build.py", "host"], stdin=quiet, stdout=quiet, stderr=quiet,
                     start_new_session=True, env=environment)  # fmt: skip
    yield
    os.write(jobs, b"+" * ((os.cpu_count() or 2) - 1))  # stay in the pipe as long as ninja has it open
    os.close(jobs)


def newest_cpu_release(package: str) -> str | None:
    """The newest release of a package for the CPU alone that pip is offered; None where it is offered none."""
    command = [*PIP, "index", "versions", package]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Available versions: (.*)", said)
    return next((name for name in found[1].split(", ") if name.endswith("+cpu")), None) if found else None


def torch_requirements() -> list[str]:
    """torch and torchvision for the CPU, where both are offered."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return []  # elsewhere the usual wheels are for the CPU alone
    releases = {package: newest_cpu_release(package) for package in ("torch", "torchvision")}
    return [f"{package}=={release}" for package, release in releases.items()] if all(releases.values()) else []


def main(extras: str) -> None:
    """Everything."""
    if not PYTHON.exists():
        with timed("environment"):
            venv.create(VENV, with_pip=True)
    with timed("build tools"):
        install(*build_requirements())
    with native_build_behind(), timed("packages"):
        install(*torch_requirements(), "--no-build-isolation", "--editable", f"{ROOT}[{extras}]")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
