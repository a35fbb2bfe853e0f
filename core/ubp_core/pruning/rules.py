"""What is asked of each layer: defaults, overrides by name or pattern, and what is left out. Touches no weight."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ubp_core.errors import PruningError
from ubp_core.native.library import thread_count
from ubp_core.plan import Plan
from ubp_core.selection import check_block_columns
from ubp_core.vocabulary import DEFAULT_BLOCK_COLUMNS, MAX_BLOCK_SIZE, METHODS

if TYPE_CHECKING:
    from torch import nn

    from ubp_core.pruning.schedules import Schedule

SCOPES = ("layer", "global")


@dataclass(frozen=True)
class LayerRule:
    """What one layer, or all layers of a pattern, do differently; None: as the rest."""

    sparsity: float | None = None
    """Final sparsity; in the scope "global" the layer then leaves the common budget."""
    block_size: int | None = None
    method: str | None = None
    block_columns: int | None = field(default=None, kw_only=True)
    min_sparsity: float | None = None
    """Floor of the final sparsity."""
    max_sparsity: float | None = None
    """Ceiling of the sparsity: at least 1 - ceiling of the weights stay."""
    skip: bool | None = None
    """True: stays dense. False: is pruned though it would stay dense by default (a classifier, say)."""


@dataclass(frozen=True)
class LayerSettings:
    """What holds for one layer in the end."""

    block_size: int
    sparsity: float
    """Final sparsity; in the scope "global" that of the whole budget, unless `fixed`."""
    method: str
    min_sparsity: float = 0.0
    max_sparsity: float = 1.0
    fixed: bool = False
    """Has a sparsity of its own: no part of a common budget."""
    common: bool = False
    """The pruner shares one budget out, among all layers that are not `fixed`."""
    block_columns: int = DEFAULT_BLOCK_COLUMNS
    """Of a block, one of BLOCK_COLUMNS."""

    def __post_init__(self) -> None:
        if isinstance(self.block_size, bool) or not isinstance(self.block_size, int):
            raise PruningError(f"block_size: need a whole number; got {self.block_size!r}")
        if not 1 <= self.block_size <= MAX_BLOCK_SIZE:
            raise PruningError(f"block_size: need 1 to {MAX_BLOCK_SIZE}; got {self.block_size}")
        check_block_columns(self.block_columns, PruningError)
        if self.method not in METHODS:
            raise PruningError(f"method: {self.method!r} is unknown; choose from {', '.join(METHODS)}")
        check_share("sparsity", self.sparsity)
        limits = (self.min_sparsity, self.max_sparsity)
        if not all(map(is_number, limits)) or not 0 <= self.min_sparsity <= self.max_sparsity <= 1:
            raise PruningError(
                f"sparsity limits: need 0 <= floor <= ceiling <= 1; got {self.min_sparsity!r} and {self.max_sparsity!r}"
            )

    @property
    def target(self) -> float:
        """What the schedule leads to: the layer's own sparsity, or that of the common budget."""
        return self.sparsity if self.common and not self.fixed else self.final_sparsity

    @property
    def final_sparsity(self) -> float:
        """The layer's own sparsity within its floor and ceiling (scope "layer", and fixed layers)."""
        return min(max(self.sparsity, self.min_sparsity), self.max_sparsity)


Overrides = Mapping[str, "LayerRule | float"]
"""By a layer's name or a shell pattern such as "layer4.*"; a number is a sparsity. Later entries win."""


def resolve_rules(
    reasons: Mapping[str, str | None],
    defaults: LayerSettings,
    overrides: Overrides | None = None,
    skip: Sequence[str] = (),
) -> dict[str, LayerSettings]:
    """The settings of every layer that will be pruned.

    Args:
        reasons: every candidate, with why it stays dense by default (None: it does not).
        defaults: what holds where nothing else is said.
        overrides: see `Overrides`.
        skip: names and patterns of layers that stay dense.

    Raises:
        PruningError: a pattern that no layer has, settings that can't be, or nothing left to prune.
    """
    rules = {name: LayerRule() for name in reasons}
    for pattern, rule in (overrides or {}).items():
        rule = rule if isinstance(rule, LayerRule) else LayerRule(sparsity=check_share(f"overrides: {pattern}", rule))
        for name in match_layers(pattern, reasons, "overrides"):
            rules[name] = _merge(rules[name], rule)
    for pattern in skip:
        for name in match_layers(pattern, reasons, "skip"):
            rules[name] = replace(rules[name], skip=True)
    settings = {}
    for name, rule in rules.items():
        if rule.skip if rule.skip is not None else reasons[name] is not None:
            continue
        settings[name] = _settle(name, defaults, rule)
    if not settings:
        raise PruningError("no layer is left to prune: every one stays dense; check_deployable(model) tells why")
    return settings


