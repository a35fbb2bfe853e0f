"""The controls for how a benchmark runs: one row of segments per option, for keys and mouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from ubp_tui.bench.options import OPTIONS, RunOptions
from ubp_tui.widgets.controls.segments import Segments

LABEL_WIDTH = max(len(option.label) for option in OPTIONS)


class OptionsBar(Container):
    """Shows what is chosen and what can be; it changes nothing by itself."""

    @dataclass
    class Picked(Message):
        """The user chose a value of an option."""

        name: str
        """Name of the option."""
        value: str
        """What is to be chosen."""

    def compose(self) -> ComposeResult:
        """A control per option."""
        for option in OPTIONS:
            label, chosen = option.label.ljust(LABEL_WIDTH), str(getattr(RunOptions(), option.name))
            yield Segments(label, option.key, option.values, chosen, id=f"option-{option.name}")

    def on_mount(self) -> None:
        """A title."""
        self.border_title = "Run"

    def show(self, options: RunOptions, offered: Mapping[str, tuple[str, ...]]) -> None:
        """Show what is chosen of each option, and what it offers."""
        for option in OPTIONS:
            control = self.query_one(f"#option-{option.name}", Segments)
            if control.options != offered[option.name]:
                control.options = offered[option.name]
                control.refresh(layout=True)
            control.chosen = str(getattr(options, option.name))

    @on(Segments.Picked)
    def _pick(self, message: Segments.Picked) -> None:
        """A value was clicked."""
        message.stop()
        self.post_message(self.Picked(str(message.segments.id).removeprefix("option-"), message.option))
