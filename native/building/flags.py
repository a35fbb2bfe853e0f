"""Compiler flags: those that all sources share, those of a machine, those of a variant of a source."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from building.places import NATIVE

WARNINGS: Final = ("-Wall", "-Wextra", "-Werror")
COMMON: Final = ("-std=c++17", "-O3", "-g0", "-DNDEBUG", *WARNINGS, "-fvisibility=hidden", "-ffp-contract=off")
# x86-64-v3 (AVX2, FMA: every x86 since about 2015); wider code lives in *_avx512.cpp and is chosen at run time.
MACHINE: Final = {"x86_64": ("-march=x86_64_v3",), "aarch64": ("-mcpu=generic",)}
"""As zig spells them."""
GNU_MACHINE: Final = {"x86_64": ("-march=x86-64-v3",), "aarch64": ("-march=armv8-a",)}
"""As g++ and clang spell them."""

# Kernel files fix the order of their instructions in the source: LLVM's schedulers and its pairing of loads stay off.
SOURCE_ORDER: Final = ("-mllvm", "-enable-misched=false", "-mllvm", "-enable-post-misched=false")
SOURCE_ORDER_ARM: Final = (*SOURCE_ORDER, "-mllvm", "-aarch64-enable-ldst-opt=false")
AVX512: Final = ("-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw")
_VARIANTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "_avx512": {"x86_64": AVX512},
    "_wide": {"x86_64": (), "aarch64": SOURCE_ORDER_ARM},
    "_inorder": {"x86_64": (), "aarch64": SOURCE_ORDER_ARM},
    "_widening": {"x86_64": (), "aarch64": SOURCE_ORDER_ARM},
}
"""By the end of a source's stem, then by machine."""
HALF: Final = {"x86_64": (), "aarch64": ("-Xclang", "-target-feature", "-Xclang", "+fullfp16")}
"""Of sources whose names begin with f16_: fp16 arithmetic. They run where the core has it; others tell (cores.cpp)."""
DOT_PRODUCT: Final = {"aarch64": ("-Xclang", "-target-feature", "-Xclang", "+dotprod")}
"""Of sources whose names begin with i8dot_, in the same way: products of bytes, four at a time. ARM64 only."""
_ARITHMETIC: Final[dict[str, dict[str, tuple[str, ...]]]] = {"f16_": HALF, "i8dot_": DOT_PRODUCT}
"""By the begin of a source's stem, then by machine."""

# Kernels throw nothing and call nothing that does: 40 KB less to push to a phone.
NO_UNWINDING: Final = ("-fno-exceptions", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables")

SANITIZERS: Final = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def variant_flags(source: Path, machine: str) -> tuple[str, ...] | None:
    """Extra flags of a variant source; None where it belongs to other machines."""
    if source.stem.startswith("i8dot_") and machine not in DOT_PRODUCT:
        return None
    more = next((flags[machine] for start, flags in _ARITHMETIC.items() if source.stem.startswith(start)), ())
    for suffix, flags in _VARIANTS.items():
        if source.stem.endswith(suffix):
            return (*flags[machine], *more) if machine in flags else None
    return more


def include_flags() -> tuple[str, ...]:
    """Where headers are: ours, and those that turn NEON into other vector instructions."""
    import simde_py

    return f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'src'}", f"-isystem{simde_py.get_include()}"
