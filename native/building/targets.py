"""Every output that can be asked for: which sources it takes, for which platform, and how it is linked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from building.flags import SANITIZERS
from building.places import BUILD, NATIVE, PACKAGE_LIBRARIES
from building.platforms import DESKS, HOST, PHONE, Platform

RUNTIME_FOLDERS: Final = (
    "src/kernels", "src/c_api", "src/file", "src/network", "src/operator", "src/packing", "src/threads",
)  # fmt: skip
"""The slow ones first: that is the order in which they are compiled."""
LIBRARY_FOLDERS: Final = (*RUNTIME_FOLDERS, "src/selection")
BENCH_FOLDERS: Final = (*RUNTIME_FOLDERS, "bench/ubp_bench")


@dataclass(frozen=True)
class Target:
    """One output."""

    name: str
    output: Path
    platform: Platform
    folders: tuple[str, ...]
    """Below native/, with all sources in them."""
    sources: tuple[str, ...] = ()
    """Single files beside the folders."""
    link_flags: tuple[str, ...] = ()
    stripped: bool = True
    compile_flags: tuple[str, ...] = ()
    sanitized: bool = False
    """Compiled by g++ or clang++ with sanitizers, which zig lacks."""
    help: str = ""

    def all_sources(self) -> list[Path]:
        """Its source files, in the order in which they are compiled."""
        found = [source for folder in self.folders for source in sorted((NATIVE / folder).rglob("*.cpp"))]
        return [*found, *((NATIVE / source).resolve() for source in self.sources)]


def _library(name: str, platform: Platform, folder: Path) -> Target:
    """What ubp_core loads."""
    return Target(name, folder / platform.library, platform, LIBRARY_FOLDERS, link_flags=platform.library_flags,
                  help=f"shared library for ubp_core: {platform.name}")  # fmt: skip


def _bench(name: str, platform: Platform, output: Path) -> Target:
    """The benchmark program."""
    return Target(name, output, platform, BENCH_FOLDERS, link_flags=platform.program_flags,
                  help=f"ubp_bench: {platform.name}")  # fmt: skip


def _plugin(name: str, platform: Platform, output: Path, folder: str, purpose: str) -> Target:
    """A plugin of qemu-user, which resolves its functions in the program that loads it."""
    flags = (*platform.library_flags, "-Wl,--allow-shlib-undefined")
    return Target(name, output, platform, (folder,), link_flags=flags, help=f"plugin of qemu-user that {purpose}")


def _of_desk(platform: Platform) -> tuple[Target, ...]:
    """What a wheel for a desk carries, in a folder of its own."""
    folder = BUILD / platform.name
    made = (
        _library(f"library-{platform.name}", platform, folder),
        _bench(f"bench-{platform.name}", platform, folder / f"ubp_bench{platform.program_suffix}"),
    )
    if not platform.is_elf:
        return made
    return (*made, _plugin(f"qemu-count-{platform.name}", platform, folder / "ubp_count.so", "bench/qemu_count",
                           f"counts instructions: {platform.name}"))  # fmt: skip


def _program(name: str, sources: tuple[str, ...], purpose: str) -> tuple[Target, ...]:
    """A program of a few sources and the runtime: for this machine, for phones, and for phones with symbols."""
    return tuple(
        Target(made, BUILD / "bin" / made, platform, RUNTIME_FOLDERS, sources, platform.program_flags, stripped,
               help=f"{purpose}{note}")
        for made, platform, stripped, note in (
            (name, HOST, True, ""),
            (f"{name}_arm64", PHONE, True, ", for ARM64, static"),
            (f"{name}_arm64_symbols", PHONE, False, ", with symbols for profiles"),
        )
    )  # fmt: skip


def _integer_tests(*stems: str) -> tuple[str, ...]:
    return tuple(f"tests/integers/{stem}.cpp" for stem in stems)


def _all_targets() -> tuple[Target, ...]:
    """Every target, in the order of the help."""
    folder = PACKAGE_LIBRARIES
    return (
        _library("host", HOST, folder),
        _bench("bench-host", HOST, folder / f"ubp_bench{HOST.program_suffix}"),
        _bench("bench-arm64", PHONE, folder / "ubp_bench_arm64"),
        _plugin("qemu-count", HOST, folder / "ubp_count.so", "bench/qemu_count", "counts instructions"),
        *(target for desk in DESKS for target in _of_desk(desk)),
        _plugin("block-count", HOST, BUILD / "bin" / "block_count.so", "bench/armcycles",
                "counts executed blocks, for bench/armcycles"),
        *_program("kernel_bench", ("bench/kernel_bench.cpp",), "modelled and timed cost of kernels and operators"),
        *_program("test_convolution",
                  ("tests/test_convolution.cpp", "tests/test_winograd.cpp", "tests/test_half_winograd.cpp"),
                  "kernels and operator against plain loops"),
        *_program("test_integers",
                  _integer_tests("test_integers", "test_byte_panel", "test_quad_places"),
                  "kernels of integers against plain loops"),
        *_program("test_integer_planar",
                  _integer_tests("test_integer_planar", "test_integer_depthwise", "test_integer_pooling",
                                 "test_sums_end"),
                  "depthwise, pooling, element-wise of bytes against plain loops"),
        *_program("classify", ("../examples/classify.cpp",), "example: classifies a picture with a packed network"),
        *_program("network_memory", ("tests/network/network_memory.cpp",),
                  "what a run of a network holds, by operator new"),
        *_program("test_planar", ("tests/test_planar.cpp", "tests/test_depthwise.cpp"),
                  "depthwise, pooling, element-wise against plain loops"),
        *_program("test_half_network", ("tests/network/test_half_network.cpp",),
                  "networks of fp16 against the same in fp32"),
        *_program("test_integer_network",
                  ("tests/network/test_integer_network.cpp", "tests/network/integer_graph.cpp",
                   "tests/network/plain_integers.cpp"),
                  "networks of int8 against plain loops"),
        Target("fuzz", BUILD / "fuzz_reader", HOST, (*RUNTIME_FOLDERS, "fuzz"), link_flags=SANITIZERS, stripped=False,
               compile_flags=("-O1", "-g", "-UNDEBUG", "-DUBP_NO_AVX512", *SANITIZERS), sanitized=True,
               help="fuzzer of reader and runtime"),
    )  # fmt: skip


TARGETS: Final = {target.name: target for target in _all_targets()}
PACKAGED: Final = tuple(name for name in ("host", "bench-host", "bench-arm64", "qemu-count")
                        if HOST.is_elf or name != "qemu-count")  # fmt: skip
"""What the package needs in a clone; the library first."""
TESTED: Final = tuple(name for name, target in TARGETS.items() if target.stripped)
"""What the tests need, but the fuzzer, which another compiler makes."""


def targets_of_wheel(desk: Platform) -> tuple[Target, ...]:
    """What the wheel of a desk carries: its own, and the program for phones."""
    own = [target for target in TARGETS.values() if target.name.endswith(f"-{desk.name}")]
    return (*own, TARGETS["bench-arm64"])
