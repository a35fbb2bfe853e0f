"""The names of our own themes, for the command line before there is a terminal. No Textual."""

from __future__ import annotations

from typing import Final

THEME_NAMES: Final = ("dark", "light", "dark-safe", "light-safe")
"""As the command line says them; "safe" ones never rely on red against green. The first is worn at first."""


def theme_name(name: str) -> str:
    """What Textual calls one of our themes: apart from its own."""
    return f"ubp-{name}"
