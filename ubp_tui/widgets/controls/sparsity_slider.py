"""The slider for the sparsity."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from ubp_tui.choices.choice import MAX_SPARSITY


class SparsitySlider(Widget):
    """A labelled track with a knob; click, drag or turn the wheel."""

    LABELS = "sparsity", "s"
    """The label, and what stands for it where there is little room."""
    KEYS = "[ ]"
    VALUE = 8
    """Cells of the value."""
    SHORTEST, SHORT = 2, 8
    """Cells of a track at the least, and of one that is worth the short label."""

    sparsity: reactive[float] = reactive(0.75)
    """0..MAX_SPARSITY."""

    class Moved(Message):
        """The knob was moved by the mouse."""

        def __init__(self, sparsity: float) -> None:
            """The new sparsity."""
            super().__init__()
            self.sparsity = sparsity

    def __init__(self, sparsity: float, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start at a sparsity."""
        super().__init__(id=id)
        self.set_reactive(SparsitySlider.sparsity, sparsity)
        self._dragging = False
        self.tooltip = "sparsity: click, drag or wheel; [ and ] by 5 points, { and } by 1"

    @property
    def _label(self) -> str:
        """The label that leaves room for a track."""
        long, short = self.LABELS
        return long if self._room(long) >= self.SHORT else short

    def _room(self, label: str) -> int:
        """Cells for the track beside a label."""
        return self.size.width - len(label) - len(self.KEYS) - 3 - self.VALUE

    @property
    def _track(self) -> tuple[int, int]:
        """First cell and length of the track."""
        label = self._label
        return len(label) + len(self.KEYS) + 3, max(self.SHORTEST, self._room(label))

    def render(self) -> Content:
        """Label, track with the knob, value."""
        _, length = self._track
        knob = min(round(self.sparsity * (length - 1)), length - 1)
        percent = f"{100 * self.sparsity:.4g}"
        if self._room(self._label) >= self.SHORTEST:
            percent = percent.rjust(5)  # the track stays where it is; with less room it is the unit that must not go
        return Content.assemble(
            (self._label, "$text-muted"),
            " ",
            Content.styled(self.KEYS, "bold $text-accent"),
            "  ",
            ("━" * knob, "$primary"),
            ("●", "bold $text-accent"),
            ("─" * (length - 1 - knob), "$text-disabled"),
            (f" {percent} %", "bold"),
        )

    def _move_to(self, cell: int) -> None:
        """Post the whole point nearest to a cell."""
        first, length = self._track
        sparsity = min(max((cell - first) / (length - 1), 0.0), MAX_SPARSITY)
        self.post_message(self.Moved(round(sparsity, 2)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a drag."""
        self._dragging = True
        self.capture_mouse()
        self._move_to(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the knob."""
        if self._dragging:
            self._move_to(event.x)

    def on_mouse_up(self) -> None:
        """End a drag."""
        self._dragging = False
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """One point more."""
        event.stop()
        self.post_message(self.Moved(self.sparsity + 0.01))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """One point less."""
        event.stop()
        self.post_message(self.Moved(self.sparsity - 0.01))
