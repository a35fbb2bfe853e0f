"""Which model to load, and how: what a command line, a plan and a session say of it. Loads torch only when asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ubp_core.models.layers import LoadedModel


@dataclass(frozen=True)
class ModelSpec:
    """The arguments of `ubp_core.models.load_model`."""

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
        """Loads it.

        Args:
            progress: gets a line for people before slow work.

        Raises:
            ModelError: see `load_model`.
        """
        from ubp_core.models.loading import load_model

        return load_model(
            self.name,
            weights=self.weights,
            arch=self.arch,
            width=self.width,
            seed=self.seed,
            input_size=self.input_size,
            progress=progress,
        )
