"""Loads the native library, checks that it is the one this package was written for, and turns its codes into errors."""

from __future__ import annotations

import ctypes
import functools
import os
from enum import IntEnum
from numbers import Integral
from pathlib import Path

from ubp_core.errors import BuildError, UbpError
from ubp_core.installation import binaries
from ubp_core.installation.building import wait_for
from ubp_core.vocabulary import KERNELS, MAX_THREADS, METHODS

ABI_VERSION = 4
"""UBP_ABI_VERSION of native/include/ubp/common_c.h."""
REBUILD = "reinstall with pip, or run: python native/build.py host"


class Status(IntEnum):
    """`ubp_status` of native/include/ubp/common_c.h."""

    OK = 0
    REFUSED = 1
    NO_MEMORY = 2
    UNREADABLE = 3
    BAD_ARGUMENT = 4
    EXHAUSTED = 5
    NO_THREADS = 6


@functools.cache
def library() -> ctypes.CDLL:
    """The loaded library, which is waited for where this process compiles it.

    Raises:
        BuildError: it is missing, made for another machine, or of another version; or it could not be compiled.
    """
    wait_for("host")
    return load(binaries.LIBRARY)


def load(path: Path) -> ctypes.CDLL:
    """Loads a library and checks it; arguments and errors as of `library`."""
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError as error:
        raise BuildError(f"the native library can't be loaded ({error}); {REBUILD}") from error
    version = loaded.ubp_abi_version() if hasattr(loaded, "ubp_abi_version") else 1
    if version != ABI_VERSION:
        raise BuildError(f"the native library has interface {version}, this package needs {ABI_VERSION}; {REBUILD}")
    check_names(loaded)
    return loaded


def check_names(loaded: ctypes.CDLL) -> None:
    """Compares what the library calls its kernels and methods with our words, which stand for their numbers.

    Raises:
        BuildError: they differ.
    """
    for name_of, words in ((loaded.ubp_kernel_name, KERNELS), (loaded.ubp_method_name, METHODS)):
        name_of.restype = ctypes.c_char_p
        wanted = (*(word.encode() for word in words), None)
        if (found := tuple(name_of(ctypes.c_uint32(number)) for number in range(len(wanted)))) != wanted:
            raise BuildError(f"the native library names {found}, this package {words}; {REBUILD}")


def thread_count(threads: int | None, error: type[UbpError] = UbpError) -> int:
    """A number of threads that the library takes: 1 to MAX_THREADS; None: one for each core.

    Raises:
        UbpError: another number; of the class `error`.
    """
    if threads is None:
        return min(os.cpu_count() or 1, MAX_THREADS)
    if isinstance(threads, bool) or not isinstance(threads, Integral) or not 1 <= threads <= MAX_THREADS:
        raise error(f"threads: need a whole number from 1 to {MAX_THREADS}, or None for all cores; got {threads!r}")
    return int(threads)


class ErrorLine:
    """The array in which a function leaves one line where it fails."""

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(256)
        self.arguments = self._text, ctypes.c_size_t(len(self._text))
        """The last arguments of every function that can fail."""

    def __str__(self) -> str:
        return self._text.value.decode(errors="replace")

    def check(self, status: int, error: type[UbpError] = UbpError) -> None:
        """Raises what a status stands for.

        Raises:
            MemoryError: there was not enough.
            UbpError: anything else but OK, with the line; of the class `error`.
        """
        if status == Status.NO_MEMORY:
            raise MemoryError(f"native code: {self}")
        if status != Status.OK:
            raise error(str(self))


ERROR = (ctypes.c_char_p, ctypes.c_size_t)
"""Types of `ErrorLine.arguments`."""
