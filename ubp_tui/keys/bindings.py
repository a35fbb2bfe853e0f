"""What Textual makes of the key registry: bindings, and which of them the footer shows."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType

from ubp_tui.keys.key_action import KeyAction, Owner
from ubp_tui.keys.registry import REGISTRY

FOOTER: Final = frozenset(
    {
        "method.next",
        "block.larger",
        "sparsity.lower",
        "sparsity.higher",
        "map.zoom_in",
        "map.zoom_out",
        "bench.run",
        "bench.again",
        "bench.cancel",
        "bench.mark",
        "bench.plot",
        "bench.leave",
        "history.mark",
        "history.leave",
        "compare.side",
        "compare.swap",
        "compare.zoom_in",
        "compare.zoom_out",
        "compare.take",
        "compare.leave",
        "app.help",
        "app.quit",
    }
)
"""Ids of the actions that the footer shows; they fit into 80 columns."""
ROOMY_FOOTER: Final = {
    "plan.budget": "-for-wide",
    "plan.export": "-for-wide",
    "compare.open": "-for-wide",
    "layer.filter": "-for-broad",
    "bench.devices": "-for-broad",
    "history.open": "-for-broad",
    "compare.full": "-for-wide",
    "compare.again": "-for-wide",
    "bench.refresh": "-for-wide",
    "history.filter": "-for-wide",
    "history.export": "-for-wide",
    "history.delete": "-for-wide",
}
"""Ids of those that it shows too in wide and in broad terminals, with their class."""
NARROW_FOOTER: Final = frozenset(
    {
        "method.next",
        "block.larger",
        "bench.run",
        "bench.again",
        "bench.cancel",
        "bench.leave",
        "history.mark",
        "history.leave",
        "compare.side",
        "compare.take",
        "compare.leave",
        "app.help",
        "app.quit",
    }
)
"""Ids of those that it keeps where even that is too much."""
NARROW: Final = 80
"""Columns of a terminal below which it is."""
_GROUPS: Final = {
    "sparsity.lower": Binding.Group("sparsity", compact=True),
    "sparsity.higher": Binding.Group("sparsity", compact=True),
    "compare.zoom_in": Binding.Group("zoom", compact=True),
    "compare.zoom_out": Binding.Group("zoom", compact=True),
    "map.zoom_in": Binding.Group("zoom", compact=True),
    "map.zoom_out": Binding.Group("zoom", compact=True),
}
"""Pairs of keys that share a word in the footer."""


def bindings_of(owner: Owner) -> list[BindingType]:
    """Textual bindings of one owner, for its BINDINGS."""
    return [_bind(action) for action in REGISTRY if action.owner == owner]


def _bind(action: KeyAction) -> Binding:
    """One binding; quitting works from everywhere, so it goes first."""
    return Binding(
        action.keys,
        action.action,
        action.label,
        show=action.id in FOOTER or action.id in ROOMY_FOOTER,
        key_display=action.key_text.split(" ")[0],
        priority=action.id == "app.quit",
        tooltip=action.help,
        id=action.id,
        group=_GROUPS.get(action.id),
    )
