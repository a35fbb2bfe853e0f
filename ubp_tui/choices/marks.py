"""What is marked, filtered and sorted in the layer table: an immutable value. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ubp_tui.choices.patterns import matches

if TYPE_CHECKING:
    from ubp_core.models import Layer


@dataclass(frozen=True)
class Marks:
    """Which layers are marked, which are shown, and in which order."""

    names: tuple[str, ...] = ()
    """Names of the marked layers, in the network's order."""
    pattern: str = ""
    """What layers must match to be shown; empty: all are."""
    sort: str = ""
    """Column that layers are sorted by; empty: the network's order."""
    descending: bool = False
    """Whether the greatest comes first."""

    def with_names(self, names: Iterable[str], layers: Sequence[Layer]) -> Marks:
        """Mark these layers and no others.

        Args:
            names: of the layers; those that the network does not have are left out.
            layers: of the network.
        """
        wanted = set(names)
        return replace(self, names=tuple(layer.name for layer in layers if layer.name in wanted))

    def toggled(self, name: str, layers: Sequence[Layer]) -> Marks:
        """Mark a layer, or unmark it."""
        return self.with_names({*self.names} ^ {name}, layers)

    def with_shown(self, layers: Sequence[Layer]) -> Marks:
        """Mark every layer that is shown and can be pruned; if all of them are marked, unmark them."""
        names = find_pattern(self.pattern, layers)
        return self.with_names({*self.names} - names if names <= {*self.names} else {*self.names} | names, layers)

    def inverted(self, layers: Sequence[Layer]) -> Marks:
        """Mark the layers shown that are not marked, and unmark those that are; what stays dense is left out."""
        return self.with_names({*self.names} ^ find_pattern(self.pattern, layers), layers)

    def with_pattern(self, pattern: str, layers: Sequence[Layer]) -> Marks:
        """Mark every prunable layer that a pattern means, too."""
        return self.with_names({*self.names} | find_pattern(pattern, layers), layers)

    def filtered(self, pattern: str) -> Marks:
        """Show only layers that a pattern means."""
        return replace(self, pattern=pattern)

    def sorted_by(self, column: str, descending: bool = False) -> Marks:
        """Sort by a column, or with an empty one in the network's order."""
        return replace(self, sort=column, descending=descending and bool(column))

    def sort_stepped(self, column: str) -> Marks:
        """Sort by a column: rising, then falling, then in the network's order."""
        if column != self.sort:
            return self.sorted_by(column)
        return self.sorted_by("") if self.descending else self.sorted_by(column, True)

    def reversed(self) -> Marks:
        """Turn the order around."""
        return self.sorted_by(self.sort, not self.descending)


def find_pattern(pattern: str, layers: Sequence[Layer]) -> set[str]:
    """Names of the prunable layers that a pattern means."""
    return {layer.name for layer in layers if layer.prunable and matches(pattern, layer)}
