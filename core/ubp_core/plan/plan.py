"""A plan: frozen records of what is done with every layer, and why. Knows no file format, loads no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.errors import PlanError

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel

DENSE = "dense"
"""The method of a layer that keeps all its weights."""
METHODS = ("abp", "greedy", "bed", "optimal", "unstructured")
"""`ubp_core.METHODS`, here so that reading a plan needs no native code; a test compares them."""
CRITERIA = ("l1", "l2")
"""`ubp_core.criteria.CRITERIA`, likewise."""
SCALES = ("raw", "mean")
"""`ubp_core.global_selection.SCALES`, likewise."""
SCOPES = ("uniform", "global")
"""Every layer at the same sparsity, or one budget over all layers."""
MAX_BLOCK_SIZE = 32


@dataclass(frozen=True)
class ModelSpec:
    """How to load the plan's model: the arguments of `ubp_core.models.load_model`."""

    name: str
    """A network's name or a checkpoint's path."""
    weights: str = "default"
    """`default`, `random` or a checkpoint's path."""
    arch: str | None = None
    """The network that a checkpoint belongs to."""
    width: float = 1.0
    """Width multiplier, for networks that take one."""
    seed: int = 0
    """Of random weights."""
    input_size: int = 224
    """Height and width of the image in pixels."""

    def load(self, progress: Callable[[str], None] | None = None) -> LoadedModel:
        """Loads it; raises ModelError."""
        from ubp_core.models import load_model

        return load_model(
            self.name,
            weights=self.weights,
            arch=self.arch,
            width=self.width,
            seed=self.seed,
            input_size=self.input_size,
            progress=progress,
        )


@dataclass(frozen=True)
class LayerPlan:
    """What is done with one layer."""

    name: str
    """As in `Layer.name`, the module's path in the network."""
    method: str = DENSE
    """One of METHODS, or DENSE."""
    block_size: int = 4
    """N, 1 to 32; of no meaning where dense."""
    sparsity: float = 0.0
    """Share of the weights to prune, 0 to 1; `selection.budget` makes whole blocks of it. 0 where dense."""
    because: str = ""
    """Why the layer stays dense, in words; empty where it is pruned."""
    fixed: bool = False
    """Chosen for this layer alone: a global budget leaves it as it is and is spent on the others."""
    floor: float | None = None
    """Share that stays at least, where it isn't the plan's; for a global budget."""
    ceiling: float | None = None
    """Share that stays at most, likewise."""

    @property
    def dense(self) -> bool:
        """Whether the layer keeps all its weights."""
        return self.method == DENSE


@dataclass(frozen=True)
class Plan:
    """What is done with every layer of a network. `layers` is what counts; the rest says how it came to be."""

    layers: tuple[LayerPlan, ...]
    """In the network's order, names unique; a layer of the network that isn't here stays dense."""
    model: ModelSpec | None = None
    """The network, where it is one that can be loaded by name or file."""
    criterion: str = "l1"
    """Importance: one of CRITERIA."""
    scope: str = "uniform"
    """One of SCOPES."""
    method: str = "optimal"
    """As asked for the network, one of METHODS."""
    block_size: int = 4
    """As asked for the network."""
    sparsity: float = 0.75
    """As asked for the network, 0 <= s < 1: of every layer, or with a global budget of all layers together."""
    floor: float = 0.0
    """Share of a layer's weights that stays at least, in a global budget."""
    ceiling: float = 1.0
    """Share that stays at most."""
    scale: str = "raw"
    """How layers' importances compare in a global budget, one of SCALES."""

    @property
    def pruned(self) -> tuple[LayerPlan, ...]:
        """The layers that aren't dense."""
        return tuple(layer for layer in self.layers if not layer.dense)

    def layer(self, name: str) -> LayerPlan:
        """What is done with a layer; one that the plan doesn't name stays dense."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        return LayerPlan(name, because="not in the plan")

    def load_model(self, progress: Callable[[str], None] | None = None) -> LoadedModel:
        """Loads the network that the plan names.

        Raises:
            PlanError: it names none.
            ModelError: it can't be loaded.
        """
        if self.model is None:
            raise PlanError("model: the plan names no network that can be loaded")
        return self.model.load(progress)

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Writes the plan as YAML with comments, in one step.

        Raises:
            FileError: the folder can't be written, or a file is there and `overwrite` is not set.
            PlanError: a field that is out of range, as `load` would say.
        """
        from ubp_core.plan.plan_writer import save_plan

        save_plan(self, Path(path), overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Reads a plan.

        Raises:
            PlanError: it can't be read or breaks a rule; one line that names the file, the line and the field.
        """
        from ubp_core.plan.plan_reader import load_plan

        return load_plan(Path(path))
