"""What `ubp train` is told: frozen sections of a YAML file with their defaults and limits. Starts nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ubp_core.errors import ConfigError
from ubp_core.pruning.rules import LayerRule
from ubp_core.strict_yaml.fields import read_document
from ubp_core.strict_yaml.sections import read_section
from ubp_core.vocabulary import (
    DEFAULT_BLOCK_COLUMNS,
    DEFAULT_BLOCK_SIZE,
    DEFAULT_CRITERION,
    DEFAULT_METHOD,
    DEFAULT_SPARSITY,
)

AUGMENTATIONS = ("none", "shift", "flip", "crop")
OPTIMIZERS = ("sgd", "adamw")
RATES = ("cosine", "constant")
SCHEDULES = ("cubic", "linear", "one-shot")


@dataclass(frozen=True)
class DataConfig:
    """Pictures: one sub-folder for each class."""

    train: str
    validation: str | None = None
    """Without it a share of the training pictures is set aside."""
    validation_share: float = 0.1
    image_size: int = 224
    """Height and width in pixels that the network gets."""
    augment: str = "none"
    """"shift" (by up to an eighth), "flip" (left and right), "crop" (random part, any size, and flip)."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """Of the colours red, green, blue from 0 to 1; the defaults are ImageNet's."""
    workers: int = 0
    """Processes that load pictures; the result does not depend on it."""

    def __post_init__(self) -> None:
        _check("validation_share", self.validation_share, 0 < self.validation_share < 1, "more than 0 and less than 1")
        _check("image_size", self.image_size, 1 <= self.image_size <= 4096, "1 to 4096")
        _check("augment", self.augment, self.augment in AUGMENTATIONS, f"one of {', '.join(AUGMENTATIONS)}")
        _check("std", self.std, all(value > 0 for value in self.std), "three numbers above 0")
        _check("workers", self.workers, 0 <= self.workers <= 256, "0 to 256")


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    name: str
    """mobilenet_v1, efficientnet_lite0, or a classification network of torchvision."""
    weights: str = "default"
    """"default" (trained ones, where there are any), "random", or a checkpoint's path."""
    width: float = 1.0
    """Width multiplier of mobilenet_v1."""


@dataclass(frozen=True)
class ScheduleConfig:
    """When masks are updated."""

    kind: str = "cubic"
    begin: float = 0.0
    """Epochs until the first update; may be a fraction."""
    end: float = 1.0
    """Epochs until the last one, from which on masks are frozen ("one-shot": `begin` is the only update)."""
    every: int = 50
    """Optimizer steps between updates."""

    def __post_init__(self) -> None:
        _check("kind", self.kind, self.kind in SCHEDULES, f"one of {', '.join(SCHEDULES)}")
        _check("begin", self.begin, self.begin >= 0, "0 or more")
        _check("end", self.end, self.end >= self.begin or self.kind == "one-shot", "at least begin")
        _check("every", self.every, self.every >= 1, "1 or more")


@dataclass(frozen=True)
class PruningConfig:
    """Arguments of `BlockPruner`; it checks their values."""

    sparsity: float = DEFAULT_SPARSITY
    block_size: int = DEFAULT_BLOCK_SIZE
    block_columns: int = DEFAULT_BLOCK_COLUMNS
    method: str = DEFAULT_METHOD
    criterion: str = DEFAULT_CRITERION
    scope: str = "layer"
    scale: str = "raw"
    regrow: bool = True
    min_sparsity: float = 0.0
    max_sparsity: float | None = None
    skip: tuple[str, ...] = ()
    """Names or patterns of layers that stay dense."""
    overrides: dict[str, LayerRule | float] = field(default_factory=dict)
    """By name or pattern: a sparsity, or keys of `LayerRule`."""
    plan: str | None = None
    """A plan file, which then says everything on single layers."""
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)


@dataclass(frozen=True)
class TrainingConfig:
    """The loop."""

    epochs: int
    batch_size: int = 32
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    momentum: float = 0.9
    """Of "sgd" only."""
    weight_decay: float = 1e-4
    rate: str = "cosine"
    """How the learning rate goes: "cosine" falls to 0."""
    warmup_epochs: float = 0.0
    """The learning rate rises from 0 for so long."""
    label_smoothing: float = 0.0
    clip_norm: float = 0.0
    """Largest norm of all gradients, pruned weights not counted; 0: no limit."""
    amp: bool = False
    """bfloat16 where it is safe."""
    recalibrate_batches: int = 32
    """Training batches for the batch-norm statistics at the end; 0 leaves them."""
    seed: int = 0
    device: str = "auto"
    """"auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps"."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        _check("optimizer", self.optimizer, self.optimizer in OPTIMIZERS, f"one of {', '.join(OPTIMIZERS)}")
        _check("rate", self.rate, self.rate in RATES, f"one of {', '.join(RATES)}")
        _check("learning_rate", self.learning_rate, 0 < self.learning_rate < float("inf"), "more than 0")
        for name in ("momentum", "label_smoothing"):
            _check(name, getattr(self, name), 0 <= getattr(self, name) < 1, "0 <= value < 1")
        for name in ("weight_decay", "warmup_epochs", "clip_norm", "recalibrate_batches", "seed"):
            _check(name, getattr(self, name), 0 <= getattr(self, name) < float("inf"), "0 or more")


@dataclass(frozen=True)
class OutputConfig:
    """Where everything goes."""

    folder: str
    checkpoint_every: int = 200
    """Optimizer steps between checkpoints; each epoch's end and Ctrl-C write one too."""
    log_every: int = 10
    """Optimizer steps between lines of the log."""

    def __post_init__(self) -> None:
        for name in ("checkpoint_every", "log_every"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")


@dataclass(frozen=True)
class TrainConfig:
    """A whole file."""

    data: DataConfig
    model: ModelConfig
    training: TrainingConfig
    output: OutputConfig
    pruning: PruningConfig = field(default_factory=PruningConfig)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints and reports."""
        return asdict(self)


def read_config(file: Path) -> TrainConfig:
    """Read a configuration.

    Raises:
        ConfigError: one line with the file, its line, the field and what it needs.
    """
    return read_section(read_document(file, ConfigError), TrainConfig)


def _check(name: str, value: object, good: bool, need: str) -> None:
    if not good:
        raise ConfigError(f"{name}: need {need}; got {value!r}")
