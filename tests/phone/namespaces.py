"""Enters user, mount and PID namespaces of the phone's own. Must run in a process with one thread, as root."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raises OSError with errno where a system call failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def die_with_parent() -> None:
    """The kernel kills this process when the thread that started it ends."""
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    done = libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    check(done, f"mount {target}")


def enter_namespaces() -> None:
    """Leaves this process in new namespaces with the same ids; its next child becomes process 1 there."""
    waiting, ready = os.pipe()
    helper = os.fork()
    if helper == 0:  # stays outside, where it may write the maps
        os.read(waiting, 1)
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{os.getppid()}/{name}", "w", encoding="utf-8") as stream:
                stream.write("0 0 65536")
        os._exit(0)
    check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID), "unshare")
    os.write(ready, b"x")
    os.close(waiting)
    os.close(ready)
    if os.waitpid(helper, 0)[1] != 0:
        raise OSError("the id maps of the user namespace can't be written")


def run_as_init(body: Callable[[], None]) -> int:
    """Runs `body` under a process 1 that reaps orphans; returns its exit code when it has ended."""
    init = os.fork()
    if init:
        return os.waitstatus_to_exitcode(os.waitpid(init, 0)[1])
    die_with_parent()
    daemon = os.fork()
    if daemon == 0:
        code = 1
        try:
            body()
            code = 0
        except BaseException as error:  # the process ends here whatever happened: a fork must never return twice
            print(f"error: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    while True:
        ended, status = os.wait()
        if ended == daemon:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
