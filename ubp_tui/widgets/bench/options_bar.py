"""The controls for how a benchmark runs: one row of segments per option, for keys and mouse."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.reactive import reactive

from ubp_tui.bench.options import OPTIONS, RunOption, RunOptions
from ubp_tui.widgets.controls.segments import Segments

LABEL_WIDTH = max(len(option.label) for option in OPTIONS)


class OptionsBar(Container):
    """What is chosen; `set_values` changes what can be chosen."""

    options: reactive[RunOptions] = reactive(RunOptions, init=False)
    """What is chosen."""

    class Changed(Message):
        """Something else was chosen."""

    def compose(self) -> ComposeResult:
        """A control per option."""
        for option in OPTIONS:
            label = option.label.ljust(LABEL_WIDTH)
            yield Segments(label, option.key, option.values, self._chosen(option), id=f"option-{option.name}")

    def on_mount(self) -> None:
        """A title."""
        self.border_title = "Run"

    def _chosen(self, option: RunOption) -> str:
        """The chosen value of an option."""
        return str(getattr(self.options, option.name))

    def _control(self, name: str) -> Segments:
        """The control of an option."""
        return self.query_one(f"#option-{name}", Segments)

    def set_values(self, name: str, values: tuple[str, ...]) -> None:
        """Change what an option offers; what is chosen and is no longer offered goes back to the first."""
        control = self._control(name)
        if control.options == values:
            return
        control.options = values
        control.refresh(layout=True)
        if getattr(self.options, name) not in values:
            self.options = replace(self.options, **{name: values[0]})

    def step(self, name: str, step: int = 1) -> None:
        """The next value of an option, around the end."""
        values = self._control(name).options
        place = values.index(getattr(self.options, name)) if getattr(self.options, name) in values else -step
        self.options = replace(self.options, **{name: values[(place + step) % len(values)]})

    def watch_options(self) -> None:
        """Show what is chosen."""
        for option in OPTIONS:
            self._control(option.name).chosen = self._chosen(option)
        self.post_message(self.Changed())

    @on(Segments.Picked)
    def _pick(self, message: Segments.Picked) -> None:
        """A value was clicked."""
        message.stop()
        name = str(message.segments.id).removeprefix("option-")
        self.options = replace(self.options, **{name: message.option})
