"""Types of a network's layers and arrays: where numbers are converted so that every step gets the type that it takes.

Owns the choice of types and the conversions. Rounds nothing: that is `half` for weights and the runtime for arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ubp_core.errors import ModelError
from ubp_core.network.draft import Draft, Step
from ubp_core.packed.format import Op

if TYPE_CHECKING:
    from ubp_core.plan import Plan


@dataclass(frozen=True)
class NetworkTypes:
    """What is computed in which type."""

    dtype: str = "fp32"
    """Of all layers but the exceptions, and of what lies between them."""
    layers: Mapping[str, str] = field(default_factory=dict)
    """Exceptions: type by name of the layer."""
    io: str = "fp32"
    """Of the network's inputs and outputs."""
    wide_sums: bool = False
    """Whether products of all fp16 layers are summed in fp32."""

    def of_layer(self, name: str) -> str:
        """Type of a layer."""
        return self.layers.get(name, self.dtype)

    @property
    def all_types(self) -> frozenset[str]:
        """All types that are asked for."""
        return frozenset((self.dtype, *self.layers.values(), self.io))

    @property
    def all_fp32(self) -> bool:
        """Whether nothing is of another type."""
        return self.all_types == {"fp32"}


FP32 = NetworkTypes()
"""Everything in fp32."""


def types_of_plan(plan: Plan, io: str = "fp32", wide_sums: bool = False) -> NetworkTypes:
    """The types that a plan asks for."""
    layers = {x.name: x.dtype for x in plan.layers if x.dtype is not None and x.dtype != plan.dtype}
    return NetworkTypes(plan.dtype, layers, io, wide_sums)


def with_conversions(draft: Draft, types: NetworkTypes) -> Draft:
    """The draft with types, and a conversion wherever a step or the caller needs an array in another type.

    Args:
        draft: folded and fused; left as it is.
        types: what is wanted.

    Raises:
        ModelError: an exception names a layer that the network does not apply.
    """
    applied = {weights.name for _, weights in draft.layer_steps()}
    for name in types.layers:
        if name not in applied:
            raise ModelError(f"{name}: the network does not apply this layer, so it can't have a type of its own")
    typed = _Typed(draft, types.io)
    for step in draft.steps:
        typed.add(step, _step_type(step, typed, types))
    outputs = [typed.converted(value, types.io) for value in draft.outputs]
    return Draft(list(draft.inputs), typed.values, typed.steps, outputs)


def _step_type(step: Step, typed: _Typed, types: NetworkTypes) -> str:
    """The type in which a step computes: a layer's own; what has no weights takes what it gets, if that is one."""
    if step.weights is not None:
        return types.of_layer(step.weights.name)
    if step.op == Op.SOFTMAX:
        return "fp32"
    given = {typed.values[value].dtype for value in step.inputs}
    return given.pop() if len(given) == 1 else types.dtype


class _Typed:
    """A draft in the making: values with types, steps with conversions before them."""

    def __init__(self, draft: Draft, io: str) -> None:
        self.values = dict(draft.values)
        self.steps: list[Step] = []
        self._made: dict[tuple[int, str], int] = {}
        for value in draft.inputs:
            self.values[value] = replace(self.values[value], dtype=io)

    def add(self, step: Step, dtype: str) -> None:
        """A step that computes in this type."""
        inputs = tuple(self.converted(value, dtype) for value in step.inputs)
        self.steps.append(replace(step, inputs=inputs))
        self.values[step.output] = replace(self.values[step.output], dtype=dtype)

    def converted(self, value: int, dtype: str) -> int:
        """The value in this type: itself, or what a conversion makes of it, one for all who need it."""
        if self.values[value].dtype == dtype:
            return value
        if (value, dtype) not in self._made:
            number = max(self.values) + 1
            place = next((step.place for step in self.steps if step.output == value), "input")
            self.values[number] = replace(self.values[value], dtype=dtype)
            self.steps.append(Step(f"{place}.{dtype}", Op.CONVERT, (value,), number))
            self._made[value, dtype] = number
        return self._made[value, dtype]
