"""Building needs no compiler on the PATH, and the wheel holds what it should and works."""

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
    """A wheel of this checkout; native code that is up to date is not compiled again."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, ROOT]
    subprocess.run(command, env=bare_environment, check=True)
    (made,) = out.glob("ubp_tui-*.whl")
    return made


def test_a_program_is_compiled_without_any_compiler_on_the_path(
    bare_environment: dict[str, str], tmp_path: Path
) -> None:
    """From its sources, in an empty build folder: a library of the selection alone, which is quick to compile."""
    program = (
        "import dataclasses, pathlib, sys; sys.path.insert(0, 'native'); import build;"
        f"build.BUILD = pathlib.Path({str(tmp_path)!r});"
        "folders = ('src/selection', 'src/threads'); output = build.BUILD / 'lib.so';"
        "target = dataclasses.replace(build.TARGETS['host'], folders=folders, output=output)"
        "; build.TARGETS['host'] = target; print(build.build(['host'], quiet=True)[0])"
    )
    subprocess.run([sys.executable, "-c", program], env=bare_environment, cwd=ROOT, check=True)
    use = "import ctypes, sys; print(bool(ctypes.CDLL(sys.argv[1]).ubp_selection_run))"
    done = subprocess.run([sys.executable, "-c", use, tmp_path / "lib.so"], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_wheel_works(wheel: Path, bare_environment: dict[str, str], tmp_path: Path) -> None:
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


def test_wheel_carries_programs_styles_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for program in ("ubp_bench", "ubp_bench_arm64", "ubp_count.so"):
        assert f"ubp_core/_lib/{program}" in names
    assert any(name.startswith("ubp_tui/styles/") and name.endswith(".tcss") for name in names)
    assert "ubp_core/py.typed" in names and "ubp_tui/py.typed" in names
    assert not any(name.startswith(("tests/", "native/")) for name in names)
