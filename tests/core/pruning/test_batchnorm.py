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


def unpruned_network() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 1), nn.BatchNorm2d(5))


def spoilt(value: float) -> Tensor:
    images = torch.randn(4, 3, 5, 5)
    images[1, 2, 3, 4] = value
    return images


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        (spoilt(float("nan")), "batch 2 holds NaN or infinity"),
        (spoilt(float("inf")), "batch 2 holds NaN or infinity"),
        (spoilt(-float("inf")), "batch 2 holds NaN or infinity"),
        (torch.randn(1, 3, 1, 1), "the network fails on batch 2: Expected more than 1 value per channel"),
        (torch.zeros(4, 3, 5, 5, dtype=torch.uint8), r"batch 2 is torch\.uint8; give floats"),
        (torch.randn(4, 2, 5, 5), "the network fails on batch 2"),
        (torch.randn(4, 3, 5, 5).double(), "the network fails on batch 2"),
        (torch.full((4, 3, 5, 5), 3e38), "its statistics are not finite"),
    ],
)
@pytest.mark.parametrize("tuples", [False, True])
def test_bad_batches_are_refused_and_the_old_statistics_stay(bad: Tensor, line: str, tuples: bool) -> None:
    model = unpruned_network()
    recalibrate_batchnorm(model, [torch.randn(8, 3, 5, 5)])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    batches: list[object] = [torch.randn(4, 3, 5, 5), bad]
    with pytest.raises(PruningError, match=line):
        recalibrate_batchnorm(model, [(b, 0) for b in batches] if tuples else batches)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training and all(m.training for m in model.modules())
    assert [m.momentum for m in model.modules() if isinstance(m, nn.BatchNorm2d)] == [0.1, 0.1]


def test_statistics_spoilt_inside_of_a_forward_are_refused_too() -> None:
    model = unpruned_network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(PruningError, match="1: its statistics are not finite"):
        recalibrate_batchnorm(model, [1], forward=lambda net, item: net(spoilt(float("nan"))))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_frozen_layers_and_those_that_no_batch_reaches_stay() -> None:
    model = unpruned_network()
    model.add_module("unused", nn.BatchNorm2d(2))
    model[1].eval().requires_grad_(False)
    before = {name: value.clone() for name, value in model.named_buffers()}
    first = nn.Sequential(*list(model)[:5])
    assert recalibrate_batchnorm(model, [torch.randn(8, 3, 5, 5) + 9], forward=lambda net, x: first(x)) == 1
    changed = {name for name, value in model.named_buffers() if not torch.equal(value, before[name])}
    assert changed == {"4.running_mean", "4.running_var", "4.num_batches_tracked"}
    assert [m.training for m in model] == [True, False, True, True, True, True]


def test_a_network_that_is_frozen_as_a_whole_is_measured() -> None:
    model = unpruned_network().eval().requires_grad_(False)
    assert recalibrate_batchnorm(model, [torch.randn(8, 3, 5, 5) + 9]) == 1
    assert float(model[1].running_mean.abs().sum()) > 0  # type: ignore[operator,union-attr]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((nn.LazyBatchNorm2d(), [torch.ones(2, 3, 4, 4)]), "LazyBatchNorm2d has no shape yet"),
        (("model", []), r"need a torch\.nn\.Module"),
        ((nn.BatchNorm2d(3), 5), "the loader must yield batches; got int"),
        ((nn.BatchNorm2d(3), [], "2"), "batches must be 1 or more; got '2'"),
        ((nn.BatchNorm2d(3), [], True), "batches must be 1 or more"),
    ],
)
def test_arguments_of_a_wrong_kind(arguments: tuple[object, ...], line: str) -> None:
    with pytest.raises(PruningError, match=line):
        recalibrate_batchnorm(*arguments)  # type: ignore[arg-type]
