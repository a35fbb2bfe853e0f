"""What a key does, as one row of the registry says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Owner = Literal["app", "explore", "table", "map", "curves", "compare", "benchmark", "history", "textual"]
"""Who binds the key: the app, a screen, the layer table, the map, or Textual itself (for the help only)."""


@dataclass(frozen=True)
class KeyAction:
    """One action and its keys."""

    id: str
    """Unique name, for keymaps and tests."""
    keys: str
    """Keys in Textual's spelling, separated by commas."""
    action: str
    """Textual action of the owner."""
    label: str
    """One or two words for the footer."""
    help: str
    """One line for the help screen and the palette."""
    section: str
    """Heading in the help screen."""
    owner: Owner
    """Who binds it."""

    @property
    def key_text(self) -> str:
        """The keys as people read them."""
        return " ".join(_KEY_NAMES.get(key, key) for key in self.keys.split(","))


_KEY_NAMES: Final = {
    "question_mark": "?",
    "slash": "/",
    "asterisk": "*",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "ctrl+c": "^c",
    "ctrl+p": "^p",
    "shift+tab": "⇧tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "shift+up": "⇧↑",
    "shift+down": "⇧↓",
    "shift+left": "⇧←",
    "shift+right": "⇧→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "escape": "esc",
    "enter": "⏎",
}

Row = tuple[str, str, str, str, str]
"""Id, keys, action, label and help of one action."""


def make_section(section: str, owner: Owner, *rows: Row) -> tuple[KeyAction, ...]:
    """The actions of one heading and one owner."""
    return tuple(KeyAction(*row, section=section, owner=owner) for row in rows)
