"""Runs the fast tests in environments of their own: with other releases of what we depend on, with other Pythons.

    python tests/fast_tests.py lowest      what tests/constraints/lowest.txt names, on the oldest Python
    python tests/fast_tests.py newest      the newest releases, on this Python
    python tests/fast_tests.py pythons     the newest releases, on every Python that pyproject.toml names and is here

Environments are `.venv-NAME`, with the requirements of pyproject.toml as pip understands them; this checkout is put on
their path as it is, with its native library. pip's own variables (PIP_EXTRA_INDEX_URL, ...) hold here too.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOWEST = ROOT / "tests" / "constraints" / "lowest.txt"
TOOLS = (
    "hypothesis",
    "mlxtend",
    "ninja",
    "pytest",
    "pytest-asyncio",
    "pytest-xdist",
    "scikit-image",
    "simde-py",
    "ziglang",
)
"""Of the extra `dev`, what the fast tests need."""
SLOW = (
    "arm64",
    "compiling",
    "core/benchmark",
    "core/cli/test_device_commands.py",
    "core/devices/test_instruction_counter.py",
    "core/devices/test_remote_runs.py",
    "core/network/test_memory.py",
    "core/process",
    "examples",
    "native",
    "tui/test_benchmark_phones.py",
    "tui/test_hang_up.py",
    "tui/test_snapshots.py",
    "tui/test_terminal.py",
)
"""What compiles, emulates, ends processes or opens terminals: not even collected, since to name its cases some of it
compiles; and pictures, which are of one release of Textual. All the rest are the fast tests."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def name_of(requirement: str) -> str:
    """The package of a requirement."""
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None
    return match.group().lower()


def requirements() -> list[str]:
    """Everything that users get, and the tools."""
    extras = PROJECT["optional-dependencies"]
    return [*PROJECT["dependencies"], *extras["demo"], *(tool for tool in extras["dev"] if name_of(tool) in TOOLS)]


def supported_pythons() -> list[str]:
    """The versions of Python that pyproject.toml names, oldest first."""
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", text) for text in PROJECT["classifiers"])
    return sorted((match[1] for match in found if match), key=lambda version: int(version[2:]))


def find_python(version: str) -> str | None:
    """A Python of this version on the PATH or among pyenv's; a name that answers nothing is passed over."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    named = shutil.which(f"python{version}")
    candidates = [*([named] if named else []), *map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python")))]
    program = "import ensurepip, sys; print('{}.{}'.format(*sys.version_info))"
    for candidate in candidates:
        done = subprocess.run([candidate, "-c", program], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return candidate
    return None


def make_environment(name: str, python: str, options: Sequence[str]) -> Path:
    """The Python of an environment that has everything, made anew or brought up to date."""
    folder = ROOT / f".venv-{name}"
    inside = folder / "bin" / "python"
    if not inside.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    pip = [inside, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--upgrade"]
    subprocess.run([*pip, "--upgrade-strategy", "eager", *options, *requirements()], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "checkout.pth").write_text(f"{ROOT}\n{ROOT / 'core'}\n", encoding="utf-8")
    return inside


def run_fast_tests(name: str, python: str, options: Sequence[str] = ()) -> bool:
    """Whether they passed; the closing line of pytest is their output."""
    print(f"{name}: setting up .venv-{name}", flush=True)
    inside = make_environment(name, python, options)
    versions = "import sys, numpy, textual, torch; print(sys.version.split()[0], numpy.__version__, torch.__version__)"
    subprocess.run([inside, "-c", versions], check=True)
    command = [inside, "-m", "pytest", "--numprocesses", "2", "--dist", "loadfile"]
    command += [f"--ignore=tests/{place}" for place in SLOW]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def run_on_pythons() -> bool:
    """On each that is here; the others are named."""
    results = []
    for version in supported_pythons():
        python = find_python(version)
        if python is None:
            print(f"{version}: not on this machine, not run", flush=True)
        else:
            results.append(run_fast_tests(version, python))
    return bool(results) and all(results)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("lowest", "newest", "pythons"))
    what = parser.parse_args().what
    if what == "pythons":
        return 0 if run_on_pythons() else 1
    if what == "newest":
        return 0 if run_fast_tests(what, sys.executable) else 1
    oldest = supported_pythons()[0]
    python = find_python(oldest)
    if python is None:
        sys.exit(f"Python {oldest} is not on this machine: the lowest releases have wheels for no other")
    return 0 if run_fast_tests(what, python, ("--constraint", str(LOWEST))) else 1


if __name__ == "__main__":
    sys.exit(main())
