"""The command palette's view of the key registry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode

from ubp_tui.keys.key_action import KeyAction, Owner
from ubp_tui.keys.registry import REGISTRY

ANYWHERE = ("app", "textual")
"""Owners that are there on every screen; the app runs their actions."""


class RegistryCommands(Provider):
    """Every action of the registry, with its keys.

    Screens and widgets that bind keys say in `key_owner` whose these are; it also says who runs the action.
    """

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
        owners = {*ANYWHERE, *(owner for node in self._nodes() if (owner := _owner_of(node)) is not None)}
        return [action for action in REGISTRY if action.owner in owners and action.id != "app.palette"]

    def _nodes(self) -> Iterator[DOMNode]:
        """Who may own keys: what has the focus first, then the screen and everything on it."""
        if self.focused is not None:
            yield self.focused
        yield self.screen
        yield from self.screen.query("*")

    async def _run(self, action: KeyAction) -> None:
        """Run an action at its owner."""
        owner = next((node for node in self._nodes() if _owner_of(node) == action.owner), None)
        await self.app.run_action(action.action, owner or self.app)


def _owner_of(node: DOMNode) -> Owner | None:
    """Whose keys a screen or a widget binds."""
    return getattr(node, "key_owner", None)


def _title(action: KeyAction) -> str:
    """Section, name and keys in a line."""
    return f"{action.section}: {action.label} ({action.key_text})"
