"""The bar of controls: method, block size, sparsity."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.reactive import reactive

from ubp_tui.messages import ChoicePicked
from ubp_tui.state import METHODS, Choice, offered_block_sizes
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.controls.sparsity_slider import SparsitySlider


class ChoiceBar(Container):
    """Shows a choice and posts a new one; it never changes the choice by itself."""

    choice: reactive[Choice] = reactive(Choice)
    """The choice that is shown."""

    def __init__(self, choice: Choice, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start with a choice; its block size is offered even if it is an unusual one."""
        super().__init__(id=id)
        self.set_reactive(ChoiceBar.choice, choice)
        self.block_sizes = offered_block_sizes(choice)

    def compose(self) -> ComposeResult:
        """The three controls."""
        sizes = tuple(str(size) for size in self.block_sizes)
        yield Segments("method", "m", METHODS, self.choice.method, id="method")
        with Horizontal(id="choice-numbers"):
            yield Segments("block", "n", sizes, str(self.choice.block_size), id="block-size")
            yield SparsitySlider(self.choice.sparsity, id="sparsity")

    def watch_choice(self, choice: Choice) -> None:
        """Show another choice."""
        if not self.is_mounted:
            return
        self.query_one("#method", Segments).chosen = choice.method
        self.query_one("#block-size", Segments).chosen = str(choice.block_size)
        self.query_one(SparsitySlider).sparsity = choice.sparsity

    @on(Segments.Picked, "#method")
    def _pick_method(self, message: Segments.Picked) -> None:
        """Another method."""
        message.stop()
        self.post_message(ChoicePicked(replace(self.choice, method=message.option)))

    @on(Segments.Picked, "#block-size")
    def _pick_block_size(self, message: Segments.Picked) -> None:
        """Another block size."""
        message.stop()
        self.post_message(ChoicePicked(replace(self.choice, block_size=int(message.option))))

    @on(SparsitySlider.Moved)
    def _pick_sparsity(self, message: SparsitySlider.Moved) -> None:
        """Another sparsity."""
        message.stop()
        self.post_message(ChoicePicked(self.choice.with_sparsity(message.sparsity)))
