"""Exceptions for some layers, by name or pattern: `layer4.*=sparsity:0.9,block-size:8`, `conv1=dense`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ubp_core.errors import PlanError
from ubp_core.models.layers import hint_at
from ubp_core.numerals import read_share, read_whole
from ubp_core.vocabulary import BLOCK_COLUMNS, DENSE, DTYPES, MAX_BLOCK_SIZE, METHODS

if TYPE_CHECKING:
    from ubp_core.models import Layer, LoadedModel

FIELDS = "method, block-size, block-columns, sparsity, floor, ceiling, dtype"
SYNTAX = f"PATTERN=dense, or PATTERN=FIELD:VALUE[,...] with {FIELDS}"


@dataclass(frozen=True)
class Override:
    """What differs for the layers that a pattern matches; None: nothing."""

    pattern: str
    """A layer's name, or a pattern with * and ? for any text and any character."""
    method: str | None = None
    """One of METHODS, or DENSE."""
    block_size: int | None = None
    """1 to 32."""
    block_columns: int | None = field(default=None, kw_only=True)
    """One of BLOCK_COLUMNS."""
    sparsity: float | None = None
    """0 to 1."""
    floor: float | None = None
    """Share that stays at least, in a global budget."""
    ceiling: float | None = None
    """Share that stays at most, likewise."""
    dtype: str | None = None
    """One of DTYPES."""

    @property
    def fixes(self) -> bool:
        """Whether the layer's choice is its own, so that a global budget leaves it alone."""
        return any(x is not None for x in (self.method, self.block_size, self.block_columns, self.sparsity))

    @property
    def only_types(self) -> bool:
        """Whether the layer's type is all that differs."""
        return not self.fixes and self.floor is None and self.ceiling is None

    @classmethod
    def parse(cls, text: str) -> Override:
        """Reads SYNTAX.

        Raises:
            PlanError: anything else; the line says what is expected.
        """
        pattern, separator, values = text.partition("=")
        if not separator or not pattern or not values:
            raise PlanError(f"layer override {text!r}: need {SYNTAX}")
        if values == DENSE:
            return cls(pattern, method=DENSE)
        fields: dict[str, Any] = {}
        for part in values.split(","):
            name, _, value = part.partition(":")
            name = name.strip().replace("-", "_")
            if name in fields:
                raise PlanError(f"layer override {text!r}: {name.replace('_', '-')} stands there twice")
            try:
                fields[name] = _PARSERS[name](value.strip())
            except (KeyError, ValueError):
                raise PlanError(f"layer override {text!r}: {part.strip()!r} is no such field; need {SYNTAX}") from None
        return cls(pattern, **fields)


def _method(text: str) -> str:
    if text not in METHODS:
        raise ValueError
    return text


def _dtype(text: str) -> str:
    if text not in DTYPES:
        raise ValueError
    return text


def _block_size(text: str) -> int:
    number = read_whole(text)
    if number is None or not 1 <= number <= MAX_BLOCK_SIZE:
        raise ValueError
    return number


def _block_columns(text: str) -> int:
    number = read_whole(text)
    if number not in BLOCK_COLUMNS:
        raise ValueError
    return number


def _share(text: str) -> float:
    number = read_share(text)
    if number is None or not 0 <= number <= 1:
        raise ValueError
    return number


_PARSERS = {"method": _method, "block_size": _block_size, "sparsity": _share, "dtype": _dtype}
_PARSERS |= {"floor": _share, "ceiling": _share, "block_columns": _block_columns}


def match_overrides(model: LoadedModel, overrides: Sequence[Override]) -> dict[str, Override]:
    """One merged override for each layer that any matches; of two that set the same field the later one counts.

    A pattern finds layers that can be pruned; a whole name finds any layer with one group.

    Raises:
        PlanError: an override matches no layer, or names one that can't be packed.
    """
    merged: dict[str, Override] = {}
    for override in overrides:
        names = [layer.name for layer in model.layers if _matches(layer, override)]
        if not names:
            hint = f"; {hint_at(override.pattern, [layer.name for layer in model.layers])}"
            raise PlanError(
                f"layer override {override.pattern!r}: matches no layer of {model.name} that can be pruned{hint}"
            )
        for name in names:
            merged[name] = merge_overrides(merged.get(name, Override(name)), override)
    return merged


def _matches(layer: Layer, override: Override) -> bool:
    if layer.name == override.pattern:
        if layer.groups != 1 and override.method != DENSE and not override.only_types:
            raise PlanError(f"layer override {override.pattern!r}: it has {layer.groups} groups and stays dense")
        return True
    return layer.prunable and fnmatchcase(layer.name, override.pattern)


def merge_overrides(first: Override, second: Override) -> Override:
    """The fields of both; the second one's count where both have one."""
    changes = {name: value for name, value in vars(second).items() if value is not None and name != "pattern"}
    if second.fixes and second.method is None and first.method == DENSE:
        changes["method"] = None  # sparsity or block size given later: pruned after all
    return replace(first, **changes)
