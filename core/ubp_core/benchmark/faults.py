"""What an exit code of the program means, in one line. Runs nothing."""

from __future__ import annotations

import signal

from ubp_core.benchmark.rows import excerpt
from ubp_core.devices.device import Execution

SIGNALS = {
    int(signal.SIGILL): "the processor lacks an instruction that the program uses (SIGILL): it needs ARMv8.0 with NEON",
    int(signal.SIGABRT): "the program gave up (SIGABRT)",
    int(signal.SIGBUS): "the program crashed (SIGBUS: bad memory access)",
    int(signal.SIGFPE): "the program crashed (SIGFPE)",
    int(signal.SIGKILL): "the system killed the program (SIGKILL): probably too little memory",
    int(signal.SIGSEGV): "the program crashed (SIGSEGV: bad memory access)",
    int(signal.SIGTERM): "something ended the program (SIGTERM)",
}
DIFFERS, BAD_INPUT, TIMED_OUT, NOT_EXECUTABLE, NOT_FOUND = 1, 2, 124, 126, 127


def explain_exit(execution: Execution, limit_s: float) -> str:
    """Why a program did not succeed; empty where it did."""
    code, said = execution.exit_code, last_line(execution.stderr)
    if execution.timed_out or code == TIMED_OUT:
        return f"the program took longer than {limit_s:g} s and was ended (--limit allows more)"
    if code == 0:
        return ""
    if code > 128 and code - 128 in SIGNALS:
        return SIGNALS[code - 128]
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
