"""Properties of pruning in a training loop: valid masks, exact budgets, zeros that stay, nothing left behind."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pruning_helpers import PRUNED, assert_masks_valid, tiny_batch, tiny_network, train_steps
from ubp_core import METHODS, BlockPruner, CubicSchedule, LayerRule, LinearSchedule, OneShotSchedule
from ubp_core.errors import PlanError, PruningError
from ubp_core.plan import LayerPlan, Plan
from ubp_core.pruning.criteria import TRAINING_CRITERIA

OPTIMIZERS: dict[str, Callable[[nn.Module], torch.optim.Optimizer]] = {
    "sgd": lambda m: torch.optim.SGD(m.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda m: torch.optim.Adam(m.parameters(), 1e-2),
    "adamw": lambda m: torch.optim.AdamW(m.parameters(), 1e-2, weight_decay=0.1),
    "fused adamw": lambda m: torch.optim.AdamW(m.parameters(), 1e-2, fused=True),
    "rmsprop": lambda m: torch.optim.RMSprop(m.parameters(), 1e-3, momentum=0.9),
}


@settings(max_examples=40)
@given(
    method=st.sampled_from(METHODS),
    block_size=st.sampled_from([1, 2, 3, 4, 8]),
    sparsity=st.floats(0, 0.97),
    power=st.sampled_from([1.0, 3.0]),
    timing=st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(1, 3)),
    criterion=st.sampled_from(TRAINING_CRITERIA),
    regrow=st.booleans(),
    kind=st.sampled_from(sorted(OPTIMIZERS)),
    told=st.booleans(),
)
def test_masks_are_valid_after_any_steps(
    method: str,
    block_size: int,
    sparsity: float,
    power: float,
    timing: tuple[int, int, int],
    criterion: str,
    regrow: bool,
    kind: str,
    told: bool,
) -> None:
    model = tiny_network()
    optimizer = OPTIMIZERS[kind](model)
    begin, length, every = timing
    schedule = (CubicSchedule if power == 3 else LinearSchedule)(begin, begin + length, every)
    pruner = BlockPruner(
        model, block_size, sparsity, method, schedule, criterion=criterion, regrow=regrow,
        optimizer=optimizer if told else (), overrides={"7": sparsity / 2},
    )  # fmt: skip
    due = schedule.is_due(0)
    earlier: dict[str, np.ndarray] = {}

    def check(step: int) -> None:
        nonlocal due, earlier
        now = step + 1
        updated = schedule.is_due(now) or (due and now == 1)
        final = {name: sparsity / 2 if name == "7" else sparsity for name in PRUNED}
        if updated and any(schedule.sparsity(now, s) > 0 for s in final.values()):
            asked = {name: (block_size, schedule.sparsity(now, s)) for name, s in final.items()}
            assert_masks_valid(pruner, model, asked)
        masks = {name: selection.mask() for name, selection in pruner.selections.items()}
        for name, mask in masks.items():
            if not regrow and name in earlier:
                assert not (mask & ~earlier[name]).any(), "a pruned weight came back"
            if not updated:
                assert np.array_equal(mask, earlier[name])
            weight = model.get_submodule(name).weight.detach().reshape(mask.shape)
            assert not weight[torch.from_numpy(~mask)].any()
            if told:
                for value in optimizer.state[model.get_submodule(name).weight].values():
                    if value.shape == model.get_submodule(name).weight.shape:
                        assert not value.reshape(mask.shape)[torch.from_numpy(~mask)].any(), "old momentum"
        earlier = masks

    train_steps(model, optimizer, pruner, range(begin + length + 4), check)


@pytest.mark.parametrize("kind", sorted(OPTIMIZERS))
def test_zeros_stay_between_updates(kind: str) -> None:
    model = tiny_network()
    optimizer = OPTIMIZERS[kind](model)
    train_steps(model, optimizer, None, range(5))  # momentum of all weights is there before anything is pruned
    pruner = BlockPruner(model, sparsity=0.75)
    pruner.update_masks()
    before = {name: selection.mask() for name, selection in pruner.selections.items()}

    def check(step: int) -> None:
        for name, mask in before.items():
            weight = model.get_submodule(name).weight.detach()
            assert np.array_equal((weight != 0).reshape(mask.shape).numpy(), mask)

    train_steps(model, optimizer, pruner, range(5, 20), check)
    assert pruner.updates == 1


def test_a_pruned_weight_returns_with_its_last_value_only_where_it_may() -> None:
    for regrow in (True, False):
        model = tiny_network()
        pruner = BlockPruner(model, 4, 0.5, schedule=LinearSchedule(0, 2), regrow=regrow, skip=["3", "10"])
        weight = model.get_submodule("7").weight
        pruner.step()
        pruner.step()
        old = weight.detach().clone()
        first = pruner.selections["7"].mask()
        with torch.no_grad():  # what is in use becomes small, so that what was pruned is worth more
            weight.mul_(1e-3)
        pruner.update_masks()
        second = pruner.selections["7"].mask()
        returned = torch.from_numpy(second & ~first).reshape(weight.shape)
        assert returned.any() == regrow
        original = tiny_network().get_submodule("7").weight
        assert torch.equal(weight[returned], original[returned])
        assert not torch.equal(old, weight)


def test_running_averages_are_masked_too() -> None:
    model = tiny_network()
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    optimizer = OPTIMIZERS["adam"](model)
    pruner = BlockPruner(model, sparsity=0.8, schedule=CubicSchedule(2, 8, 2), copies=[average], criterion="activation")
    model.train()
    for step in range(12):
        images, labels = tiny_batch(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        average.update_parameters(model)
        pruner.step()
    selections = pruner.finalize()
    for name, selection in selections.items():
        kept = average.module.get_submodule(name).weight != 0
        assert np.array_equal(kept.reshape(selection.shape).numpy(), selection.mask())


def test_gradient_scaling_accumulation_and_clipping() -> None:
    model = tiny_network()
    optimizer = OPTIMIZERS["sgd"](model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    pruner = BlockPruner(model, sparsity=0.75, schedule=CubicSchedule(1, 5, 2), criterion="taylor", regrow=True)
    for step in range(8):
        optimizer.zero_grad()
        for part in range(2):
            images, labels = tiny_batch(2 * step + part)
            with torch.autocast("cpu", torch.bfloat16):
                loss = nn.functional.cross_entropy(model(images), labels)
            poison = float("inf") if step == 3 else 1.0  # the scaler skips this step
            scaler.scale(loss * poison).backward()
        scaler.unscale_(optimizer)
        pruner.mask_gradients()
        for name, selection in pruner.selections.items():
            gradient = model.get_submodule(name).weight.grad
            assert gradient is not None
            assert not gradient.reshape(selection.shape)[torch.from_numpy(~selection.mask())].any()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        pruner.step()
    assert_masks_valid(pruner, model, {name: (4, 0.75) for name in PRUNED})
    assert all(torch.isfinite(p).all() for p in model.parameters())


@pytest.mark.parametrize("criterion", TRAINING_CRITERIA)
def test_nothing_is_left_after_finalize(criterion: str) -> None:
    model = tiny_network()
    plain = tiny_network()
    attributes = {name: set(vars(module)) for name, module in model.named_modules()}
    optimizer = OPTIMIZERS["sgd"](model)
    pruner = BlockPruner(model, sparsity=0.75, schedule=OneShotSchedule(2), criterion=criterion, optimizer=optimizer)
    train_steps(model, optimizer, pruner, range(4))
    assert list(model.state_dict()) == list(plain.state_dict()), "checkpoints must load in a plain model"
    selections = pruner.finalize()
    for name, module in model.named_modules():
        assert set(vars(module)) == attributes[name]
        hooks = [value for key, value in vars(module).items() if "hooks" in key]
        assert not any(hooks), f"hooks left in {name}"
        assert all(p._backward_hooks is None for p in module.parameters())
    assert list(model.state_dict()) == list(plain.state_dict())
    plain.load_state_dict(model.state_dict(), strict=True)
    copy.deepcopy(model)
    for name, selection in selections.items():
        kept = plain.get_submodule(name).weight != 0
        assert np.array_equal(kept.reshape(selection.shape).numpy(), selection.mask())
    with pytest.raises(PruningError, match="finalized"):
        pruner.step()


def test_a_tiny_network_learns_while_pruned() -> None:
    model = tiny_network()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    pruner = BlockPruner(model, sparsity=0.75, schedule=CubicSchedule(10, 80, 10), regrow=True)
    train_steps(model, optimizer, pruner, range(160))
    pruner.finalize()
    assert pruner.achieved_sparsity == pytest.approx(0.75, abs=0.01)
    images, labels = tiny_batch(10_000, 400)
    accuracy = float((model.eval()(images).argmax(1) == labels).float().mean())
    assert accuracy > 0.9, f"{accuracy} where guessing has 0.25"


def test_rules_by_name_and_pattern() -> None:
    model = tiny_network()
    rules = {"*": LayerRule(method="abp"), "7": LayerRule(0.9, block_size=2), "12": LayerRule(skip=False)}
    pruner = BlockPruner(model, 4, 0.5, overrides=rules, skip=["10"], max_sparsity=0.8)
    pruner.update_masks()
    found = {name: (s.block_size, s.sparsity, s.method) for name, s in pruner.selections.items()}
    # The pattern says nothing on skipping, so the layers that stay dense by default still do.
    assert found == {"3": (4, 0.5, "abp"), "7": (2, 0.8, "abp"), "12": (4, 0.5, "abp")}
    requested = {layer.name: layer.requested for layer in pruner.report()}
    assert requested == {"3": 0.5, "7": 0.8, "12": 0.5}


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"sparsity": 1.0}, "sparsity"),
        ({"sparsity": float("nan")}, "sparsity"),
        ({"block_size": 0}, "block_size"),
        ({"block_size": 20}, "3 can't be pruned: has 16 output channels, fewer than a block of 20"),
        ({"method": "best"}, "method: 'best' is unknown"),
        ({"scope": "world"}, "scope: 'world' is unknown"),
        ({"criterion": "l3"}, "criterion: 'l3' is unknown"),
        ({"overrides": {"nowhere": 0.5}}, "overrides: no layer is called 'nowhere'"),
        ({"skip": ["*"]}, "no layer is left to prune"),
        ({"min_sparsity": 0.9, "max_sparsity": 0.5}, "floor <= ceiling"),
        ({"copies": [nn.Linear(2, 2)]}, "copies: Linear has no layer 3"),
        ({"overrides": {"6": LayerRule(skip=False)}}, "6 can't be pruned: depthwise"),
    ],
)
def test_arguments_that_cannot_be_used(options: dict[str, object], line: str) -> None:
    with pytest.raises(PruningError, match=line.replace("(", r"\(")):
        BlockPruner(tiny_network(), **options)  # type: ignore[arg-type]


def test_errors_of_mask_updates_name_the_layer() -> None:
    with pytest.raises(PruningError, match="3: no gradient was seen"):
        BlockPruner(tiny_network(), criterion="taylor").update_masks()
    with pytest.raises(PruningError, match="3: no training batch"):
        BlockPruner(tiny_network(), criterion="activation").update_masks()
    model = tiny_network()
    with torch.no_grad():
        model.get_submodule("7").weight.view(-1)[5] = float("nan")
    with pytest.raises(PruningError, match="7: importance: every value must be finite"):
        BlockPruner(model).update_masks()
    with pytest.raises(PruningError, match="no mask update has happened"):
        BlockPruner(tiny_network()).finalize()


def test_an_early_end_is_said() -> None:
    model = tiny_network()
    pruner = BlockPruner(model, schedule=LinearSchedule(0, 10))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(5):
            pruner.step()
        pruner.finalize()
    assert "schedule's end was not reached" in str(caught[-1].message)


def test_a_plan_file_says_everything_on_layers(tmp_path: Path) -> None:
    layers = (
        LayerPlan("3", "optimal", 2, 0.6),
        LayerPlan("7", because="by choice"),
        LayerPlan("12", "abp", 4, 0.5),
    )
    Plan(layers).save(tmp_path / "plan.yaml")
    model = tiny_network()
    pruner = BlockPruner(model, 8, 0.9, plan=tmp_path / "plan.yaml")
    pruner.update_masks()
    found = {name: (s.method, s.block_size, s.sparsity) for name, s in pruner.selections.items()}
    assert found == {"3": ("optimal", 2, 0.6), "12": ("abp", 4, 0.5)}
    with pytest.raises(PruningError, match="leave out overrides"):
        BlockPruner(model, plan=Plan(layers), skip=["3"])
    with pytest.raises(PruningError, match="plan: no layer is called 'conv9'"):
        BlockPruner(model, plan=Plan((LayerPlan("conv9", "bed", 4, 0.5),)))
    with pytest.raises(PlanError, match=r"none\.yaml"):
        BlockPruner(model, plan=tmp_path / "none.yaml")
