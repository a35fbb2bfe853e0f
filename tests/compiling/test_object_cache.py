"""The cache of objects: a second clone compiles nothing, and what decides about an object does decide."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from compiling.small_clone import SOURCES, SmallClone

COUNTING = """#!/bin/sh
case " $* " in *" -c "*) echo x >> {calls};; esac
exec {compiler} "$@"
"""


class Compiler:
    """A compiler of the system that counts how often it compiles."""

    def __init__(self, folder: Path) -> None:
        """Args: a folder for the program and its count."""
        found = shutil.which("g++") or shutil.which("clang++")
        if found is None:
            pytest.skip("neither g++ nor clang++ is installed: sh tests/install_tools.sh")
        self._calls, self.program = folder / "calls", folder / "counting-c++"
        self.program.write_text(COUNTING.format(calls=self._calls, compiler=found), encoding="utf-8")
        self.program.chmod(0o755)

    def take_count(self) -> int:
        """How often since the last time."""
        count = len(self._calls.read_text(encoding="utf-8").splitlines()) if self._calls.exists() else 0
        self._calls.unlink(missing_ok=True)
        return count


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    return Compiler(tmp_path)


def build(clone: SmallClone, compiler: Compiler) -> int:
    """Builds with it; returns how often it compiled."""
    done = clone.build(clone.environment(UBP_CXX=str(compiler.program)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert clone.has_library()
    return compiler.take_count()


def test_a_second_clone_compiles_nothing(compiler: Compiler, tmp_path: Path) -> None:
    """And after a change of one header only what includes it; then back again nothing at all."""
    first, second = (SmallClone(tmp_path / name, tmp_path / "home") for name in ("first", "second"))
    every = build(first, compiler)
    assert every == SOURCES
    assert build(second, compiler) == 0
    header = second.folder / "native" / "src" / "file" / "crc32.h"
    before = header.read_text(encoding="utf-8")
    header.write_text(before + "// another comment\n", encoding="utf-8")
    assert build(second, compiler) == 1
    header.write_text(before, encoding="utf-8")
    assert build(second, compiler) == 0


def test_another_compiler_or_flag_is_another_object(compiler: Compiler, tmp_path: Path) -> None:
    clones = [SmallClone(tmp_path / f"clone{number}", tmp_path / "home") for number in range(2)]
    every = build(clones[0], compiler)
    wrapped = compiler.program.with_name("other-c++")
    version = 'case "$1" in --version) echo "another compiler 1.0"; exit;; esac'
    wrapped.write_text(f'#!/bin/sh\n{version}\nexec {compiler.program} "$@"\n', encoding="utf-8")
    wrapped.chmod(0o755)
    compiler.program = wrapped
    assert build(clones[1], compiler) == every


def test_a_damaged_cache_is_none(compiler: Compiler, tmp_path: Path) -> None:
    """Index files of rubbish, objects that are cut off or gone, a folder that can't be written."""
    home = tmp_path / "home"
    clones = [SmallClone(tmp_path / f"clone{number}", home) for number in range(5)]
    every = build(clones[0], compiler)
    for index in (home / "cache").rglob("*.json"):
        index.write_bytes(b"\xff{")
    assert build(clones[1], compiler) == every
    for made in (home / "cache").rglob("*.o"):
        made.write_bytes(made.read_bytes()[:-1])
    assert build(clones[2], compiler) == every
    for made in (home / "cache").rglob("*.o"):
        made.unlink()
    assert build(clones[3], compiler) == every
    shutil.rmtree(home)
    home.write_text("no folder", encoding="utf-8")
    assert build(clones[4], compiler) == every


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    program = (
        "import os, sys; sys.path.insert(0, 'native'); from pathlib import Path;"
        "from building.object_cache import ObjectCache; folder = Path(sys.argv[1]);"
        "files = [folder / name for name in ('a.o', 'b.o', 'c.o')];"
        "[(file.write_bytes(bytes(100)), os.utime(file, (age, age))) for age, file in zip((3, 1, 2), files)];"
        "ObjectCache(folder).prune(200); print(sorted(path.name for path in folder.iterdir()))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "['a.o', 'c.o']\n"


def test_where_clone_and_environment_lie_does_not_matter_nor_which_python_is_theirs() -> None:
    """Also where the environment lies in the clone, as `make` puts it."""
    program = """
import sys, sysconfig
from pathlib import Path
sys.path.insert(0, "native")
from building import object_cache
root, environment, version = sys.argv[1:]
packages = f"{environment}/lib/{version}/site-packages"
sysconfig.get_path = lambda name, vars: packages
object_cache.ROOT, sys.prefix, sys.executable = Path(root), environment, f"{environment}/python"
words = "c++", f"-I{root}/include", f"-isystem{packages}/simde", "-c", "a", "-o", "b", "-MF", "d"
print(object_cache.Job("1", (sys.executable, *words), Path("pyproject.toml"), Path("b"), Path("d")).key())
"""
    root = Path(__file__).parents[2]
    keys = {
        subprocess.run(
            [sys.executable, "-c", program, *places], cwd=root, capture_output=True, text=True, check=True
        ).stdout
        for places in (("/a", "/a/.venv", "3.11"), ("/b/c", "/b/c/.venv", "3.11"), ("/a", "/elsewhere", "3.12"))
    }
    assert len(keys) == 1
