"""The footer: the keys that the registry names for it, and more of them where there is room."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer

from ubp_tui.keys.bindings import NARROW, NARROW_FOOTER, ROOMY_FOOTER
from ubp_tui.keys.registry import REGISTRY
from ubp_tui.terminal.textual_private import FooterKey

_CLASSES: Final = {action.action: ROOMY_FOOTER[action.id] for action in REGISTRY if action.id in ROOMY_FOOTER}
"""Class of a key by its action; the style sheet shows it in wide or in broad terminals."""
_KEPT: Final = {action.action for action in REGISTRY if action.id in NARROW_FOOTER}
"""Actions of the keys that stay in narrow terminals."""


class KeyFooter(Footer):
    """Keys, their names, and the palette; a click on one is the key itself."""

    _keys: list[tuple[Binding, bool]] | None = None
    """What is shown, and whether it can be used now; None: nothing yet."""

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Build the footer anew only where it will look different: that takes 20 ms, and a key may be waiting."""
        if not (screen.app.app_focus and self.is_attached and screen is self.screen):
            return
        keys = [(each.binding, each.enabled) for each in screen.active_bindings.values() if each.binding.show]
        if keys != self._keys:
            self._keys = keys
            super().bindings_changed(screen)

    def compose(self) -> ComposeResult:
        """As Textual does it; keys that need room get a class."""
        for widget in super().compose():
            if isinstance(widget, FooterKey) and widget.action in _CLASSES:
                widget.add_class(_CLASSES[widget.action])
            # What is no key is the word of several keys.
            gone = widget.action not in _KEPT if isinstance(widget, FooterKey) else True
            widget.set_class(gone and not widget.has_class("-command-palette"), "-spare")
            yield widget

    def on_resize(self) -> None:
        """The style sheet hides what a narrow terminal has no room for."""
        self.set_class(self.size.width < NARROW, "-narrow")
