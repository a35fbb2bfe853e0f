"""What is chosen for every layer of a network: one choice and type for all, exceptions, and layers kept dense.

Immutable, so that an earlier state can be put back; knows no model and no widget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from ubp_core.budgets import LARGER_PACKED
from ubp_core.vocabulary import DEFAULT_DTYPE, DTYPES
from ubp_tui.choices.choice import Choice, find_dense_reason

if TYPE_CHECKING:
    from ubp_core.models import Layer

KEPT: Final = "by choice"
"""Why a layer stays dense of which the user says so."""
Scope = Literal["all", "marked", "layer"]
"""Which layers a change of the choice is meant for."""
SCOPES: Final[tuple[Scope, ...]] = ("all", "marked", "layer")
"""The scopes as the control shows them."""
MAX_UNDO: Final = 100
"""Earlier states that are kept."""


@dataclass(frozen=True)
class Budget:
    """One sparsity for some layers together, and what each of them got."""

    choice: Choice
    """Method, block size, and the sparsity of all of them together."""
    parts: Mapping[str, Choice]
    """The choice of each layer, by name."""
    floor: float = 0.0
    """Share of a layer's weights that stays at least, 0 to 1."""
    ceiling: float = 1.0
    """Share that stays at most."""
    scale: str = "raw"
    """How layers' importances compare: `raw` or `mean`."""
    limits: Mapping[str, tuple[float | None, float | None]] = field(default_factory=lambda: MappingProxyType({}))
    """Floor and ceiling of layers that have their own, by name; None: as of all."""
    grow: bool = False
    """Whether layers are pruned that take more bytes packed than dense."""
    larger: frozenset[str] = frozenset()
    """Layers that stay dense because they would; an edit may prune or keep them by choice all the same."""

    def limited_to(self, names: Set[str]) -> Budget:
        """The same for no other layers than these."""
        parts = {name: part for name, part in self.parts.items() if name in names}
        return replace(self, parts=MappingProxyType(parts), larger=self.larger & names)


