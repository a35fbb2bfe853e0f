"""When masks are updated and how sparse the network is by then. Knows steps and shares; no model, no weights.

Between two updates, and after the last one, masks are frozen: what remains of the training is fine-tuning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from ubp_core.errors import PruningError


class Schedule(Protocol):
    """What `BlockPruner` needs of a schedule; step `t` is the moment after the optimizer's t-th step."""

    def is_due(self, step: int) -> bool:
        """Whether masks are updated at this step."""

    def sparsity(self, step: int, final: float) -> float:
        """Sparsity at this step on the way to `final`; never falls as steps go on."""

    def is_complete(self, step: int) -> bool:
        """Whether the last update lies behind: the sparsity is final and masks are frozen."""


@dataclass(frozen=True)
class OneShotSchedule:
    """All at once."""

    at: int = 0
    """Step of the only update; 0: at the first `step()`, or before it by `BlockPruner.update_masks()`."""

    def __post_init__(self) -> None:
        _check_step("at", self.at, 0)

    def is_due(self, step: int) -> bool:
        return step == self.at

    def sparsity(self, step: int, final: float) -> float:
        return final if step >= self.at else 0.0

    def is_complete(self, step: int) -> bool:
        return step >= self.at


@dataclass(frozen=True)
class GradualSchedule:
    """Sparsity grows from `initial` to the final one along `1 - (1 - p)**power`, where p runs from 0 to 1."""

    begin: int
    """First step with an update; dense before."""
    end: int
    """Last step with an update, at the final sparsity; masks are frozen from here on."""
    every: int = 1
    """Steps between updates; `end` always has one."""
    initial: float = 0.0
    """Sparsity at `begin`."""
    power: float = 1.0
    """1 is linear, 3 is cubic."""

    def __post_init__(self) -> None:
        _check_step("begin", self.begin, 0)
        _check_step("end", self.end, self.begin)
        _check_step("every", self.every, 1)
        if not 0 <= self.initial < 1:
            raise PruningError(f"schedule: initial must be 0 <= s < 1; got {self.initial!r}")
        if not self.power > 0:
            raise PruningError(f"schedule: power must be above 0; got {self.power!r}")

    def is_due(self, step: int) -> bool:
        inside = self.begin <= step <= self.end
        return inside and ((step - self.begin) % self.every == 0 or step == self.end)

    def sparsity(self, step: int, final: float) -> float:
        if step < self.begin:
            return 0.0
        if step >= self.end:
            return final
        start = min(self.initial, final)
        progress = (step - self.begin) / (self.end - self.begin)
        return start + (final - start) * (1.0 - math.pow(1.0 - progress, self.power))

    def is_complete(self, step: int) -> bool:
        return step >= self.end


@dataclass(frozen=True)
class LinearSchedule(GradualSchedule):
    """Equal growth at every step."""


@dataclass(frozen=True)
class CubicSchedule(GradualSchedule):
    """Fast at first, slow near the end, where weights are missed most (Zhu & Gupta 2017, arXiv 1710.01878)."""

    power: float = 3.0
    """As in that paper."""


def _check_step(label: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise PruningError(f"schedule: {label} must be a whole number from {least}; got {value!r}")
