"""The source archive: what is in it, and that pip alone makes a wheel of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


def test_holds_sources_and_their_commit_but_nothing_that_was_compiled(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
        member = opened.extractfile(next(name for name in opened.getnames() if name.endswith("/commit.txt")))
        assert member is not None
        commit = member.read().decode().split()[0]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert commit == head.strip()
    assert {"pyproject.toml", "hatch_build.py", "native/build.py", "core/ubp_core/__init__.py", "LICENSE"} <= names
    assert not [name for name in names if name.endswith((".o", ".so", ".dll", ".exe")) or "/_lib/" in name]


def test_pip_makes_a_wheel_of_it_without_a_compiler_on_the_path(archive: Path, tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("CC", "CXX", "UBP_CXX")}
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        archive,
    ]
    done = subprocess.run(command, env={**environment, "PATH": str(empty)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("ubp_tui-*.whl")
    names = zipfile.ZipFile(made).namelist()
    assert any(name.startswith("ubp_core/_lib/ubp_bench_arm64") for name in names)
    assert "ubp_core/_lib/commit.txt" in names
