"""How the screens are arranged: what a session puts back beside the choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

VIEWS: Final = ("layers", "map", "curves")
"""The panes of the explore screen, in the order of their keys 1, 2, 3."""
Pictures = Literal["auto", "shown", "hidden"]
"""Whether the pictures beside the map are shown."""


@dataclass(frozen=True)
class MapPlace:
    """What the block map shows."""

    row: int = 0
    """Row of the cursor."""
    column: int = 0
    """Column of the cursor, as drawn."""
    level: int = 0
    """Zoom level; 0 is the whole layer."""


@dataclass(frozen=True)
class ExploreArrangement:
    """How the explore screen is arranged."""

    view: str = "layers"
    """The pane with the focus: one of VIEWS."""
    place: MapPlace = field(default_factory=MapPlace)
    """Where the map stands."""
    full: bool = False
    """Whether the pane of `view` has the whole screen."""
    pictures: Pictures = "auto"
    """Whether minimap and histograms stand below the map; `auto`: where there is room."""
    curves_over: str = "sparsity"
    """The x axis of the curves: `sparsity` or `block size`."""


@dataclass(frozen=True)
class Arrangement:
    """How the screens are arranged."""

    theme: str = ""
    """Name of the theme; empty: as the command line says."""
    full: bool = False
    """Whether the pane of `view` has the whole screen."""
    sort: str = ""
    """Column that the layer table is sorted by; empty: in the network's order."""
    descending: bool = False
    """Whether the greatest comes first."""
    pictures: Pictures = "auto"
    """Whether minimap and histograms stand below the map; `auto`: where there is room."""
    curves_over: str = "sparsity"
    """The x axis of the curves: `sparsity` or `block size`."""
    plot: str = "bars"
    """The plot of the benchmark screen where only one has room: `bars` or `scatter`."""