def rules_of_plan(
    plan: Plan, reasons: Mapping[str, object], dense: Sequence[str] = ()
) -> tuple[dict[str, LayerRule | float], list[str]]:
    """A plan as overrides and layers to skip; every layer that it does not prune stays dense, and those of `dense`.

    Raises:
        PruningError: it names a layer that is not there, prunes nothing, or prunes a layer altogether.
    """
    for layer in plan.layers:
        if layer.name not in reasons:
            match_layers(glob.escape(layer.name), reasons, "plan")
    pruned = {layer.name: layer for layer in plan.pruned if layer.name not in dense}
    for name, layer in pruned.items():
        if layer.sparsity >= 1:
            raise PruningError(f"plan: {name} has sparsity {layer.sparsity:g}; nothing would be left of it")
    rules: dict[str, LayerRule | float] = {
        glob.escape(name): LayerRule(
            layer.sparsity, layer.block_size, layer.method, skip=False, block_columns=layer.block_columns
        )
        for name, layer in pruned.items()
    }
    return rules, [glob.escape(name) for name in reasons if name not in pruned]


def match_layers(pattern: str, names: Mapping[str, object], label: str) -> list[str]:
    """The layers of a name or pattern, at least one."""
    found = [name for name in names if fnmatchcase(name, pattern)]
    if not found:
        close = get_close_matches(pattern, list(names), n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(close)}?" if close else "check_deployable(model) lists the layers"
        raise PruningError(f"{label}: no layer is called {pattern!r}: {hint}")
    return found


def check_arguments(
    model: nn.Module,
    scope: str,
    schedule: Schedule | None,
    overrides: Overrides | None,
    skip: Sequence[str],
    plan: Plan | str | Path | None,
    criterion_batches: int,
    threads: int | None,
) -> None:
    """Refuses arguments of `BlockPruner` of a wrong kind, and such as contradict one another.

    Raises:
        PruningError: the line names the argument.
    """
    if not hasattr(model, "named_modules"):
        raise PruningError(f"model: need a torch.nn.Module; got {type(model).__name__}")
    if scope not in SCOPES:
        raise PruningError(f"scope: {scope!r} is unknown; choose from {', '.join(SCOPES)}")
    if schedule is not None and not hasattr(schedule, "is_due"):
        raise PruningError(f"schedule: need one such as CubicSchedule(...); got {schedule!r}")
    if overrides is not None and not isinstance(overrides, Mapping):
        raise PruningError(f"overrides: need a dictionary by layer name or pattern; got {type(overrides).__name__}")
    if isinstance(skip, str) or not all(isinstance(name, str) for name in skip):
        raise PruningError(f"skip: need a list of names and patterns; got {skip!r}")
    if not isinstance(plan, Plan | str | Path | None):
        raise PruningError(f"plan: need a plan or its file; got {type(plan).__name__}")
    if plan is not None and (overrides or skip or scope != "layer"):
        raise PruningError('plan: it says everything on layers; leave out overrides and skip, and scope="global"')
    if isinstance(criterion_batches, bool) or not isinstance(criterion_batches, int) or criterion_batches < 1:
        raise PruningError(f"criterion_batches: need a whole number from 1; got {criterion_batches!r}")
    thread_count(threads, PruningError)


def check_share(label: str, value: Any) -> float:
    """A sparsity below 1; raises the PruningError that names it."""
    if not is_number(value) or not 0 <= value < 1:
        raise PruningError(f"{label}: need 0 <= s < 1; got {value!r}")
    return float(value)


def is_number(value: Any) -> bool:
    """Whether it is a real number, and no truth value."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _merge(first: LayerRule, second: LayerRule) -> LayerRule:
    """The second rule, completed by the first."""
    said = {f.name: getattr(second, f.name) for f in fields(second)}
    return replace(first, **{key: value for key, value in said.items() if value is not None})


def _settle(name: str, defaults: LayerSettings, rule: LayerRule) -> LayerSettings:
    said = {f.name: getattr(rule, f.name) for f in fields(rule) if f.name != "skip"}
    changes = {key: value for key, value in said.items() if value is not None}
    try:
        return replace(defaults, **changes, fixed=rule.sparsity is not None)
    except PruningError as error:
        raise PruningError(f"{name}: {error}") from None
