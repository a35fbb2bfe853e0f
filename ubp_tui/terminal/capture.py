"""A screen as it is now, as a picture and as text."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from rich.console import Console
from textual.screen import Screen


def capture_screen(screen: Screen[Any]) -> dict[str, Callable[[], str]]:
    """What makes the texts of the kinds `picture` (SVG) and `text` later, also on another thread."""
    size, title = screen.size, screen.app.title
    render = screen._compositor.render_update(full=True)
    strips = screen._compositor.render_strips()

    def draw() -> str:
        console = Console(
            width=size.width,
            height=size.height,
            file=io.StringIO(),
            force_terminal=True,
            color_system="truecolor",
            record=True,
            legacy_windows=False,
            safe_box=False,
        )
        console.print(render)
        return console.export_svg(title=title)

    return {"picture": draw, "text": lambda: "".join(f"{strip.text.rstrip()}\n" for strip in strips)}
