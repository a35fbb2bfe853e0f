"""The wheel is built where no compiler is on the PATH, and what it holds works."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMPILERS = ("gcc", "g++", "cc", "c++", "clang", "clang++")


@pytest.fixture(scope="module")
def bare_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose PATH is an empty folder, as in a slim container."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CC", "CXX", "UBP_CXX")}
    environment["PATH"] = str(tmp_path_factory.mktemp("bin"))
    for compiler in COMPILERS:
        with pytest.raises(FileNotFoundError):
            subprocess.run([compiler, "--version"], env=environment, check=False)
    return environment


@pytest.fixture(scope="module")
def wheel(bare_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources by pip and the build packages alone."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout.split("\0")  # fmt: skip
    for name in files:
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, source]
    subprocess.run(command, env=bare_environment, check=True)
    (made,) = out.glob("ubp_tui-*.whl")
    return made


def test_wheel_needs_no_compiler_and_works(wheel: Path, bare_environment: dict[str, str], tmp_path: Path) -> None:
    assert "-py3-none-" in wheel.name and not wheel.name.endswith("any.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        "import numpy as np, ubp_core; from ubp_core import select_blocks;"
        f"assert ubp_core.__file__.startswith({str(tmp_path)!r}), ubp_core.__file__;"
        "print(len(select_blocks(np.ones((8, 8), 'f'), 4, 0.5, 'optimal').rows))"
    )
    done = subprocess.run([sys.executable, "-c", program], env={**bare_environment, "PYTHONPATH": str(tmp_path)},
                          capture_output=True, text=True, cwd=tmp_path, check=False)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "8\n", "")


def test_wheel_carries_styles_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("ubp_core/_lib/") for name in names)
    assert any(name.startswith("ubp_tui/styles/") and name.endswith(".tcss") for name in names)
    assert not any("test" in name.lower() for name in names)
