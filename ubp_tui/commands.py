"""The command palette's view of the key registry."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode

from ubp_tui.bindings import REGISTRY, KeyAction
from ubp_tui.widgets.map.block_map import BlockMap


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

    @staticmethod
    def _actions() -> list[KeyAction]:
        """What can be run from the palette; opening the palette from itself can't."""
        return [action for action in REGISTRY if action.id != "app.palette"]

    async def _run(self, action: KeyAction) -> None:
        """Run an action at its owner."""
        owners: dict[str, DOMNode | None] = {
            "map": next(iter(self.screen.query(BlockMap)), None),
            "explore": self.screen,
        }
        await self.app.run_action(action.action, owners.get(action.owner) or self.app)


def _title(action: KeyAction) -> str:
    """Section, name and keys in a line."""
    return f"{action.section}: {action.label} ({action.key_text})"