@dataclass(frozen=True)
class LayerChoices:
    """The choice of every layer."""

    default: Choice = field(default_factory=Choice)
    """For every layer that `special` does not name."""
    special: Mapping[str, Choice] = field(default_factory=lambda: MappingProxyType({}))
    """Exceptions by name of the layer."""
    dense: frozenset[str] = frozenset()
    """Names of layers that stay dense because the user says so."""
    budget: Budget | None = None
    """Where the choices of `shares` come from; None where no layer has them from a budget any more."""
    dtype: str = DEFAULT_DTYPE
    """Type of weights and arrays of every layer that `types` does not name, one of DTYPES; no blocks depend on it."""
    types: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Exceptions by name of the layer; layers that stay dense have a type too."""

    def of(self, layer: str) -> Choice:
        """The choice of a layer, also of one that stays dense."""
        return self.special.get(layer, self.default)

    def dtype_of(self, layer: str) -> str:
        """The type of a layer."""
        return self.types.get(layer, self.dtype)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """All types that layers have."""
        return tuple(dtype for dtype in DTYPES if dtype in (self.dtype, *self.types.values()))

    def selects_as(self, other: LayerChoices) -> bool:
        """Whether both choose the same blocks: types may differ."""
        return replace(self, dtype=other.dtype, types=other.types) == other

    def shares(self, layer: str) -> bool:
        """Whether a layer still has what the budget gave it; changing its choice takes it out of the budget."""
        parts = {} if self.budget is None else self.budget.parts
        return layer in parts and layer not in self.dense and self.of(layer) == parts[layer]

    def prunes(self, layer: Layer) -> bool:
        """Whether a layer is pruned: it can be, by its choice, and isn't kept dense."""
        return self.why_dense(layer) is None

    def why_dense(self, layer: Layer) -> str | None:
        """Why a layer stays dense, in words; None: it is pruned."""
        kept = self.why_kept(layer.name)
        return layer.skip_reason or kept or find_dense_reason(layer, self.of(layer.name))

    def why_kept(self, layer: str) -> str:
        """Why a layer is in `dense`, in words; "" for one that isn't."""
        if layer not in self.dense:
            return ""
        return LARGER_PACKED if layer in self.larger else KEPT

    @property
    def larger(self) -> frozenset[str]:
        """Layers that the budget keeps dense because packed they would be larger."""
        return frozenset() if self.budget is None else self.budget.larger

    @property
    def uniform(self) -> bool:
        """Whether all layers have the same choice and type."""
        return not self.special and not self.dense and not self.types

    def with_default(self, **fields: Any) -> LayerChoices:
        """Change fields of every layer's choice (its method, say); other fields stay.

        It ends a budget, and with it what only the budget kept dense.
        """
        default = replace(self.default, **fields)
        pruned = replace(self, dense=self.dense - self.larger)
        return pruned._with_special(default, {name: replace(choice, **fields) for name, choice in self.special.items()})

    def with_layers(self, names: Iterable[str], **fields: Any) -> LayerChoices:
        """Change fields of the choices of some layers."""
        changed = {name: replace(self.of(name), **fields) for name in names}
        return self._with_special(self.default, {**self.special, **changed})

    def with_choices(self, choices: Mapping[str, Choice], dense: Iterable[str] = ()) -> LayerChoices:
        """Give layers whole choices of their own, as a plan does; all others stay as they are, but for `dense`."""
        return replace(self._with_special(self.default, {**self.special, **choices}), dense=frozenset(dense))._settle()

    def with_budget(self, budget: Budget) -> LayerChoices:
        """Give layers their parts of a budget; it takes the place of an earlier one, and of what that kept dense."""
        chosen = self._with_special(self.default, {**self.special, **budget.parts})
        return replace(chosen, budget=budget, dense=(self.dense - self.larger) | budget.larger)._settle()

    def with_dense(self, names: Iterable[str], keep: bool) -> LayerChoices:
        """Keep layers dense, or prune them again."""
        wanted = frozenset(names)
        return replace(self, dense=self.dense | wanted if keep else self.dense - wanted)._settle()

    def with_dtype(self, dtype: str, names: Iterable[str] | None = None) -> LayerChoices:
        """Give layers a type; without names all of them, and there are no exceptions any more."""
        if names is None:
            return replace(self, dtype=dtype, types=MappingProxyType({}))
        types = {**self.types, **dict.fromkeys(names, dtype)}
        kept = {name: own for name, own in types.items() if own != self.dtype}
        return replace(self, types=MappingProxyType(kept))

    def limited_to(self, names: Iterable[str]) -> LayerChoices:
        """The same without layers that are not named: a file may have been edited, or be another network's."""
        kept = set(names)
        special = {name: choice for name, choice in self.special.items() if name in kept}
        types = {name: dtype for name, dtype in self.types.items() if name in kept}
        dense = self.dense & kept
        known = LayerChoices(self.default, MappingProxyType(special), dense, None, self.dtype, MappingProxyType(types))
        if self.budget is None:
            return known
        shared = {name for name in kept if self.shares(name) or self.why_kept(name) == LARGER_PACKED}
        return known.with_budget(self.budget.limited_to(shared))

    def _with_special(self, default: Choice, special: Mapping[str, Choice]) -> LayerChoices:
        """The same with other choices; exceptions that are none are forgotten."""
        kept = {name: choice for name, choice in special.items() if choice != default}
        return replace(self, default=default, special=MappingProxyType(kept))._settle()

    def _settle(self) -> LayerChoices:
        """The same without a budget of which nothing is left."""
        gone = self.budget is not None and not any(map(self.shares, self.budget.parts))
        return replace(self, budget=None) if gone else self


class ChoiceHistory:
    """Earlier and undone choices."""

    def __init__(self) -> None:
        """Start with nothing to undo."""
        self._before: list[LayerChoices] = []
        self._after: list[LayerChoices] = []

    def note(self, before: LayerChoices) -> None:
        """Remember a state that is about to change."""
        self._before = [*self._before[1 - MAX_UNDO :], before]
        self._after = []

    def undo(self, now: LayerChoices) -> LayerChoices | None:
        """The state before; None if there is none."""
        return self._step(self._before, self._after, now)

    def redo(self, now: LayerChoices) -> LayerChoices | None:
        """The state that was undone last; None if there is none."""
        return self._step(self._after, self._before, now)

    @staticmethod
    def _step(source: list[LayerChoices], target: list[LayerChoices], now: LayerChoices) -> LayerChoices | None:
        """Move between the two lists."""
        if not source:
            return None
        target.append(now)
        return source.pop()
