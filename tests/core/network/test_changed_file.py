"""A packed file that changes while it is open: one error and no result; what is renamed or removed goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from graph_samples import every_operation
from packed_samples import random_layer
from ubp_core import Network
from ubp_core.errors import FileError
from ubp_core.packed.file import PackedFile
from ubp_core.packed.run import run_layer

LATER = 1_000_000_000_000_000_000
"""A time of change, in nanoseconds, that no file here has by itself."""


@pytest.fixture
def live(tmp_path: Path) -> Path:
    every_operation().save(tmp_path / "live.ubp")
    return tmp_path / "live.ubp"


def inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    return [rng.standard_normal(shape).astype(np.float32) for shape in ((1, 4, 6, 6), (1, 6))]


def other(path: Path) -> bytes:
    """A file of the same size with other weights: one float of the first layer changed, all checksums right."""
    packed = PackedFile.load(path)
    layers = [random_layer(np.random.default_rng(7), (8, 4, 3, 3), 0, name="other"), *packed.layers]
    PackedFile(tuple(layers)).save(path.with_name("other.ubp"))
    return path.with_name("other.ubp").read_bytes()


def overwrite(path: Path) -> None:
    path.write_bytes(other(path))


def overwrite_keeping_size_and_time(path: Path) -> None:
    facts = path.stat()
    path.write_bytes(other(path)[: facts.st_size].ljust(facts.st_size, b"\0"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def write_the_same(path: Path) -> None:
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(LATER, LATER))


def change_one_weight(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(-4, os.SEEK_END)
        stream.write(b"\0\0\0\0")
    os.utime(path, ns=(LATER, LATER))


def empty(path: Path) -> None:
    os.truncate(path, 0)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 4096 if path.stat().st_size > 4096 else 64)


def lengthen(path: Path) -> None:
    os.truncate(path, path.stat().st_size + 4096)


CHANGES = [overwrite, overwrite_keeping_size_and_time, write_the_same, change_one_weight, empty, cut, lengthen]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("profiled", [False, True])
def test_a_changed_file_is_refused_before_it_is_read(
    change: Callable[[Path], None], profiled: bool, live: Path
) -> None:
    network = Network.load(live)
    run = network.profile if profiled else network.run
    run(*inputs())
    change(live)
    for _ in range(2):
        with pytest.raises(FileError, match=r"live\.ubp: the file has changed since it was opened.*rename") as caught:
            run(*inputs())
        assert "\n" not in str(caught.value)
    assert network.inputs and network.steps  # what was known goes on being known
    network.close()


def test_renamed_replaced_and_removed_files_go_on(live: Path, tmp_path: Path) -> None:
    network = Network.load(live)
    first = network.run(*inputs())
    live.rename(tmp_path / "moved.ubp")
    assert all(np.array_equal(a, b) for a, b in zip(first, network.run(*inputs()), strict=True))
    every_operation().save(tmp_path / "moved.ubp")  # replaces by rename, as every command here does
    assert all(np.array_equal(a, b) for a, b in zip(first, network.run(*inputs()), strict=True))
    (tmp_path / "moved.ubp").unlink()
    assert all(np.array_equal(a, b) for a, b in zip(first, network.run(*inputs()), strict=True))


def test_a_file_opened_twice_is_changed_for_both_and_opens_anew(live: Path, tmp_path: Path) -> None:
    networks = [Network.load(live), Network.load(live)]
    wanted = networks[0].run(*inputs())
    shutil.copyfile(live, tmp_path / "copy.ubp")
    write_the_same(live)
    for network in networks:
        with pytest.raises(FileError, match="open it again"):
            network.run(*inputs())
    assert all(np.array_equal(a, b) for a, b in zip(wanted, Network.load(live).run(*inputs()), strict=True))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_layers_of_a_file_stay_what_was_checked(change: Callable[[Path], None], tmp_path: Path) -> None:
    layer = random_layer(np.random.default_rng(3), (64, 32, 3, 3), 4, name="layer")
    PackedFile((layer,)).save(tmp_path / "layer.ubp")
    x = np.random.default_rng(5).standard_normal((1, 32, 9, 9)).astype(np.float32)
    (loaded,) = PackedFile.load(tmp_path / "layer.ubp").layers
    change(tmp_path / "layer.ubp")
    assert np.array_equal(run_layer(loaded, x), run_layer(layer, x))
    assert np.array_equal(loaded.unpack(), layer.unpack())


def test_descriptors_are_given_back(live: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        Network.load(live).close()
        with pytest.raises(FileError):
            Network.load(live, kernel="abp")
    assert len(os.listdir("/proc/self/fd")) == before
