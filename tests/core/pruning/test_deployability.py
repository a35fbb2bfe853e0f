"""What will be packed is said before training, and is what pruning and packing then do."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torchvision import models

from pruning_helpers import PRUNED, tiny_network
from ubp_core import BlockPruner, check_deployable, pack
from ubp_core.errors import PruningError


def reasons_of(model: nn.Module, block_size: int = 4) -> dict[str, str]:
    return {check.name: check.reason for check in check_deployable(model, block_size)}


def test_every_kind_of_layer_is_named_with_its_reason() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.Conv2d(8, 8, 3, groups=8),
        nn.Conv2d(8, 8, 1, groups=2),
        nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(8, 8, 2, padding="same"),
        nn.ConvTranspose2d(8, 8, 3),
        nn.Conv2d(8, 3, 1),
        nn.Flatten(),
        parametrizations.weight_norm(nn.Linear(3, 8)),
        nn.Linear(8, 70_000),
        nn.Linear(70_000, 8),
        nn.MultiheadAttention(8, 2),
        nn.LSTM(8, 8),
        nn.Linear(8, 10),
    )
    assert reasons_of(model) == {
        "0": "stem (3 input channels)",
        "1": "depthwise",
        "2": "grouped (groups=2)",
        "3": "pads with 'reflect'; kernels pad with zeros",
        "4": "pads one side more than the other ('same' with an even kernel)",
        "5": "ConvTranspose2d has no packed form; only Conv2d and Linear have",
        "6": "has 3 output channels, fewer than a block of 4",
        "8": "its weight is computed from others (parametrization); remove that first",
        "9": "",
        "10": "8 x 70000 is beyond what a packed file holds",
        "11": "MultiheadAttention has no packed form; only Conv2d and Linear have",
        "11.out_proj": "",
        "12": "LSTM has no packed form; only Conv2d and Linear have",
        "13": "classifier",
    }


def test_what_it_promises_is_what_is_pruned_and_packed() -> None:
    model = tiny_network()
    checks = check_deployable(model)
    assert [check.name for check in checks if check.packed] == list(PRUNED)
    assert [check.name for check in checks if check.by_choice] == ["0", "12"]
    pruner = BlockPruner(model)
    pruner.update_masks()
    for name, selection in pruner.finalize().items():
        weight = model.get_submodule(name).weight
        assert torch.equal(torch.from_numpy(pack(weight, selection).unpack()), weight.detach())


def test_real_networks() -> None:
    checks = check_deployable(models.resnet18(weights=None))
    assert sum(check.packed for check in checks) == 19
    assert {check.reason for check in checks if not check.packed} == {"stem (3 input channels)", "classifier"}
    assert str(checks[0]) == "conv1 (Conv2d 64x3x7x7): stays dense: stem (3 input channels)"
    wrapped = nn.DataParallel(models.mobilenet_v2(weights=None))
    assert {c.reason for c in check_deployable(wrapped)} == {"", "stem (3 input channels)", "depthwise", "classifier"}


def test_a_block_size_without_kernels_is_refused() -> None:
    with pytest.raises(PruningError, match="blocks of 3 can't be packed: kernels have 1, 2, 4, 8, 16"):
        check_deployable(tiny_network(), 3)
