"""Recalibrated batch norm: the statistics of the data, nothing else changed, nothing lost where it fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from pruning_helpers import tiny_batch, tiny_network
from ubp_core import recalibrate_batchnorm
from ubp_core.errors import PruningError


def test_statistics_are_those_of_the_batches() -> None:
    model = nn.Sequential(nn.BatchNorm2d(3, momentum=0.01), nn.Dropout(0.9), nn.BatchNorm2d(3))
    model[2].eval()
    batches = [torch.randn(16, 3, 5, 5) * 3 + 2 for _ in range(6)]
    assert recalibrate_batchnorm(model, batches, 4) == 4
    norm = model[0]
    assert isinstance(norm, nn.BatchNorm2d)
    channels = [batch.transpose(0, 1).flatten(1) for batch in batches[:4]]
    torch.testing.assert_close(norm.running_mean, torch.stack([c.mean(1) for c in channels]).mean(0))
    torch.testing.assert_close(norm.running_var, torch.stack([c.var(1) for c in channels]).mean(0))
    assert norm.momentum == 0.01
    assert [module.training for module in model] == [True, True, False], "modes must be as they were"


def test_weights_stay_and_loaders_of_pairs_work() -> None:
    model = tiny_network()
    weights = [p.clone() for p in model.parameters()]
    assert recalibrate_batchnorm(model, (tiny_batch(i) for i in range(3)), 8) == 3
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))
    seen: list[object] = []
    items = [{"x": tiny_batch(0)[0]}]
    recalibrate_batchnorm(model, items, forward=lambda net, item: seen.append(net(item["x"])))
    assert len(seen) == 1
    assert recalibrate_batchnorm(nn.Linear(2, 2), [torch.ones(1, 2)]) == 0


def failing() -> Iterator[Tensor]:
    yield tiny_batch(0)[0]
    raise OSError("the disk is gone")


def test_statistics_survive_a_failure() -> None:
    model = tiny_network()
    before = {name: value.clone() for name, value in model.named_buffers()}
    with pytest.raises(OSError, match="disk"):
        recalibrate_batchnorm(model, failing())
    with pytest.raises(PruningError, match="no batches"):
        recalibrate_batchnorm(model, [])
    with pytest.raises(PruningError, match="an item of the loader is a dict"):
        recalibrate_batchnorm(model, [{"x": 1}])
    with pytest.raises(PruningError, match="1 or more"):
        recalibrate_batchnorm(model, [], 0)
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
    assert model.training
