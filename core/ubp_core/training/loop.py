"""The training loop of `ubp train`: steps, validation, checkpoints, and going on where a checkpoint was made.

Prints nothing: a listener hears of every step. The packed result is made by `results`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ubp_core.errors import ConfigError
from ubp_core.pruning.pruner import BlockPruner
from ubp_core.training.checkpoints import BEST, LAST, load_checkpoint, remove_leftovers, save_checkpoint
from ubp_core.training.config import TrainConfig
from ubp_core.training.data import Pictures, SeededPictures, batches_per_epoch, epoch_batches, ordered_batches
from ubp_core.training.run_log import RunLog
from ubp_core.training.setup import make_optimizer, make_pruner


class Listener(Protocol):
    """What hears of the loop; called on its thread."""

    def on_step(self, record: dict[str, Any]) -> None:
        """After every optimizer step: step, loss, accuracy, sparsities."""

    def on_epoch(self, record: dict[str, Any]) -> None:
        """After every validation."""

    def should_stop(self) -> bool:
        """Whether to write a checkpoint now and stop."""


class TrainingLoop:
    """A run of a configuration in its folder; created anew or from the folder's last checkpoint."""

    def __init__(self, config: TrainConfig, network: nn.Module, pictures: Pictures, device: torch.device) -> None:
        self.config, self.pictures, self.device = config, pictures, device
        self.folder = Path(config.output.folder)
        self.network = network.to(device)
        self.epoch_steps = batches_per_epoch(pictures.train, config.training.batch_size)
        self.total_steps = self.epoch_steps * config.training.epochs
        self.optimizer = make_optimizer(config.training, self.network)
        self.pruner: BlockPruner = make_pruner(config.pruning, self.network, self.optimizer, self.epoch_steps)
        if not self.pruner.schedule.is_complete(self.total_steps):
            raise ConfigError(f"pruning.schedule: does not end within {config.training.epochs} epochs")
        self.step = 0
        self.best: float | None = None
        """Best validation accuracy at the final sparsity."""
        self.dense: tuple[float, int] | None = None
        """Validation accuracy of the network just before its first weight was pruned, and the steps until then."""
        self._sums = [0.0, 0.0, 0.0]
        """Loss, right answers and pictures since the last line of the log."""
        self._log_size = 0
        torch.manual_seed(config.training.seed)

    def resume(self) -> bool:
        """Go back to the folder's last checkpoint.

        Returns:
            Whether there was one.

        Raises:
            FileError: it can't be read.
            ConfigError: it was made with another configuration.
        """
        remove_leftovers(self.folder)
        content = load_checkpoint(self.folder / LAST)
        if content is None:
            return False
        _check_same(content["config"], self.config.as_dict())
        self.restore_weights(content)
        self.optimizer.load_state_dict(content["optimizer"])
        self.step, self.best, self._sums = content["step"], content["best"], list(content["sums"])
        self.dense = content.get("dense") and tuple(content["dense"])
        self._log_size = content["log_size"]
        torch.set_rng_state(content["random"])
        if self.device.type == "cuda" and "cuda_random" in content:
            torch.cuda.set_rng_state(content["cuda_random"], self.device)
        return True

    def restore_weights(self, content: dict[str, Any]) -> None:
        """Network and pruner of a checkpoint."""
        self.network.load_state_dict(content["network"])
        self.pruner.load_state_dict(content["pruner"])

    def run(self, listener: Listener) -> bool:
        """Train to the end, or until the listener wants to stop.

        Returns:
            Whether the end was reached.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        log = RunLog(self.folder, self._log_size)
        with closing(log):
            while self.step < self.total_steps:
                for images, labels in self._rest_of_epoch():
                    self._measure_dense()
                    self._train_step(images, labels)
                    self._note_step(log, listener)
                    at_end = self.step % self.epoch_steps == 0
                    if at_end:
                        self._validate(log, listener)
                    stop = listener.should_stop()
                    if stop or at_end or self.step % self.config.output.checkpoint_every == 0:
                        save_checkpoint(self.folder / LAST, self._content(log))
                    if stop:
                        return self.step == self.total_steps
        return True

    def _rest_of_epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        epoch, start = divmod(self.step, self.epoch_steps)
        training, data = self.config.training, self.config.data
        return epoch_batches(self.pictures.train, epoch, training.batch_size, start, data.workers)

    def _train_step(self, images: Tensor, labels: Tensor) -> None:
        """One step of the optimizer and of the pruner."""
        training = self.config.training
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        images, labels = images.to(self.device), labels.to(self.device)
        self.optimizer.zero_grad()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=training.amp):
            scores = self.network(images)
            loss = F.cross_entropy(scores, labels, label_smoothing=training.label_smoothing)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ConfigError(f"training: the loss is {value} at step {self.step + 1}; lower training.learning_rate")
        loss.backward()  # type: ignore[no-untyped-call]
        if training.clip_norm:
            self.pruner.mask_gradients()
            nn.utils.clip_grad_norm_(self.network.parameters(), training.clip_norm)
        self.optimizer.step()
        self.pruner.step()
        self.step += 1
        right = int((scores.detach().argmax(1) == labels).sum())
        self._sums = [a + b for a, b in zip(self._sums, (value * len(labels), right, len(labels)), strict=True)]

    def learning_rate(self) -> float:
        """Of the coming step."""
        training = self.config.training
        warm = training.warmup_epochs * self.epoch_steps
        if self.step < warm:
            return training.learning_rate * (self.step + 1) / math.ceil(warm)
        if training.rate == "constant":
            return training.learning_rate
        progress = (self.step - warm) / max(1.0, self.total_steps - warm)
        return training.learning_rate * (1 + math.cos(math.pi * progress)) / 2

    def _note_step(self, log: RunLog, listener: Listener) -> None:
        loss, right, count = self._sums
        record = {
            "kind": "step",
            "step": self.step,
            "epoch": (self.step - 1) // self.epoch_steps + 1,
            "loss": loss / count,
            "accuracy": right / count,
            **self._sparsities(),
        }
        listener.on_step(record)
        if self.step % self.config.output.log_every == 0 or self.step == self.total_steps:
            log.write(record)
            self._sums = [0.0, 0.0, 0.0]

    def _validate(self, log: RunLog, listener: Listener) -> None:
        """Accuracy on the validation pictures; the best network at the final sparsity is kept."""
        started = time.perf_counter()
        loss, accuracy = evaluate(self.network, self.pictures.validation, self.config, self.device)
        record = {
            "kind": "validation",
            "step": self.step,
            "epoch": self.step // self.epoch_steps,
            "loss": loss,
            "accuracy": accuracy,
            **self._sparsities(),
            "seconds": round(time.perf_counter() - started, 3),
        }
        log.write(record)
        final = self.pruner.schedule.is_complete(self.step)
        if final and (self.best is None or accuracy > self.best):
            self.best = accuracy
            save_checkpoint(self.folder / BEST, self._content(log))
        listener.on_epoch(record | {"best": final and accuracy == self.best})

    def _measure_dense(self) -> None:
        """Keeps the accuracy of the dense network, before the step that prunes for the first time."""
        schedule, steps = self.pruner.schedule, self.pruner.steps
        due = schedule.is_due(steps + 1) or (steps == 0 and schedule.is_due(0))
        if self.dense is None and due and self.pruner.updates == 0 and schedule.sparsity(steps + 1, 0.5) > 0:
            _, accuracy = evaluate(self.network, self.pictures.validation, self.config, self.device)
            self.dense = accuracy, self.step

    def _sparsities(self) -> dict[str, float]:
        return {
            "requested_sparsity": self.pruner.requested_sparsity,
            "achieved_sparsity": self.pruner.achieved_sparsity,
            "selection_seconds": round(self.pruner.seconds, 4),
        }

    def _content(self, log: RunLog) -> dict[str, Any]:
        """Everything that a run needs to go on as if nothing had happened."""
        content = {
            "config": self.config.as_dict(),
            "classes": list(self.pictures.classes),
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "pruner": self.pruner.state_dict(),
            "step": self.step,
            "best": self.best,
            "dense": self.dense,
            "sums": self._sums,
            "log_size": log.flush(),
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            content["cuda_random"] = torch.cuda.get_rng_state(self.device)
        return content


@torch.no_grad()
def evaluate(
    network: nn.Module, pictures: SeededPictures, config: TrainConfig, device: torch.device
) -> tuple[float, float]:
    """Mean loss and share of right answers in eval mode."""
    network.eval()
    loss, right = 0.0, 0
    for images, labels in ordered_batches(pictures, max(config.training.batch_size, 64), config.data.workers):
        scores, labels = network(images.to(device)).float(), labels.to(device)
        loss += float(F.cross_entropy(scores, labels, reduction="sum"))
        right += int((scores.argmax(1) == labels).sum())
    return loss / len(pictures), right / len(pictures)


RESUMABLE_CHANGES = ("output", "data.workers", "training.device")
"""What may differ between a checkpoint and the run that goes on from it."""


def _check_same(saved: dict[str, Any], now: dict[str, Any], path: str = "") -> None:
    """Refuse to go on from a run with another configuration."""
    for key in sorted(saved.keys() | now.keys()):
        name = f"{path}{key}"
        if name in RESUMABLE_CHANGES:
            continue
        first, second = saved.get(key), now.get(key)
        if isinstance(first, dict) and isinstance(second, dict):
            _check_same(first, second, f"{name}.")
        elif (list(first) if isinstance(first, tuple) else first) != (
            list(second) if isinstance(second, tuple) else second
        ):
            raise ConfigError(
                f"{name}: the run in the output folder has {first!r}, the file says {second!r}; "
                "change it back, name another output.folder, or give --restart"
            )
