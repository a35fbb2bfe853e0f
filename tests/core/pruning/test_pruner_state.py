"""Resuming: a pruner that was saved and loaded goes on as if nothing had happened, bit for bit."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pruning_helpers import tiny_network, train_steps
from ubp_core import BlockPruner, CubicSchedule
from ubp_core.errors import PruningError
from ubp_core.pruning.criteria import TRAINING_CRITERIA


def start(criterion: str, regrow: bool, columns: int = 1) -> tuple[nn.Module, torch.optim.Optimizer, BlockPruner]:
    model = tiny_network()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2, weight_decay=0.1)
    schedule = CubicSchedule(2, 12, 3)
    options = {"criterion": criterion, "regrow": regrow, "criterion_batches": 2, "block_columns": columns}
    pruner = BlockPruner(model, 4, 0.8, "bed", schedule, optimizer=optimizer, **options)  # type: ignore[arg-type]
    return model, optimizer, pruner


def through_a_file(content: object) -> dict[str, object]:
    """What `torch.load` gives back without running any code."""
    stream = io.BytesIO()
    torch.save(content, stream)
    stream.seek(0)
    loaded: dict[str, object] = torch.load(stream, weights_only=True)
    return loaded


@settings(max_examples=12)
@given(
    stop=st.integers(0, 15),
    criterion=st.sampled_from(TRAINING_CRITERIA),
    regrow=st.booleans(),
    columns=st.sampled_from((1, 4)),
)
def test_resuming_equals_going_on(stop: int, criterion: str, regrow: bool, columns: int) -> None:
    model, optimizer, pruner = start(criterion, regrow, columns)
    train_steps(model, optimizer, pruner, range(stop))
    saved = through_a_file({"m": model.state_dict(), "o": optimizer.state_dict(), "p": pruner.state_dict()})
    train_steps(model, optimizer, pruner, range(stop, 16))

    again, other_optimizer, other = start(criterion, regrow, columns)
    again.load_state_dict(saved["m"])  # type: ignore[arg-type]
    other_optimizer.load_state_dict(saved["o"])  # type: ignore[arg-type]
    other.load_state_dict(saved["p"])  # type: ignore[arg-type]
    train_steps(again, other_optimizer, other, range(stop, 16))

    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    first, second = pruner.state_dict(), other.state_dict()
    first.pop("seconds"), second.pop("seconds")
    assert_same(first, second)
    assert (pruner.steps, pruner.updates) == (other.steps, other.updates) == (16, pruner.updates)


def assert_same(first: object, second: object) -> None:
    """Equal, with tensors compared bit for bit."""
    if isinstance(first, dict):
        assert isinstance(second, dict) and first.keys() == second.keys()
        for key in first:
            assert_same(first[key], second[key])
    elif isinstance(first, torch.Tensor):
        assert isinstance(second, torch.Tensor) and torch.equal(first, second)
    else:
        assert first == second


def test_a_saved_state_does_not_change_later() -> None:
    model, optimizer, pruner = start("taylor", True)
    train_steps(model, optimizer, pruner, range(6))
    saved = pruner.state_dict()
    kept = through_a_file(saved)
    train_steps(model, optimizer, pruner, range(6, 14))
    assert_same(saved, kept)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda s: s.update(version=99), "version 99 is unknown"),
        (lambda s: s.update(criterion="l2"), "criterion was 'l2', this pruner has 'l1'"),
        (lambda s: s["layers"].pop("7"), "layer 7 is not pruned by both"),
        (lambda s: s["layers"]["7"].update(block_size=8), "7 had block_size 8, here it has 4"),
    ],
)
def test_states_of_others_are_refused(change: object, line: str) -> None:
    _, _, pruner = start("l1", False)
    pruner.update_masks()
    saved = pruner.state_dict()
    change(saved)  # type: ignore[operator]
    _, _, other = start("l1", False)
    with pytest.raises(PruningError, match=line):
        other.load_state_dict(saved)
    assert other.updates == 0 and not other.selections


def test_checkpoints_load_in_a_plain_model(tmp_path: Path) -> None:
    model, optimizer, pruner = start("activation", True)
    train_steps(model, optimizer, pruner, range(8))
    torch.save(model.state_dict(), tmp_path / "model.pt")
    tiny_network(5).load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True), strict=True)
