"""native/CMakeLists.txt: configured for real, it compiles what native/build.py does, with its flags."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "native"))

PROJECT = """cmake_minimum_required(VERSION 3.18)
project(app CXX)
add_subdirectory({root}/native ubp)
add_executable(classify {root}/examples/classify.cpp)
target_link_libraries(classify PRIVATE ubp)
"""


@pytest.fixture
def commands(tmp_path: Path) -> dict[Path, list[str]]:
    """The compiler's command line for each source, as CMake would run it for ARM64."""
    if not shutil.which("cmake"):
        pytest.skip("cmake is not installed")
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.format(root=ROOT))
    settings = ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", "-DCMAKE_CXX_COMPILER=g++"]
    command = ["cmake", "-S", tmp_path, "-B", tmp_path / "made", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *settings]
    subprocess.run(command, check=True, capture_output=True)
    entries = json.loads((tmp_path / "made" / "compile_commands.json").read_text())
    return {Path(entry["file"]): shlex.split(entry["command"]) for entry in entries}


def test_sources_and_flags_are_those_of_the_build(commands: dict[Path, list[str]]) -> None:
    from build import RUNTIME_FOLDERS, SOURCE_ORDER_ARM, variant_flags

    sources = [source for folder in RUNTIME_FOLDERS for source in (ROOT / "native" / folder).rglob("*.cpp")]
    wanted = {source: variant_flags(source, "aarch64") for source in sources}
    ours = {source: flags for source, flags in wanted.items() if flags is not None}
    assert commands.keys() == {*ours, ROOT / "examples" / "classify.cpp"}
    for source, flags in ours.items():
        found = commands[source]
        assert {"-O3", "-ffp-contract=off", f"-I{ROOT}/native/include", f"-I{ROOT}/native/src"} <= set(found)
        begin = found.index("-mllvm") if flags else 0
        assert found[begin : begin + len(flags)] == flags
        assert found.count("-mllvm") == flags.count("-mllvm")
    assert sum(flags == SOURCE_ORDER_ARM for flags in ours.values()) == 2
