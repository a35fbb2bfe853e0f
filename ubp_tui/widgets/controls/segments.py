"""A row of options of which one is chosen; click one to choose it."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Segments(Widget):
    """A labelled choice of a few options, all of them in sight."""

    chosen: reactive[str] = reactive("")
    """The chosen option."""
    hovered: reactive[str] = reactive("")
    """The option under the pointer, or an empty text."""

    class Picked(Message):
        """An option was clicked."""

        def __init__(self, segments: Segments, option: str) -> None:
            """The control and the option."""
            super().__init__()
            self.segments = segments
            self.option = option

        @property
        def control(self) -> Segments:
            """The control that sent it."""
            return self.segments

    def __init__(self, label: str, key: str, options: tuple[str, ...], chosen: str, *, id: str) -> None:  # noqa: A002
        """Args: the label, the key that steps through the options (shown in the label), the options, the chosen one."""
        super().__init__(id=id)
        self.label = label
        self.key = key
        self.options = options
        self.set_reactive(Segments.chosen, chosen)
        self.tooltip = f"{label}: click one, or press {key}"

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as the label and all options."""
        return self._offsets()[-1][1]

    def _offsets(self) -> list[tuple[int, int]]:
        """First and end cell of every option."""
        cell = len(self.label) + 1 + len(self.key) + 1
        offsets = []
        for option in self.options:
            offsets.append((cell, cell + len(option) + 2))
            cell += len(option) + 2
        return offsets

    def render(self) -> Content:
        """The label, then the options."""
        parts = [Content.assemble((self.label, "$text-muted"), " ", (self.key, "bold $text-accent"), " ")]
        for option in self.options:
            style = "$text-muted on $surface-lighten-1"
            if option == self.chosen:
                style = "bold $block-cursor-foreground on $block-cursor-background"
            elif option == self.hovered:
                style = "bold $text on $surface-lighten-2"
            # Without colour Textual only turns colours grey: brackets, as wide as the blanks, tell the chosen one.
            bracketed = option == self.chosen and self.app.no_color
            parts.append(Content.styled(f"[{option}]" if bracketed else f" {option} ", style))
        return Content("").join(parts)

    def option_at(self, cell: int) -> str:
        """The option at a cell of the widget, or an empty text."""
        for (first, end), option in zip(self._offsets(), self.options, strict=True):
            if first <= cell < end:
                return option
        return ""

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Light the option under the pointer."""
        self.hovered = self.option_at(event.x)

    def on_leave(self) -> None:
        """Forget the pointer."""
        self.hovered = ""

    def on_click(self, event: events.Click) -> None:
        """Choose the option under the pointer."""
        option = self.option_at(event.x)
        if option:
            self.post_message(self.Picked(self, option))
