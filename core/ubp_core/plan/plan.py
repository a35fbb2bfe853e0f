"""A plan: what is done with every layer, and why. A file of it is read by `reader` and laid out by `writer`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.errors import PlanError
from ubp_core.models.spec import ModelSpec
from ubp_core.plan.locating import locate_model, move_model
from ubp_core.plan.reader import read_plan
from ubp_core.plan.records import LayerPlan
from ubp_core.plan.writer import format_plan
from ubp_core.vocabulary import (
    DEFAULT_BLOCK_COLUMNS,
    DEFAULT_BLOCK_SIZE,
    DEFAULT_CRITERION,
    DEFAULT_DTYPE,
    DEFAULT_METHOD,
    DEFAULT_SPARSITY,
)

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


@dataclass(frozen=True)
class Plan:
    """What is done with every layer of a network. `layers` is what counts; the rest says how it came to be."""

    layers: tuple[LayerPlan, ...]
    """In the network's order, names unique; a layer of the network that isn't here stays dense."""
    model: ModelSpec | None = None
    """The network, where it is one that can be loaded by name or file."""
    criterion: str = DEFAULT_CRITERION
    """Importance: one of CRITERIA."""
    scope: str = "uniform"
    """One of SCOPES."""
    method: str = DEFAULT_METHOD
    """As asked for the network, one of METHODS."""
    block_size: int = DEFAULT_BLOCK_SIZE
    """As asked for the network."""
    block_columns: int = field(default=DEFAULT_BLOCK_COLUMNS, kw_only=True)
    """As asked for the network, one of BLOCK_COLUMNS."""
    sparsity: float = DEFAULT_SPARSITY
    """As asked for the network, 0 <= s < 1: of every layer, or with a global budget of all layers together."""
    floor: float = 0.0
    """Share of a layer's weights that stays at least, in a global budget."""
    ceiling: float = 1.0
    """Share that stays at most."""
    scale: str = "raw"
    """How layers' importances compare in a global budget, one of SCALES."""
    grow: bool = False
    """Whether a global budget also prunes layers that take more bytes packed than dense; else they stay dense."""
    dtype: str = DEFAULT_DTYPE
    """Type of weights and arrays, one of DTYPES, but for layers that have one of their own."""

    folder: Path | None = field(default=None, compare=False, repr=False)
    """Of the file that the plan was read from; paths in `model` count from there."""

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

    def dtype_of(self, name: str) -> str:
        """Type of a layer."""
        return self.layer(name).dtype or self.dtype

    def load_model(self, progress: Callable[[str], None] | None = None) -> LoadedModel:
        """Loads the network that the plan names.

        Raises:
            PlanError: it names none, or a file that isn't there.
            ModelError: it can't be loaded.
        """
        return self.located_model.load(progress)

    @property
    def located_model(self) -> ModelSpec:
        """The network with paths as they count here: from the folder of the plan's file, or else the present one.

        Raises:
            PlanError: the plan names none, or a file that is in neither folder.
        """
        if self.model is None:
            raise PlanError("model: the plan names no network that can be loaded")
        return locate_model(self.model, self.folder)

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Writes the plan as YAML with comments, in one step, and reads it back before it gets its name.

        A checkpoint's path is written as it counts from the file's folder.

        Raises:
            FileError: the folder can't be written, or a file is there and `overwrite` is not set.
            PlanError: a field that is out of range, as `load` would say.
        """

        folder = Path(path).parent
        plan = self if self.model is None else replace(self, model=move_model(self.model, self.folder, folder))

        def check(temporary: Path) -> None:
            if Plan.load(temporary) != plan:
                raise PlanError(f"{path}: the plan can't be written as it is")

        try:
            write_atomically(
                path, lambda place: write_text(place, format_plan(vars(plan))), overwrite=overwrite, check=check
            )
        except PlanError as error:
            raise PlanError(f"{path}: {str(error).split(': ', 1)[-1]}") from None

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Reads a plan.

        Raises:
            PlanError: it can't be read or breaks a rule; one line that names the file, the line and the field.
        """
        defaults = {each.name: each.default for each in fields(cls) if each.default is not MISSING}
        return cls(**read_plan(Path(path), defaults) | {"folder": Path(path).parent})
