"""What an exit code of the program means, in one line. Runs nothing."""

from __future__ import annotations

from ubp_core.benchmark.rows import excerpt
from ubp_core.devices.device import Execution

BY_SIGNAL = 128
"""A program that a signal ended has this and the signal's number, as shells count."""
LACKING = "the processor lacks an instruction that the program uses{}: it needs ARMv8.0 with NEON, or x86-64 with AVX2"
CRASHED = "the program crashed{}"
DEATHS = {
    BY_SIGNAL + 4: LACKING.format(" (SIGILL)"),
    BY_SIGNAL + 6: "the program gave up (SIGABRT)",
    BY_SIGNAL + 7: CRASHED.format(" (SIGBUS: bad memory access)"),
    BY_SIGNAL + 8: CRASHED.format(" (SIGFPE)"),
    BY_SIGNAL + 9: "the system killed the program (SIGKILL): probably too little memory",
    BY_SIGNAL + 10: CRASHED.format(" (SIGBUS: bad memory access)"),  # on macOS
    BY_SIGNAL + 11: CRASHED.format(" (SIGSEGV: bad memory access)"),
    BY_SIGNAL + 15: "something ended the program (SIGTERM)",
    0xC0000005: CRASHED.format(" (bad memory access)"),
    0xC0000017: "there is too little memory for the program",
    0xC000001D: LACKING.format(""),
    0xC0000094: CRASHED.format(" (division by zero)"),
    0xC00000FD: CRASHED.format(" (its stack is full)"),
    0xC0000135: "a library that the program needs is missing there",
    0xC0000409: "the program gave up",
}
"""What a program dies of, by its exit code: signals, and what Windows has in their place. Numbers and not names, for
they are of the device and not of the system on which this runs."""
DIFFERS, BAD_INPUT, TIMED_OUT, NOT_EXECUTABLE, NOT_FOUND = 1, 2, 124, 126, 127


def explain_exit(execution: Execution, limit_s: float) -> str:
    """Why a program did not succeed; empty where it did."""
    code, said = execution.exit_code, last_line(execution.stderr)
    if execution.timed_out or code == TIMED_OUT:
        return f"the program took longer than {limit_s:g} s and was ended (--limit allows more)"
    if code == 0:
        return ""
    if code in DEATHS:
        return DEATHS[code]
    if code == DIFFERS:
        return "an output differs from the plain loop on this device: its figures mean nothing"
    if code == NOT_EXECUTABLE:
        return f"the program may not be executed there{tail(said)}"
    if code == NOT_FOUND:
        return f"the program or a tool it needs is missing there{tail(said)}"
    if code == BAD_INPUT and said:
        return said.removeprefix("ubp_bench: ")
    return f"the program ended with exit code {code}{tail(said)}"


def last_line(text: str) -> str:
    """The last line that says something, printable and of limited length."""
    lines = [line for line in text.splitlines() if line.strip()]
    return excerpt(lines[-1].encode(), 160) if lines else ""


def tail(said: str) -> str:
    """What the program said, to be appended."""
    return f": {said}" if said else ""
