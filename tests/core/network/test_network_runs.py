"""`Network`: loading, running, profiling and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ubp_core
from graph_samples import every_operation
from packed_samples import network_bytes
from ubp_core import Network
from ubp_core.errors import FileError, UbpError
from ubp_core.network import network as network_module
from ubp_core.network.reference import run_reference


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of the network with every operation; it has two inputs and two outputs."""
    every_operation().save(tmp_path / "every.ubp")
    return tmp_path / "every.ubp"


def inputs_of(network: Network) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    return [rng.standard_normal(shape).astype(np.float32) for shape in network.inputs]


@pytest.mark.parametrize("kernel", ["sparse", "measured", "dense", "ubp"])
@pytest.mark.parametrize("threads", [1, 3])
def test_runs(path: Path, kernel: str, threads: int) -> None:
    with Network.load(path, threads, kernel) as network:
        assert (network.inputs, network.outputs) == (((1, 4, 6, 6), (1, 6)), ((1, 5), (1, 6, 3, 3)))
        inputs = inputs_of(network)
        first, second = network.run(*inputs), network.run(*inputs)
        for mine, again, wanted in zip(first, second, run_reference(every_operation(), inputs), strict=True):
            assert np.array_equal(mine, again)
            assert np.abs(mine - wanted).max() <= 1e-5 * max(1.0, float(np.abs(wanted).max()))


def test_batch_may_be_left_out_and_other_types_are_converted(path: Path) -> None:
    network = Network.load(path)
    image, scale = inputs_of(network)
    for mine, whole in zip(network.run(image[0].astype(np.float64), scale[0]), network.run(image, scale), strict=True):
        assert np.array_equal(mine, whole)


def test_steps_and_profile(path: Path) -> None:
    network = Network.load(path)
    graph = every_operation().graph
    assert graph is not None
    assert [step.name for step in network.steps] == [node.name for node in graph.nodes]
    assert [step.layer for step in network.steps] == [node.layer for node in graph.nodes]
    times = network.profile(*inputs_of(network))
    assert times.shape == (len(graph.nodes),) and (times >= 0).all()
    assert network.memory.arena == graph.arena_size and network.memory.file == path.stat().st_size


def test_what_does_not_fit_is_refused(path: Path, tmp_path: Path) -> None:
    network = Network.load(path)
    image, scale = inputs_of(network)
    with pytest.raises(UbpError, match="2 inputs; got 1"):
        network.run(image)
    with pytest.raises(UbpError, match=r"input 0: need shape \[1, 4, 6, 6\]; got \[1, 4, 6, 5\]"):
        network.run(image[..., :5], scale)
    with pytest.raises(UbpError, match="kernel: 'fast' is unknown"):
        Network.load(path, kernel="fast")
    with pytest.raises(UbpError, match="threads: need a whole number from 1 to 64"):
        Network.load(path, threads=65)
    with pytest.raises(FileError):
        Network.load(path, kernel="abp")
    with pytest.raises(FileError):
        Network.load(tmp_path / "nothing.ubp")
    (tmp_path / "layers.ubp").write_bytes(network_bytes())
    with pytest.raises(FileError, match="no network"):
        Network.load(tmp_path / "layers.ubp")
    network.close()
    network.close()
    with pytest.raises(UbpError, match="closed"):
        network.run(image, scale)


def test_kernels_are_those_of_the_c_interface() -> None:
    header = Path(ubp_core.__file__).parents[2] / "native" / "include" / "ubp" / "common_c.h"
    text = header.read_text()
    for code, name in enumerate(network_module.KERNELS):
        assert f"UBP_KERNEL_{name.upper()} = {code}" in text
