"""Run in a process of its own: this system, less what another one lacks. Then our modules are loaded, and commands run.

Everything is imported once before, so that only our own use of what is missing is found, not that of libraries, which
have other code for other systems.

    python other_system.py win32,darwin [COMMAND ...]       each COMMAND a JSON list of arguments of `ubp`
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import pkgutil
import platform
import select
import shutil
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import ubp_core
import ubp_tui

POSIX_ONLY = {"ubp_tui.terminal.driver"}
"""Loaded where Textual has its driver for Unix."""
LACKING: dict[str, dict[ModuleType, str]] = {
    "darwin": {os: "sched_getaffinity sched_setaffinity sched_getscheduler posix_fallocate pipe2 memfd_create"},
    "win32": {
        os: "killpg setsid getsid fork forkpty openpty getuid geteuid getgid getegid getgroups getpgid getpgrp setpgid "
        "sched_getaffinity sched_setaffinity sched_yield statvfs fstatvfs ST_RDONLY mkfifo mknod nice uname "
        "getloadavg chown fchown lchown fchmod RTLD_NOW RTLD_GLOBAL O_NOCTTY O_NONBLOCK O_CLOEXEC "
        "ttyname ctermid pread pwrite readv writev sendfile sync fdatasync wait wait3 wait4 waitid WNOHANG WIFEXITED "
        "WIFSIGNALED WEXITSTATUS WTERMSIG pipe2 posix_spawn confstr sysconf getxattr setxattr",
        signal: "SIGBUS SIGKILL SIGHUP SIGALRM SIGUSR1 SIGUSR2 SIGCHLD SIGPIPE SIGQUIT SIGSTOP SIGCONT SIGTSTP SIGTTIN "
        "SIGTTOU SIGWINCH alarm setitimer pause pthread_sigmask pthread_kill sigwait siginterrupt",
        select: "poll epoll",
        socket: "AF_UNIX",
    },
}
NO_MODULES = {
    "darwin": (),
    "win32": ("fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty", "curses"),
}
MACHINES = {"darwin": "arm64", "win32": "AMD64"}


def our_modules() -> Iterator[str]:
    for package in (ubp_core, ubp_tui):
        yield package.__name__
        yield from (module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def forget() -> None:
    """Takes our modules out, so that they are loaded anew."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("ubp_core", "ubp_tui")]:
        del sys.modules[name]


def become(system: str) -> None:
    """Takes away what the system lacks."""
    if system == "win32":
        os.supports_dir_fd.clear()
        importlib.reload(shutil)  # it decides by these how folders are removed
    for module, names in LACKING[system].items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    for name in NO_MODULES[system]:
        sys.modules[name] = None  # type: ignore[assignment]
    os.process_cpu_count = os.cpu_count  # type: ignore[attr-defined,unused-ignore]  # since 3.13; by affinity on Linux
    platform.machine = lambda: MACHINES[system]
    sys.platform = system
    if system == "win32":
        add_windows()


def add_windows() -> None:
    """What Windows has in the place of all that; its own functions answer that they know nothing."""
    signal.SIGBREAK = signal.SIGINT  # type: ignore[attr-defined]
    kernel = SimpleNamespace(GetLogicalProcessorInformationEx=lambda relation, entries, size: 0)
    ctypes.windll = SimpleNamespace(kernel32=kernel)  # type: ignore[attr-defined]
    sys.modules["winreg"] = registry = ModuleType("winreg")
    registry.__dict__.update(HKEY_LOCAL_MACHINE=0, OpenKey=open_key)
    shutil.disk_usage = lambda path: SimpleNamespace(total=1 << 40, used=0, free=1 << 40)  # type: ignore[assignment]
    subprocess.CREATE_NEW_PROCESS_GROUP, subprocess.CREATE_NO_WINDOW = 0x200, 0x8000000  # type: ignore[attr-defined]
    subprocess.Popen = Program  # type: ignore[misc]


def open_key(key: int, name: str) -> None:
    raise FileNotFoundError(2, "The system cannot find the file specified", name)


class Program(subprocess.Popen[Any]):
    """A program that takes Windows' flags, and none of the options that are for others."""

    def __init__(self, command: Any, creationflags: int = 0, **options: Any) -> None:
        if {"start_new_session", "process_group", "preexec_fn", "umask"} & options.keys():
            raise ValueError("Windows has no such options")
        super().__init__(command, start_new_session=bool(creationflags & 0x200), **options)


def load(system: str) -> None:
    """Loads every module of ours."""
    for name in our_modules():
        if system != "win32" or name not in POSIX_ONLY:
            importlib.import_module(name)


def run(system: str, commands: Sequence[str]) -> None:
    """Everything as on another system; our modules are loaded from the beginning."""
    binaries = importlib.import_module("ubp_core.installation.binaries")
    built = binaries.LIBRARY, binaries.HOST_PROGRAM
    forget()
    become(system)
    binaries = importlib.import_module("ubp_core.installation.binaries")
    suffixes = {"darwin": (".dylib", ""), "win32": (".dll", ".exe")}[system]
    assert (binaries.LIBRARY.suffix, binaries.HOST_PROGRAM.suffix) == suffixes
    binaries.LIBRARY, binaries.HOST_PROGRAM = built  # code of the other system can't run here
    load(system)
    for command in commands:
        print(f"{system}: ubp {command}", file=sys.stderr, flush=True)
        code = sys.modules["ubp_core.cli.main"].main(json.loads(command.replace("{system}", system)))
        assert code == 0, f"exit code {code}"


def main(systems: str, *commands: str) -> int:
    """Each system in a child of its own."""
    load(sys.platform)
    codes = []
    for system in systems.split(","):
        child = os.fork()
        if child == 0:
            try:
                run(system, commands)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            sys.stdout.flush()
            os._exit(0)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return max(map(abs, codes))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
