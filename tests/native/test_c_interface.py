"""The C interface: valid C, nothing but codes and lines comes out of it, and a version that Python compares."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
from run_fuzzer import ROOT

from graph_samples import every_operation, graph_bytes
from ubp_core.errors import BuildError
from ubp_core.installation.binaries import LIBRARY
from ubp_core.native.library import ABI_VERSION, Status, load
from ubp_core.native.network import Options
from ubp_core.vocabulary import MAX_THREADS


def network_bytes() -> bytes:
    """A network with every operation."""
    packed = every_operation()
    assert packed.graph is not None
    return graph_bytes(packed.layers, packed.graph)


HEADERS = sorted((ROOT / "native" / "include" / "ubp").glob("*_c.h"))


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.stem)
def test_every_header_is_valid_c11(header: Path) -> None:
    command = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", f"-I{header.parents[1]}"]
    done = subprocess.run([*command, str(header)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_common_words_are_in_every_header() -> None:
    assert len(HEADERS) == 5
    texts = [header.read_text() for header in HEADERS if header.stem != "common_c"]
    assert all('#include "ubp/common_c.h"' in text and "define UBP_API" not in text for text in texts)


@pytest.fixture
def library() -> ctypes.CDLL:
    """The library with no signatures but those that pointers need."""
    loaded = load(LIBRARY)
    loaded.ubp_network_input.restype = ctypes.c_void_p
    return loaded


def open_network(library: ctypes.CDLL, data: ctypes.Array[ctypes.c_char], size: int) -> ctypes.c_void_p:
    handle = ctypes.c_void_p()
    begin = ctypes.addressof(data) + -ctypes.addressof(data) % 64
    ctypes.memmove(begin, network_bytes(), size)
    code = library.ubp_network_open_bytes(
        ctypes.c_void_p(begin), ctypes.c_size_t(size), None, ctypes.byref(handle), None, ctypes.c_size_t(0)
    )
    assert code == Status.OK and handle.value
    return handle


def answers(library: ctypes.CDLL, handle: ctypes.c_void_p) -> list[int]:
    """What every function that takes a handle says to it, with and without an array for the line."""
    line, none = ctypes.create_string_buffer(100), ctypes.c_size_t(0)
    codes = []
    for error, size in ((line, ctypes.c_size_t(100)), (None, ctypes.c_size_t(100)), (line, none), (None, none)):
        some = ctypes.create_string_buffer(4096)
        codes += [
            library.ubp_network_run(handle, None, None, error, size),
            library.ubp_network_run_profiled(handle, None, None, some, error, size),
            library.ubp_network_get_info(handle, some, error, size),
            library.ubp_network_get_step(handle, 0, some, error, size),
            library.ubp_network_input_shape(handle, 0, some, error, size),
            library.ubp_network_output_shape(handle, 0, some, error, size),
            library.ubp_file_get_layer(handle, 0, some, error, size),
        ]
    return codes


@pytest.mark.parametrize("wrong", [None, 1, 12345, 2**40 + 1])
def test_what_is_no_handle_is_answered(library: ctypes.CDLL, wrong: int | None) -> None:
    handle = ctypes.c_void_p(wrong)
    assert set(answers(library, handle)) == {Status.BAD_ARGUMENT}
    assert library.ubp_network_input_count(handle) == 0 and not library.ubp_network_input(handle, 0)
    library.ubp_network_close(handle)
    library.ubp_file_close(handle)


def test_a_closed_handle_is_answered_and_closed_again(library: ctypes.CDLL) -> None:
    size = len(network_bytes())
    data = ctypes.create_string_buffer(size + 64)
    handle = open_network(library, data, size)
    assert library.ubp_network_input_count(handle) >= 1 and library.ubp_network_input(handle, 0)
    library.ubp_network_close(handle)
    other = open_network(library, data, size)
    # The slot is used again, the handle is not.
    assert other.value != handle.value
    assert set(answers(library, handle)) == {Status.BAD_ARGUMENT}
    library.ubp_network_close(handle)
    assert library.ubp_network_input_count(other) >= 1
    library.ubp_network_close(other)


def test_null_outputs_and_wild_numbers_are_answered(library: ctypes.CDLL) -> None:
    size = len(network_bytes())
    data = ctypes.create_string_buffer(size + 64)
    handle, line = open_network(library, data, size), ctypes.create_string_buffer(100)
    try:
        assert library.ubp_network_get_info(handle, None, line, ctypes.c_size_t(100)) == Status.BAD_ARGUMENT
        assert b"null" in line.value
        assert library.ubp_network_input_shape(handle, 99, data, line, ctypes.c_size_t(100)) == Status.BAD_ARGUMENT
        options = Options(threads=MAX_THREADS + 1)
        other = ctypes.c_void_p()
        begin = ctypes.c_void_p(ctypes.addressof(data) + -ctypes.addressof(data) % 64)
        wanted = ctypes.c_size_t(size), ctypes.byref(options), ctypes.byref(other), line, ctypes.c_size_t(100)
        code = library.ubp_network_open_bytes(begin, *wanted)
        assert code == Status.BAD_ARGUMENT and b"threads" in line.value and not other.value
        assert library.ubp_network_open(b"nowhere", None, ctypes.byref(other), line, ctypes.c_size_t(100)) == (
            Status.UNREADABLE
        )
        assert library.ubp_network_open(None, None, None, None, ctypes.c_size_t(0)) == Status.BAD_ARGUMENT
    finally:
        library.ubp_network_close(handle)


def test_a_library_of_another_version_is_refused(tmp_path: Path) -> None:
    source, built = tmp_path / "other.c", tmp_path / "libother.so"
    source.write_text(f"unsigned ubp_abi_version(void) {{ return {ABI_VERSION + 1}; }}\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(built), str(source)], check=True)
    with pytest.raises(BuildError, match=f"interface {ABI_VERSION + 1}, this package needs {ABI_VERSION}"):
        load(built)
    built = tmp_path / "libolder.so"
    source.write_text("int nothing;\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(built), str(source)], check=True)
    with pytest.raises(BuildError, match="interface 1"):
        load(built)


LIMITED = """
import resource
import numpy as np
from ubp_core import select_blocks
from ubp_core.errors import UbpError
A = np.abs(np.random.default_rng(1).standard_normal((256, 256), np.float32))
expected = select_blocks(A, 4, 0.5, "optimal", 1)
resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, 3_000_000_000))
try:
    select_blocks(A, 4, 0.5, "optimal", 5000)
except UbpError as error:
    print(error)
found = select_blocks(A, 4, 0.5, "optimal", 64)
print(found.retained == expected.retained, np.array_equal(found.mask(), expected.mask()))
"""


def test_threads_that_can_not_be_had_end_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert "1 to 64" in first and second == "True True"
