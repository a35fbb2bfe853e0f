"""Libraries and programs of the five platforms as files: what they offer, what they ask for, how they are signed."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from bench_program import build_bench
from platform_binaries import (
    coff_exports,
    coff_imports,
    declared_functions,
    elf_exports,
    elf_glibc,
    elf_needed,
    is_signed_ad_hoc,
    llvm,
    macho_commands,
    macho_exports,
    macho_needed,
)

LINUX = ("linux_x86_64", "linux_aarch64")
MACOS = ("macos_arm64", "macos_x86_64")
KINDS = ("library", "bench")
ID_DYLIB, BUILD_VERSION, RPATH = 0x0D, 0x32, 0x1C
GLIBC_PARTS = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"}
"""And the loader; one library since glibc 2.34."""
WINDOWS_PARTS = {"kernel32.dll", "advapi32.dll", "shell32.dll", "ntdll.dll"}
"""Of every Windows, beside the C runtime, which has been a part of Windows since 10 (api-ms-win-crt-*.dll)."""


@pytest.mark.parametrize("platform", LINUX)
def test_linux_library_offers_the_interface(platform: str) -> None:
    assert elf_exports(build_bench(f"library-{platform}")) == declared_functions()


@pytest.mark.parametrize("platform", MACOS)
def test_macos_library_offers_the_interface(platform: str) -> None:
    assert macho_exports(build_bench(f"library-{platform}")) == declared_functions()


def test_windows_library_offers_the_interface() -> None:
    assert coff_exports(build_bench("library-windows_x86_64")) == declared_functions()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("platform", LINUX)
def test_linux_needs_an_old_glibc_and_nothing_else(platform: str, kind: str) -> None:
    path = build_bench(f"{kind}-{platform}")
    assert elf_glibc(path) <= (2, 28)
    assert {name for name in elf_needed(path) if not name.startswith("ld-linux-")} <= GLIBC_PARTS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("platform", MACOS)
def test_macos_needs_version_11_and_the_system_library(platform: str, kind: str) -> None:
    path = build_bench(f"{kind}-{platform}")
    _, _, system, least = struct.unpack_from("<4I", macho_commands(path)[BUILD_VERSION])
    assert (system, least) == (1, 11 << 16)
    own = {"@rpath/libubp.dylib"} if kind == "library" else set()
    assert set(macho_needed(path)) - own == {"/usr/lib/libSystem.B.dylib"}


@pytest.mark.parametrize("platform", MACOS)
def test_macos_library_is_found_beside_its_user(platform: str) -> None:
    command = macho_commands(build_bench(f"library-{platform}"))[ID_DYLIB]
    assert command[struct.unpack_from("<I", command, 8)[0] :].rstrip(b"\0") == b"@rpath/libubp.dylib"


@pytest.mark.parametrize("kind", KINDS)
def test_macos_on_arm64_is_signed(kind: str) -> None:
    """Its kernel starts no program, and loads no library, that is not."""
    assert is_signed_ad_hoc(build_bench(f"{kind}-macos_arm64"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_byte_is_noticed(kind: str, tmp_path: Path) -> None:
    """The test above would see a file that was changed after it was signed."""
    data = bytearray(build_bench(f"{kind}-macos_arm64").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "changed").write_bytes(data)
    with pytest.raises(AssertionError):
        is_signed_ad_hoc(tmp_path / "changed")


@pytest.mark.parametrize("kind", KINDS)
def test_windows_needs_what_every_windows_10_has(kind: str) -> None:
    imports = coff_imports(build_bench(f"{kind}-windows_x86_64"))
    assert "kernel32.dll" in imports
    assert {name for name in imports if not name.startswith("api-ms-win-crt-")} <= WINDOWS_PARTS


FORMATS = {
    "linux_x86_64": "elf64-x86-64",
    "linux_aarch64": "elf64-littleaarch64",
    "macos_arm64": "Mach-O arm64",
    "macos_x86_64": "Mach-O 64-bit x86-64",
    "windows_x86_64": "COFF-x86-64",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("platform", FORMATS)
def test_each_is_of_its_kind_and_small(platform: str, kind: str) -> None:
    path = build_bench(f"{kind}-{platform}")
    assert f"Format: {FORMATS[platform]}\n" in llvm("readobj", "--file-headers", path)
    assert path.stat().st_size < 7_000_000
