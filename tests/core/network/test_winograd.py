"""Dense 3x3 layers by Winograd in networks: what runs, what it holds, how far it rounds, and how it is switched off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from network.conftest import wrapped
from ubp_core import Network
from ubp_core.network.exporting import export_network

CHANNELS, SIDE = 64, 28
ROUNDING = 2e-5
"""Of the largest output; docs/performance.md has 1e-5 for one layer."""


class TwoLayers(nn.Module):
    """A layer and one whose sum with an addend is clamped."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.second = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + x)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("winograd") / "two.ubp"
    export_network(wrapped(TwoLayers()), {}, (1, CHANNELS, SIDE, SIDE)).packed.save(path)
    return path


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((1, CHANNELS, SIDE, SIDE), np.float32)


def test_it_runs_and_can_be_switched_off(path: Path) -> None:
    assert [step.kernel for step in Network.load(path).steps] == ["winograd", "winograd"]
    assert [step.kernel for step in Network.load(path, winograd=False).steps] == ["dense", "dense"]
    assert all(step.multiply_adds == step.dense_multiply_adds for step in Network.load(path).steps)


def test_its_weights_are_counted(path: Path) -> None:
    weights = 2 * 4 * CHANNELS * CHANNELS * 9
    assert Network.load(path).memory.prepared >= 4 * weights
    assert Network.load(path, winograd=False).memory.prepared < weights / 10


def test_it_rounds_as_the_docs_say(path: Path, image: np.ndarray) -> None:
    with torch.no_grad():
        wanted = TwoLayers().double()(torch.from_numpy(image).double()).numpy()
    for winograd in (True, False):
        found = Network.load(path, winograd=winograd).run(image)
        assert isinstance(found, np.ndarray)
        assert np.abs(found - wanted).max() <= ROUNDING * np.abs(wanted).max()


def test_threads_do_not_change_a_bit(path: Path, image: np.ndarray) -> None:
    first, *others = (Network.load(path, threads).run(image) for threads in (1, 2, 3))
    assert all(np.array_equal(first, other) for other in others)
