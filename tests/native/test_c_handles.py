"""Handles of the C interface, of every kind: null, made up, closed, closed twice, and one whose place was taken."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from packed_samples import network_bytes, random_layer
from ubp_core.installation.binaries import LIBRARY
from ubp_core.native import convolution, selection
from ubp_core.native.library import Status, load

SIZE = ctypes.c_size_t(200)


@dataclass
class Kind:
    """How a kind of handle is opened, used and closed; keeps what the library points into."""

    library: ctypes.CDLL
    line: Any = field(default_factory=lambda: ctypes.create_string_buffer(200))
    some: Any = field(default_factory=lambda: ctypes.create_string_buffer(1 << 16))
    kept: list[Any] = field(default_factory=list)

    def opened(self, name: str, *arguments: object) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        code = getattr(self.library, name)(*arguments, ctypes.byref(handle), self.line, SIZE)
        assert code == Status.OK and handle.value, self.line.value
        return handle


class Convolution(Kind):
    def open(self) -> ctypes.c_void_p:
        layer = random_layer(np.random.default_rng(1), (8, 4, 1, 1), 4)
        arrays = (layer.row_begin, layer.stored_columns, layer.weights, layer.bias)
        kept = [np.ascontiguousarray(array) for array in arrays]
        names = ("row_begin", "block_column", "weights", "bias")
        ones = {
            name: 1 for name in ("groups", "kernel_h", "kernel_w", "stride_h", "stride_w", "dilation_h", "dilation_w")
        }
        given = convolution.Layer(rows=8, columns=4, block_size=4, in_channels=4, block_count=layer.block_count, **ones,
                      **{name: array.ctypes.data for name, array in zip(names, kept, strict=True)})  # fmt: skip
        self.kept += kept
        options = convolution.Options(batch=1, height=2, width=2, threads=2)
        return self.opened("ubp_convolution_open", ctypes.byref(given), ctypes.byref(options))

    def use(self, handle: ctypes.c_void_p) -> list[int]:
        run, info = self.library.ubp_convolution_run, self.library.ubp_convolution_get_info
        return [info(handle, self.some, self.line, SIZE), run(handle, self.some, self.some, self.line, SIZE)]

    def misuse(self, handle: ctypes.c_void_p) -> list[int]:
        run, info = self.library.ubp_convolution_run, self.library.ubp_convolution_get_info
        return [
            info(handle, None, self.line, SIZE),
            run(handle, None, self.some, self.line, SIZE),
            run(handle, self.some, None, self.line, SIZE),
        ]

    def close(self, handle: ctypes.c_void_p) -> None:
        self.library.ubp_convolution_close(handle)


class File(Kind):
    def open(self) -> ctypes.c_void_p:
        data = np.frombuffer(network_bytes(), np.uint8).copy()
        self.kept.append(data)
        return self.opened("ubp_file_open", ctypes.c_void_p(data.ctypes.data), ctypes.c_size_t(data.size))

    def use(self, handle: ctypes.c_void_p) -> list[int]:
        name, size = ctypes.c_void_p(), ctypes.c_size_t()
        named = self.library.ubp_file_get_layer_name
        count = self.library.ubp_file_layer_count(handle)
        return [
            self.library.ubp_file_get_layer(handle, 0, self.some, self.line, SIZE),
            named(handle, 0, ctypes.byref(name), ctypes.byref(size), self.line, SIZE),
            Status.OK if count else Status.BAD_ARGUMENT,
        ]

    def misuse(self, handle: ctypes.c_void_p) -> list[int]:
        return [
            self.library.ubp_file_get_layer(handle, 0, None, self.line, SIZE),
            self.library.ubp_file_get_layer(handle, 1 << 20, self.some, self.line, SIZE),
            self.library.ubp_file_get_layer_name(handle, 0, None, None, self.line, SIZE),
        ]

    def close(self, handle: ctypes.c_void_p) -> None:
        self.library.ubp_file_close(handle)


class Allocation(Kind):
    def open(self) -> ctypes.c_void_p:
        importance = np.abs(np.random.default_rng(2).standard_normal((2, 16, 8), np.float32))
        shares = (selection.Share * 2)(*(selection.Share(one.ctypes.data, 16, 8, 1.0, 0, 32) for one in importance))
        self.kept += [importance, shares]
        found = ctypes.c_int64()
        options = selection.Options(budget=20, block_size=4, method=3, threads=1)
        return self.opened("ubp_allocation_open", shares, ctypes.c_int64(2), ctypes.byref(options), ctypes.byref(found))

    def use(self, handle: ctypes.c_void_p) -> list[int]:
        select, rows = self.library.ubp_allocation_select, ctypes.create_string_buffer(4096)
        return [select(handle, ctypes.c_int64(i), rows, rows, self.some, self.line, SIZE) for i in range(2)]

    def misuse(self, handle: ctypes.c_void_p) -> list[int]:
        select = self.library.ubp_allocation_select
        return [
            select(handle, ctypes.c_int64(i), self.some, self.some, self.some, self.line, SIZE) for i in (-1, 2, 2**40)
        ] + [select(handle, ctypes.c_int64(0), self.some, self.some, None, self.line, SIZE)]

    def close(self, handle: ctypes.c_void_p) -> None:
        self.library.ubp_allocation_close(handle)


KINDS: list[Callable[[ctypes.CDLL], Any]] = [Convolution, File, Allocation]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param(load(LIBRARY))


@pytest.mark.parametrize("wrong", [None, 1, 3, 12345, 2**40 + 1, 2**64 - 1])
def test_what_is_no_handle_is_answered(kind: Any, wrong: int | None) -> None:
    handle = ctypes.c_void_p(wrong)
    assert set(kind.use(handle)) == {Status.BAD_ARGUMENT} and kind.line.value
    kind.close(handle)


def test_an_open_handle_is_used_and_misused(kind: Any) -> None:
    handle = kind.open()
    assert set(kind.use(handle)) == {Status.OK}
    assert set(kind.misuse(handle)) == {Status.BAD_ARGUMENT}
    assert set(kind.use(handle)) == {Status.OK}
    kind.close(handle)


def test_a_closed_handle_is_answered_and_closed_again(kind: Any) -> None:
    handle = kind.open()
    kind.close(handle)
    other = kind.open()  # takes the place, not the number
    assert other.value != handle.value
    assert set(kind.use(handle)) == {Status.BAD_ARGUMENT} and b"closed" in kind.line.value
    kind.close(handle)
    assert set(kind.use(other)) == {Status.OK}
    kind.close(other)


@pytest.mark.parametrize("name", ["ubp_convolution_open", "ubp_file_open", "ubp_allocation_open"])
def test_opening_with_nothing_is_answered(name: str) -> None:
    line, handle = ctypes.create_string_buffer(200), ctypes.c_void_p(77)
    nothing = {"ubp_convolution_open": 2, "ubp_file_open": 1, "ubp_allocation_open": 1}[name]
    arguments: list[object] = [None] * nothing
    if name == "ubp_file_open":
        arguments.append(ctypes.c_size_t(64))
    if name == "ubp_allocation_open":
        arguments += [ctypes.c_int64(1), None, ctypes.byref(ctypes.c_int64())]
    code = getattr(load(LIBRARY), name)(*arguments, ctypes.byref(handle), line, SIZE)
    assert code == Status.BAD_ARGUMENT and not handle.value and b"null" in line.value
    assert getattr(load(LIBRARY), name)(*arguments, None, None, ctypes.c_size_t(0)) == Status.BAD_ARGUMENT
