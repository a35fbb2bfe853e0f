"""The command palette's view of the key registry."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from ubp_tui.keys.registry import REGISTRY, KeyAction, Owner
from ubp_tui.screens.benchmark import BenchmarkScreen
from ubp_tui.screens.compare import CompareScreen
from ubp_tui.screens.explore import ExploreScreen
from ubp_tui.screens.history import HistoryScreen
from ubp_tui.widgets.curve.curve_pane import CurvePane
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.block_map import BlockMap

SCREENS: Final[dict[Owner, type[Screen[Any]]]] = {
    "explore": ExploreScreen,
    "table": ExploreScreen,
    "map": ExploreScreen,
    "curves": ExploreScreen,
    "compare": CompareScreen,
    "benchmark": BenchmarkScreen,
    "history": HistoryScreen,
}
"""The screen on which an owner's actions can be run."""

WIDGETS: Final[dict[Owner, type[Widget]]] = {"map": BlockMap, "table": LayerTable, "curves": CurvePane}
"""The widget that runs an owner's actions, where it is not the screen itself."""


class RegistryCommands(Provider):
    """Every action of the registry, with its keys."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for action in self._actions():
            yield DiscoveryHit(_title(action), partial(self._run, action), help=action.help)

    async def search(self, query: str) -> Hits:
        """Those that match what is typed."""
        matcher = self.matcher(query)
        for action in self._actions():
            score = max(matcher.match(_title(action)), matcher.match(action.help))
            if score > 0:
                yield Hit(score, matcher.highlight(_title(action)), partial(self._run, action), help=action.help)

    def _actions(self) -> list[KeyAction]:
        """What can be run on this screen; opening the palette from itself can't."""
        owners = {"app", "textual", *(owner for owner, screen in SCREENS.items() if isinstance(self.screen, screen))}
        return [action for action in REGISTRY if action.owner in owners and action.id != "app.palette"]

    async def _run(self, action: KeyAction) -> None:
        """Run an action at its owner."""
        owner: DOMNode | None = self.screen if action.owner in SCREENS else self.app
        if action.owner in WIDGETS:
            owner = next(iter(self.screen.query(WIDGETS[action.owner])), None)
        await self.app.run_action(action.action, owner or self.app)


def _title(action: KeyAction) -> str:
    """Section, name and keys in a line."""
    return f"{action.section}: {action.label} ({action.key_text})"
