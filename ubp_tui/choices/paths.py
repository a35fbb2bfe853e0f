"""Paths as they are typed."""

from __future__ import annotations

from pathlib import Path


def typed_path(text: str) -> Path:
    """The path that was typed, `~` being the user's own folder; `~name` of a user that there is not stays as it is."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
