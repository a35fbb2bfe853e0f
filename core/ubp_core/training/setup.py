"""Optimizer and pruner as a configuration describes them."""

from __future__ import annotations

import glob

import torch
from torch import nn

from ubp_core.errors import ConfigError, PlanError, PruningError
from ubp_core.pruning.layers import find_small_layers
from ubp_core.pruning.pruner import BlockPruner
from ubp_core.pruning.rules import LayerSettings
from ubp_core.pruning.schedules import CubicSchedule, LinearSchedule, OneShotSchedule, Schedule
from ubp_core.training.config import PruningConfig, ScheduleConfig, TrainingConfig


def make_optimizer(config: TrainingConfig, network: nn.Module) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum, or AdamW; no decay of biases and normalisation."""
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, config.learning_rate)
    return torch.optim.SGD(groups, config.learning_rate, config.momentum, nesterov=config.momentum > 0)


def make_schedule(config: ScheduleConfig, epoch_steps: int) -> Schedule:
    """Epochs become steps."""
    begin, end = round(config.begin * epoch_steps), round(config.end * epoch_steps)
    if config.kind == "one-shot":
        return OneShotSchedule(begin)
    return (CubicSchedule if config.kind == "cubic" else LinearSchedule)(begin, end, config.every)


def make_pruner(
    config: PruningConfig, network: nn.Module, optimizer: torch.optim.Optimizer, epoch_steps: int
) -> BlockPruner:
    """The pruner; layers with fewer rows than a block stay dense.

    Raises:
        ConfigError: what the pruner refuses, as a line on the file's `pruning`.
    """
    try:
        return BlockPruner(
            network,
            config.block_size,
            config.sparsity,
            config.method,
            make_schedule(config.schedule, epoch_steps),
            config.scope,
            criterion=config.criterion,
            regrow=config.regrow,
            overrides=config.overrides,
            skip=(*config.skip, *map(glob.escape, small_layers(config, network))),
            plan=config.plan,
            min_sparsity=config.min_sparsity,
            max_sparsity=config.max_sparsity,
            scale=config.scale,
            optimizer=optimizer,
            block_columns=config.block_columns,
        )
    except (PruningError, PlanError) as error:
        raise ConfigError(f"pruning: {error}") from None


def small_layers(config: PruningConfig, network: nn.Module) -> dict[str, str]:
    """Layers that stay dense because they have fewer rows than a block, with that in words.

    Raises:
        PruningError: settings that can't be.
    """
    if config.plan is not None:
        return {}  # a plan tells the same by itself
    defaults = LayerSettings(config.block_size, config.sparsity, config.method)
    return find_small_layers(network, defaults, config.overrides, config.skip)
