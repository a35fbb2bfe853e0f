"""A row of options of which one is chosen; click one to choose it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from ubp_tui.renderables.cells import shown

MORE = "… "
"""Stands for options that are out of sight."""
NARROW = 80
"""Columns of a terminal below which a control that may goes without its label."""
ROOMY = (range(100, 150), range(190, 10_000))
"""Columns with which a tight control shows all its options; from 150 on all controls share one line."""


def find_window(widths: Sequence[int], chosen: int, room: int) -> tuple[int, int]:
    """Which options to show: all, or else as many whole ones as fit beside `…`, the chosen one among them.

    Args:
        widths: cells of the options.
        chosen: number of the one that must be seen.
        room: cells there are.

    Returns:
        Number of the first one, and of the one behind the last.
    """
    if sum(widths) <= room:
        return 0, len(widths)

    def fits(first: int, end: int) -> bool:
        more = (first > 0) + (end < len(widths))
        return sum(widths[first:end]) + more * len(MORE) <= room

    first = next((number for number in range(chosen) if fits(number, chosen + 1)), chosen)
    end = chosen + 1
    while end < len(widths) and fits(first, end + 1):
        end += 1
    return first, end


class Segments(Widget):
    """A labelled choice of a few options, all of them in sight; where they don't fit, those around the chosen one."""

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

    def __init__(
        self,
        label: str,
        key: str,
        options: tuple[str, ...],
        chosen: str,
        *,
        short: bool = False,
        tight: bool = False,
        id: str,  # noqa: A002 (Textual's own name)
    ) -> None:
        """Begin with an option.

        Args:
            label: what is chosen.
            key: steps through the options; shown behind the label.
            options: all of them.
            chosen: one of them.
            short: whether the label may be left away in narrow terminals.
            tight: whether only the chosen option need be in sight there.
        """
        super().__init__(id=id)
        self.label = label
        self._short, self._tight = short, tight
        self.key = key
        self.options = options
        self.set_reactive(Segments.chosen, chosen)
        self.tooltip = f"{label}: click one, or press {key}"

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as the label and all options; as the longest of these where that must do."""
        if self._is_cut:
            return self._head + max(map(_width, self.options)) + len(MORE)
        return self._offsets()[-1][1]

    def _offsets(self) -> list[tuple[int, int]]:
        """First and end cell of every option, where all are in sight."""
        cell = self._head
        offsets = []
        for option in self.options:
            offsets.append((cell, cell + _width(option)))
            cell += _width(option)
        return offsets

    @property
    def _is_cut(self) -> bool:
        """Whether only the chosen option is in sight, with `…` behind it for the next one."""
        return self._tight and not any(self.app.size.width in roomy for roomy in ROOMY)

    def _window(self) -> tuple[int, int]:
        """Number of the first option in sight, and of the one behind the last."""
        if self._is_cut:
            return self._place, self._place + 1
        widths = [_width(option) for option in self.options]
        return find_window(widths, self._place, self.size.width - self._head)

    @property
    def _head(self) -> int:
        """Cells of label and key."""
        return len(self._label) + len(self.key) + 1

    @property
    def _label(self) -> str:
        """The label as it is shown, with a blank behind it."""
        return "" if self._short and self.app.size.width < NARROW else f"{self.label} "

    @property
    def _place(self) -> int:
        """Number of the chosen option; 0 where none is."""
        return self.options.index(self.chosen) if self.chosen in self.options else 0

    def render(self) -> Content:
        """The label, then the options."""
        parts = [Content.assemble((self._label, "$text-muted"), (self.key, "bold $text-accent"), " ")]
        first, end = self._window()
        if first and not self._is_cut:
            parts.append(Content.styled(MORE, "$text-muted"))
        for option in self.options[first:end]:
            style = "$text-muted on $surface-lighten-1"
            if option == self.chosen:
                style = "bold $block-cursor-foreground on $block-cursor-background"
            elif option == self.hovered:
                style = "bold $text on $surface-lighten-2"
            # Without colour Textual only turns colours grey: brackets, as wide as the blanks, tell the chosen one.
            bracketed = option == self.chosen and self.app.no_color
            text = shown(option)
            parts.append(Content.styled(f"[{text}]" if bracketed else f" {text} ", style))
        if end < len(self.options) or self._is_cut:
            parts.append(Content.styled(MORE, "$text-muted"))
        return Content("").join(parts)

    def option_at(self, cell: int) -> str:
        """The option at a cell, or an empty text; `…` stands for the next of those out of sight."""
        first, end = self._window()
        at = self._head
        if self._is_cut:
            chosen, behind = self.options[first], self.options[end % len(self.options)]
            ends = at + _width(chosen)
            return chosen if at <= cell < ends else behind if ends <= cell < ends + len(MORE) else ""
        for number in range(first - (first > 0), min(end + 1, len(self.options))):
            width = _width(self.options[number]) if first <= number < end else len(MORE)
            if at <= cell < at + width:
                return self.options[number]
            at += width
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


def _width(option: str) -> int:
    """Cells of an option, with a blank on each side."""
    return cell_len(shown(option)) + 2
