"""What the functions of `operations` work with: arguments by name in, steps out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ubp_core.network.draft import Draft, LayerWeights, Step, Value
from ubp_core.packed.format import Op


class Refused(Exception):
    """The operation can't be exported; the text goes on after its name and place."""


@dataclass(frozen=True)
class ValueNumber:
    """A value of the network among the arguments of an operation."""

    number: int


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor that the module stores, among the arguments of an operation."""

    path: str
    tensor: torch.Tensor | None


class StepMaker:
    """One operation: its arguments, and how it becomes steps of the draft."""

    def __init__(
        self, draft: Draft, place: str, arguments: Mapping[str, Any], result_value: Callable[[], Value]
    ) -> None:
        self.draft = draft
        self.place = place
        self._arguments = arguments
        self._result_value = result_value

    @property
    def result(self) -> Value:
        """Shape of the operation's result."""
        return self._result_value()

    def has(self, name: str) -> bool:
        """Whether the operation has such an argument."""
        return name in self._arguments

    def get(self, name: str) -> Any:
        """An argument that is no array."""
        value = self._arguments.get(name)
        if isinstance(value, ValueNumber | Stored):
            raise Refused(f"has an array for {name}")
        return value

    def is_array(self, name: str) -> bool:
        """Whether an argument is a value of the network."""
        return isinstance(self._arguments.get(name), ValueNumber)

    def value(self, name: str) -> int:
        """Number of a value of the network."""
        return self._number(self._arguments.get(name))

    def values(self, name: str) -> tuple[int, ...]:
        """Numbers of a list of values."""
        return tuple(self._number(one) for one in self._arguments[name])

    def _number(self, given: Any) -> int:
        if isinstance(given, Stored):
            raise Refused(f"works on the constant {given.path}")
        if not isinstance(given, ValueNumber):
            raise Refused(f"works on {given!r}, which is no result of the network")
        return given.number

    def shape(self, number: int) -> Value:
        """Shape of a value."""
        return self.draft.values[number]

    def stored(self, name: str) -> tuple[str, NDArray[np.float32]] | None:
        """Path and content of a tensor that the module stores; None where the argument is None."""
        given = self._arguments.get(name)
        if given is None:
            return None
        if not isinstance(given, Stored) or given.tensor is None:
            raise Refused(f"has a calculated {name}; only stored ones can be exported")
        if not given.tensor.is_floating_point():
            raise Refused(f"has a {name} that is no floating-point tensor")
        array = given.tensor.detach().to("cpu", torch.float32).contiguous().numpy()
        if not np.isfinite(array).all():
            raise Refused(f"has a {name} ({given.path}) with values that are not finite")
        return given.path, array

    def pair(self, name: str, default: int | None = None) -> tuple[int, int]:
        """One or two numbers as (down, across)."""
        given = self.get(name)
        numbers = [given] if isinstance(given, int) else list(given or [])
        if not numbers and default is not None:
            numbers = [default]
        if len(numbers) not in (1, 2):
            raise Refused(f"has {len(numbers)} numbers for {name}, not one or two")
        return int(numbers[0]), int(numbers[-1])

    def add(self, op: Op | None, inputs: tuple[int, ...], shape: Value | None = None, **details: Any) -> int:
        """Adds a step and returns the number of the value that it makes."""
        number = max(self.draft.values, default=-1) + 1
        self.draft.values[number] = shape or self.result
        self.draft.steps.append(Step(self.place, op, inputs, number, **details))
        return number

    def add_scale(self, value: int, name: str, scale: NDArray[np.float64], offset: NDArray[np.float64]) -> int:
        """Adds a step that multiplies each channel by a factor and adds an offset."""
        channels = self.shape(value).channels
        ones = np.ones((channels, 1, 1, 1), np.float32)
        weights = LayerWeights(name, ones, scale, offset, groups=channels, is_scale=True)
        return self.add(Op.LAYER, (value,), self.shape(value), weights=weights)

    def reshaped(self, number: int, rank: int) -> int:
        """The same value, now shown with another rank; its height and width are 1. An input stays what it is."""
        if number in self.draft.inputs:
            return self.add(Op.FLATTEN, (number,))
        self.draft.values[number] = replace(self.shape(number), rank=rank)
        return number
