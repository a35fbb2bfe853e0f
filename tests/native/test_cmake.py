"""native/CMakeLists.txt compiles what native/build.py does, with its flags; the example is built with it and runs."""

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
    from building.flags import SOURCE_ORDER_ARM, variant_flags
    from building.targets import RUNTIME_FOLDERS

    sources = [source for folder in RUNTIME_FOLDERS for source in (ROOT / "native" / folder).rglob("*.cpp")]
    wanted = {source: variant_flags(source, "aarch64") for source in sources}
    ours = {source: list(flags) for source, flags in wanted.items() if flags is not None}
    assert commands.keys() == {*ours, ROOT / "examples" / "classify.cpp"}
    for source, flags in ours.items():
        found = commands[source]
        assert {"-O3", "-ffp-contract=off", f"-I{ROOT}/native/include", f"-I{ROOT}/native/src"} <= set(found)
        begin = found.index(flags[0]) if flags else 0
        assert found[begin : begin + len(flags)] == flags
        assert found.count("-mllvm") == flags.count("-mllvm")
    assert sum(flags == list(SOURCE_ORDER_ARM) for flags in ours.values()) == 3


# Kernels take a minute each to compile. Their objects are those of native/build.py, which were made with the same flags
# (the test above); everything else is compiled.
LAUNCHER = """import pathlib, shutil, subprocess, sys
source, made = pathlib.Path(sys.argv[-1]), pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
kernels = pathlib.Path({root!r}) / "native" / "src" / "kernels"
if not source.is_relative_to(kernels):
    sys.exit(subprocess.call(sys.argv[1:]))
shutil.copy(pathlib.Path({objects!r}) / source.relative_to(kernels.parents[1]).with_suffix(".o"), made)
if "-MF" in sys.argv:
    pathlib.Path(sys.argv[sys.argv.index("-MF") + 1]).write_text(f"{{made}}: {{source}}\\n")
"""


def write_tool(path: Path, *words: str) -> Path:
    """A program that is a command with its first arguments."""
    path.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-m", "ziglang", *words])} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """`examples/classify.cpp` for ARM64, as docs/embedding.md builds it into a project, with zig as the compiler."""
    from building.places import BUILD
    from building.running import build

    for tool in ("cmake", "qemu-aarch64"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed: the example can't be built and run")
    build(["classify_arm64"])
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.format(root=ROOT))
    (tmp_path / "launcher.py").write_text(LAUNCHER.format(root=str(ROOT), objects=str(BUILD / "aarch64_kernels-fPIC")))
    settings = {
        "SYSTEM_NAME": "Linux",
        "SYSTEM_PROCESSOR": "aarch64",
        "CXX_COMPILER": write_tool(tmp_path / "cxx", "c++", "-target", "aarch64-linux-musl", "-mcpu=generic"),
        "CXX_COMPILER_LAUNCHER": f"{sys.executable};{tmp_path / 'launcher.py'}",
        "AR": write_tool(tmp_path / "ar", "ar"),
        "RANLIB": write_tool(tmp_path / "ranlib", "ranlib"),
        "EXE_LINKER_FLAGS": "-static",
        "CXX_COMPILER_WORKS": "ON",
    }
    made = tmp_path / "made"
    configure = [f"-DCMAKE_{name}={value}" for name, value in settings.items()]
    for command in (["cmake", "-S", tmp_path, "-B", made, *configure], ["cmake", "--build", made, "-j", "2"]):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return made / "classify"


def test_the_embedding_example_is_built_and_runs(example: Path, tmp_path: Path) -> None:
    from native_network import run_network
    from test_example import network, picture, scaled, write_picture

    (tmp_path / "net.ubp").write_bytes(network())
    pixels = picture(41, 37)
    path = write_picture(tmp_path / "picture.ppm", pixels)
    command = ["qemu-aarch64", str(example), str(tmp_path / "net.ubp"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (outputs,) = run_network(network(), scaled(pixels))
    number, _, value = done.stdout.split()
    assert int(number) == outputs.argmax() and float(value) == pytest.approx(float(outputs.max()), rel=1e-4)
