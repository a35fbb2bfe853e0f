"""Builds the native code: writes one ninja file for the asked targets and runs it.

    python native/build.py host                  the library that ubp_core loads
    python native/build.py --help                every target

Compiler: the `ziglang` wheel, so that nothing but pip is needed; `UBP_CXX=g++` chooses another for host targets.
ARM64 targets always use zig, which brings the musl library that makes a static binary run on any Android phone.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NATIVE = Path(__file__).resolve().parent
ROOT = NATIVE.parent
KERNELS = NATIVE / "src" / "kernels"
OUTPUT = ROOT / "core" / "ubp_core" / "_lib"
BUILD = ROOT / "build" / "native"

MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
LIBRARY_NAME = {"darwin": "libubp.dylib", "win32": "ubp.dll"}.get(sys.platform, "libubp.so")

WARNINGS = ["-Wall", "-Wextra", "-Werror"]
COMMON_FLAGS = ["-std=c++17", "-O3", "-g0", "-DNDEBUG", *WARNINGS, "-fvisibility=hidden", "-ffp-contract=off"]
# x86-64-v3 (AVX2, FMA: every x86 since about 2015); wider code lives in *_avx512.cpp and is chosen at run time.
HOST_FLAGS = {"x86_64": ["-march=x86_64_v3"]}
# Kernel files fix the order of their instructions in the source: LLVM's schedulers and its pairing of loads stay off.
SOURCE_ORDER = ["-mllvm", "-enable-misched=false", "-mllvm", "-enable-post-misched=false"]
SOURCE_ORDER_ARM = [*SOURCE_ORDER, "-mllvm", "-aarch64-enable-ldst-opt=false"]
AVX512 = ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw"]
# Flags of a source by the end of its stem, per machine; left out on a machine that is not listed.
VARIANT_FLAGS: dict[str, dict[str, list[str]]] = {
    "_avx512": {"x86_64": AVX512},
    "_wide": {"x86_64": [], "aarch64": SOURCE_ORDER_ARM},
    "_inorder": {"x86_64": [], "aarch64": SOURCE_ORDER_ARM},
}


SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@dataclass(frozen=True)
class Target:
    """One output: which sources it takes, for which machine, and how it is linked."""

    name: str
    output: Path
    folders: tuple[str, ...]
    sources: tuple[str, ...] = ()  # single files beside the folders
    machine: str = MACHINE
    arm_static: bool = False
    sanitized: bool = False
    link_flags: tuple[str, ...] = ()
    compile_flags: tuple[str, ...] = ()
    help: str = ""


# On every output of this machine alike: zig builds its C++ library, a minute, anew for each set of link flags.
STRIPPED = ("-s",)
# Static: runs on any Android phone and under qemu; segments aligned for 16 KB pages; no symbols (kept in *_symbols).
ARM_LINK = ("-static", "-Wl,-z,max-page-size=16384")

RUNTIME_FOLDERS = ("src/c_api", "src/file", "src/kernels", "src/network", "src/operator", "src/packing", "src/threads")
BENCH_FOLDERS = (*RUNTIME_FOLDERS, "bench/ubp_bench")


def programs(name: str, sources: tuple[str, ...], purpose: str) -> tuple[Target, ...]:
    """A program of a few sources and the library: for this machine, for ARM64, and for ARM64 with symbols."""
    folders = RUNTIME_FOLDERS
    arm64 = f"{name}_arm64"
    return (
        Target(name, BUILD / "bin" / name, folders, sources, link_flags=STRIPPED, compile_flags=("-fPIC",),
               help=purpose),
        Target(arm64, BUILD / "bin" / arm64, folders, sources, machine="aarch64", arm_static=True,
               link_flags=(*ARM_LINK, "-s"), help=f"{name} for ARM64, static"),
        Target(f"{arm64}_symbols", BUILD / "bin" / f"{arm64}_symbols", folders, sources, machine="aarch64",
               arm_static=True, link_flags=ARM_LINK, help=f"{name} for ARM64, with symbols for profiles"),
    )  # fmt: skip


TARGETS = {
    target.name: target
    for target in (
        Target("host", OUTPUT / LIBRARY_NAME, ("src",), link_flags=("-shared", *STRIPPED), compile_flags=("-fPIC",),
               help="shared library for ubp_core on this machine"),
        Target("fuzz", BUILD / "fuzz_reader", (*RUNTIME_FOLDERS, "fuzz"), sanitized=True, link_flags=SANITIZERS,
               compile_flags=("-O1", "-g", "-UNDEBUG", "-DUBP_NO_AVX512", *SANITIZERS),
               help="fuzzer of reader and runtime"),
        Target("bench-host", OUTPUT / "ubp_bench", BENCH_FOLDERS, compile_flags=("-fPIC",), link_flags=STRIPPED,
               help="ubp_bench for this machine"),
        Target("bench-arm64", OUTPUT / "ubp_bench_arm64", BENCH_FOLDERS, machine="aarch64", arm_static=True,
               link_flags=(*ARM_LINK, "-s"), help="ubp_bench for ARM64 phones, static"),
        Target("qemu-count", OUTPUT / "ubp_count.so", ("bench/qemu_count",), compile_flags=("-fPIC",),
               link_flags=("-shared", "-s", "-Wl,--allow-shlib-undefined"),
               help="plugin of qemu-user that counts instructions"),
        Target("block-count", BUILD / "bin" / "block_count.so", ("bench/armcycles",), compile_flags=("-fPIC",),
               link_flags=("-shared", "-s", "-Wl,--allow-shlib-undefined"),
               help="plugin of qemu-user that counts executed blocks, for bench/armcycles"),
        *programs("kernel_bench", ("bench/kernel_bench.cpp",), "modelled and timed cost of kernels and operators"),
        *programs("test_convolution", ("tests/test_convolution.cpp",), "kernels and operator against plain loops"),
        *programs("classify", ("../examples/classify.cpp",), "example: classifies a picture with a packed network"),
        *programs("network_memory", ("tests/network_memory.cpp",), "what a run of a network holds, by operator new"),
        *programs("test_planar", ("tests/test_planar.cpp", "tests/test_depthwise.cpp"),
                  "depthwise, pooling, element-wise against plain loops"),
    )
}  # fmt: skip
PACKAGED = ("host", "bench-host", "bench-arm64", "qemu-count")  # what a wheel carries


def zig_command() -> list[str]:
    return [sys.executable, "-m", "ziglang", "c++"]


def fuzz_compiler() -> str | None:
    """A compiler with sanitizers, which zig lacks: `UBP_FUZZ_CXX`, g++ or clang++; None where there is none."""
    return os.environ.get("UBP_FUZZ_CXX") or shutil.which("g++") or shutil.which("clang++")


def compiler_of(target: Target) -> list[str]:
    """The compiler's command line, with what selects the machine."""
    gnu_host_flags = [flag.replace("x86_64_v3", "x86-64-v3") for flag in HOST_FLAGS.get(MACHINE, [])]
    if target.sanitized:
        return [*shlex.split(fuzz_compiler() or "g++"), *gnu_host_flags]
    if target.arm_static:
        return [*zig_command(), "-target", "aarch64-linux-musl", "-mcpu=generic"]
    chosen = os.environ.get("UBP_CXX")
    if chosen:
        return [*shlex.split(chosen), *gnu_host_flags]
    return [*zig_command(), *HOST_FLAGS.get(MACHINE, [])]


