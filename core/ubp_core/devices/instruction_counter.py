"""The plugin of qemu-user that counts instructions: where it is, and whether this machine's qemu-user can use it.

Answers by trying: a program of a few instructions runs under it, and the count must be right.
"""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from functools import cache

from ubp_core.installation.binaries import COUNTER
from ubp_core.process.leftovers import passing_folder

TRY_S = 10.0
NOPS = 5
MARK, BEGIN, END, NOTHING = 0x5542504D, 1, 2, -1
"""As native/bench/ubp_bench/count_marks.h has them."""
SYS_PRCTL, SYS_EXIT = 167, 93
LOAD_ADDRESS, HEADERS_BYTES = 0x400000, 64 + 56


@dataclass(frozen=True)
class InstructionCounter:
    """Whether instructions can be counted."""

    options: tuple[str, ...]
    """Of qemu-user; empty where nothing is counted."""
    reason: str = ""
    """Why nothing is counted, and what to do, in one line."""


def find_counter(qemu: str) -> InstructionCounter:
    """Looks for the plugin, which may still be compiled behind the app, and tries it once per qemu.

    Args:
        qemu: path of qemu-aarch64.
    """
    if not COUNTER.is_file():
        return InstructionCounter((), f"instructions are not counted: {COUNTER.name} is missing; run `make native`")
    return try_counter(qemu)


@cache
def try_counter(qemu: str) -> InstructionCounter:
    """Counts a program of known length."""
    options = ("-plugin", str(COUNTER).replace(",", ",,"))  # qemu splits at single commas
    with passing_folder("ubp-count-") as folder:
        program = folder / "probe"
        program.write_bytes(probe_program())
        program.chmod(0o755)
        try:
            done = subprocess.run([qemu, *options, str(program)], stdin=subprocess.DEVNULL, capture_output=True,
                                  encoding="utf-8", errors="replace", timeout=TRY_S)  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return InstructionCounter((), f"instructions are not counted: {error}")
    if done.returncode == 0 and done.stderr.strip() == f'{{"counted":0,"instructions":{NOPS}}}':
        return InstructionCounter(options)
    remedy = "this qemu-user takes no plugins; Debian's qemu-user does, qemu-user-static does not"
    return InstructionCounter((), f"instructions are not counted: {remedy}")


def probe_program() -> bytes:
    """A static ARM64 program: a pair of marks with nothing between, then a pair with some `nop`s, then the end."""
    words = [*mark(BEGIN, NOTHING), *mark(END, NOTHING), *mark(BEGIN, 0), *[0xD503201F] * NOPS, *mark(END, 0)]
    words += [move(0, 0), move(8, SYS_EXIT), 0xD4000001]
    code = struct.pack(f"<{len(words)}I", *words)
    start, size = LOAD_ADDRESS + HEADERS_BYTES, HEADERS_BYTES + len(code)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, start, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, LOAD_ADDRESS, LOAD_ADDRESS, size, size, 0x1000)
    return header + segment + code


def mark(what: int, entry: int) -> list[int]:
    """The system call prctl(MARK, what, entry)."""
    last = move(2, entry) if entry >= 0 else 0x92800002  # movn x2, #0: -1
    return [move(0, MARK & 0xFFFF), move_high(0, MARK >> 16), move(1, what), last, move(8, SYS_PRCTL), 0xD4000001]


def move(register: int, value: int) -> int:
    """movz xN, #value"""
    return 0xD2800000 | value << 5 | register


def move_high(register: int, value: int) -> int:
    """movk xN, #value, lsl #16"""
    return 0xF2A00000 | value << 5 | register
