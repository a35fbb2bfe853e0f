"""The tour that a first run shows: five lines."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

TOUR = (
    ("j k  1 2 3", "pick a layer; go to layers, block map, curves"),
    ("m n [ ]", "method, block size, sparsity: every figure follows"),
    ("+ - w  arrows", "zoom into the map down to single weights"),
    ("b", "measure the layer on this machine or on the phone"),
    ("e", "take the result away;  ? lists every key,  q leaves"),
)
"""Keys and what they do, in the order in which they are needed."""


class TourDialog(ModalScreen[None]):
    """Five lines for somebody who sees the app for the first time."""

    BINDINGS = [Binding("escape,enter,space", "dismiss", "close")]  # noqa: RUF012 (Textual's own form)

    def compose(self) -> ComposeResult:
        """The lines."""
        lines = [Content.assemble((keys.ljust(15), "bold $text-accent"), text) for keys, text in TOUR]
        with Vertical(id="tour") as panel:
            panel.border_title = "Welcome to ubp-tui"
            panel.border_subtitle = "Enter or a click closes"
            yield Static(Content("\n").join(lines))

    def on_click(self, event: events.Click) -> None:
        """A click anywhere goes on."""
        event.stop()
        self.dismiss()


def tour_path() -> Path:
    """The file whose presence says that this user has seen the tour."""
    from platformdirs import user_state_path

    return user_state_path("ubp-tui") / "tour-seen"


def take_first_time(path: Path | None) -> bool:
    """Whether the tour was never shown; from now on it was. Where nothing can be written, it isn't shown."""
    if path is None or path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        return False
    return True
