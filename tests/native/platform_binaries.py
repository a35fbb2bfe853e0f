"""What the headers declare, and what tools say of libraries and programs for other systems."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

INCLUDE = Path(__file__).parents[2] / "native" / "include" / "ubp"
LLVM = "22"
SIGNATURE_COMMAND, SUPERBLOB, CODE_DIRECTORY, AD_HOC, SHA256 = 0x1D, 0xFADE0CC0, 0xFADE0C02, 2, 2


def declared_functions() -> set[str]:
    """Functions of the C interface."""
    texts = [re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S) for header in sorted(INCLUDE.glob("*_c.h"))]
    names = [name for text in texts for name in re.findall(r"^UBP_API [^;(]*?(\w+)\(", text, re.M)]
    assert len(names) == len(set(names)) > 20
    return set(names)


def llvm(tool: str, *arguments: str | Path) -> str:
    """What one of LLVM's tools says."""
    program = shutil.which(f"llvm-{tool}-{LLVM}")
    if program is None:
        pytest.skip(f"llvm-{tool}-{LLVM} is not installed: files of other systems can't be looked into")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def without_operators(names: set[str]) -> set[str]:
    """C++ says that a program may bring its own operators new and delete, so its library never hides them."""
    return {name for name in names if not re.match("_Z(nw|na|dl|da)", name)}


def elf_exports(path: Path) -> set[str]:
    """Names that an ELF library offers."""
    lines = llvm("nm", "--dynamic", "--defined-only", "--extern-only", path).splitlines()
    return without_operators({line.split()[-1].split("@")[0] for line in lines})


def elf_glibc(path: Path) -> tuple[int, ...]:
    """The newest glibc that an ELF file asks for."""
    needed = re.findall(r"Name: GLIBC_([\d.]+)", llvm("readelf", "--version-info", path))
    return max(tuple(map(int, version.split("."))) for version in needed)


def elf_needed(path: Path) -> set[str]:
    return set(re.findall(r"NEEDED.*\[(.*)\]", llvm("readelf", "--dynamic", path)))


def coff_exports(path: Path) -> set[str]:
    return set(re.findall(r"^  Name: (\S+)$", llvm("readobj", "--coff-exports", path), re.M))


def coff_imports(path: Path) -> set[str]:
    """Libraries that a Windows file asks for, in small letters."""
    return {name.lower() for name in re.findall(r"^  Name: (\S+)$", llvm("readobj", "--coff-imports", path), re.M)}


def macho_exports(path: Path) -> set[str]:
    """Names that a Mach-O library offers, beside those that the linker gives every one."""
    lines = llvm("nm", "--defined-only", "--extern-only", path).splitlines()
    names = without_operators({line.split()[-1].removeprefix("_") for line in lines})
    return names - {"_mh_dylib_header", "__dso_handle"}


def macho_needed(path: Path) -> list[str]:
    """Install names of the libraries that a Mach-O file asks for."""
    lines = llvm("objdump", "--macho", "--dylibs-used", path).splitlines()[1:]
    return [line.split()[0] for line in lines]


def macho_commands(path: Path) -> dict[int, bytes]:
    """Load commands of a 64-bit Mach-O file by kind, the last one where there are several."""
    data = path.read_bytes()
    magic, _, _, _, count, _, _, _ = struct.unpack_from("<8I", data)
    assert magic == 0xFEEDFACF
    commands, at = {}, 32
    for _ in range(count):
        kind, size = struct.unpack_from("<2I", data, at)
        commands[kind & 0x7FFFFFFF] = data[at : at + size]
        at += size
    return commands


def is_signed_ad_hoc(path: Path) -> bool:
    """Whether a Mach-O file has an ad hoc signature; each of its pages must have the checksum that stands there."""
    command = macho_commands(path).get(SIGNATURE_COMMAND)
    if command is None:
        return False
    data = path.read_bytes()
    begin = struct.unpack_from("<I", command, 8)[0]
    magic, _, count = struct.unpack_from(">3I", data, begin)
    assert magic == SUPERBLOB
    blobs = [begin + struct.unpack_from(">2I", data, begin + 12 + 8 * i)[1] for i in range(count)]
    (directory,) = (at for at in blobs if struct.unpack_from(">I", data, at)[0] == CODE_DIRECTORY)
    _, _, _, flags, hashes, _, _, slots, limit = struct.unpack_from(">9I", data, directory)
    size, kind, _, page = struct.unpack_from(">4B", data, directory + 36)
    assert (size, kind, limit) == (32, SHA256, begin) and slots == -(-limit >> page)
    for slot in range(slots):
        wanted = data[directory + hashes + 32 * slot :][:32]
        assert sha256(data[slot << page : min((slot + 1) << page, limit)]).digest() == wanted
    return bool(flags & AD_HOC)