def sanitizing_zig() -> list[str]:
    """zig for sources of a sanitized target: it has no address sanitizer to link, but writes calls of g++'s."""
    return [*zig_command(), *HOST_FLAGS.get(MACHINE, [])]


def variant_flags(source: Path, machine: str) -> list[str] | None:
    """Extra flags of a variant source, or None where it belongs to another machine."""
    for suffix, flags in VARIANT_FLAGS.items():
        if source.stem.endswith(suffix):
            return flags.get(machine)
    return []


def include_flags() -> list[str]:
    import simde_py

    return [f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'src'}", f"-isystem{simde_py.get_include()}"]


def write_ninja(targets: Iterable[Target]) -> Path:
    """Writes build.ninja; only the compile and link commands of `targets` stand in it."""
    from ninja import ninja_syntax

    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / "build.ninja"
    with path.open("w") as stream:
        writer = ninja_syntax.Writer(stream, width=1000)
        writer.variable("builddir", str(BUILD))
        writer.rule("compile", "$cxx $flags -MMD -MF $out.d -c $in -o $out", depfile="$out.d", deps="gcc",
                    description="compile $in")  # fmt: skip
        writer.rule("link", "$cxx $in $flags -o $out", description="link $out")
        written: set[str] = set()
        for target in targets:
            write_target(writer, target, written)
    return path


def write_target(writer: object, target: Target, written: set[str]) -> None:
    """Adds a target; objects are shared by all targets of one machine and one set of flags."""
    compiler = shlex.join(compiler_of(target))
    flavour = "-".join([target.machine, *(flag.lstrip("-") for flag in target.compile_flags)])
    objects = []
    for source in sources_of(target):
        extra = variant_flags(source, target.machine)
        if extra is None or (target.sanitized and extra == AVX512):  # the same templates, and minutes to compile
            continue
        flags = [*COMMON_FLAGS, *target.compile_flags, *include_flags(), *extra]
        cxx = compiler
        if target.sanitized and source.is_relative_to(KERNELS):  # g++ takes seven minutes for each
            cxx, flags = shlex.join(sanitizing_zig()), [*flags, "-fno-sanitize=undefined"]
        below = NATIVE if source.is_relative_to(NATIVE) else ROOT
        made = str(BUILD / flavour / source.relative_to(below).with_suffix(".o"))
        if made not in written:
            writer.build(made, "compile", str(source), variables={"cxx": cxx, "flags": shlex.join(flags)})  # type: ignore[attr-defined]
        written.add(made)
        objects.append(made)
    link = {"cxx": compiler, "flags": shlex.join(target.link_flags)}
    writer.build(str(target.output), "link", objects, variables=link)  # type: ignore[attr-defined]


def sources_of(target: Target) -> list[Path]:
    found = [source for folder in target.folders for source in sorted((NATIVE / folder).rglob("*.cpp"))]
    return [*found, *((NATIVE / source).resolve() for source in target.sources)]


def build(names: Iterable[str], quiet: bool = False) -> list[Path]:
    """Builds the named targets and returns their outputs; raises CalledProcessError where the compiler fails."""
    import ninja

    targets = [TARGETS[name] for name in names]
    for target in targets:
        target.output.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time():
        path = write_ninja(targets)
        command = [str(Path(ninja.BIN_DIR) / "ninja"), "-f", str(path), *(["--quiet"] if quiet else [])]
        subprocess.run([*command, *(str(target.output) for target in targets)], check=True)
    return [target.output for target in targets]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Waits for other builds in this folder: tests in several processes build what they need at the same moment."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as stream:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def main() -> int:
    lines = "\n".join(f"  {target.name:<32}{target.help}" for target in TARGETS.values())
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"targets:\n{lines}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("targets", nargs="+", choices=sorted(TARGETS), metavar="TARGET")
    try:
        build(parser.parse_args().targets)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
