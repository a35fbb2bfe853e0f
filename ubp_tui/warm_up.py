"""Imports what Textual and Rich put off until the first picture needs it: 25 ms, for which a key would have to wait."""

from __future__ import annotations

WIDE = "\u3042"
"""A character whose width is looked up in a table; that of Latin letters is known without it."""


def prepare_drawing() -> None:
    """Import scroll bars, and the table of the characters' widths."""
    import textual.scrollbar  # noqa: F401
    from rich.cells import cell_len

    cell_len(WIDE)
