"""The bar of controls: method, rows and columns of blocks, sparsity, type, and for which layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.message import Message
from textual.reactive import reactive

from ubp_core.vocabulary import BLOCK_COLUMNS, DEFAULT_DTYPE, DTYPES, METHODS
from ubp_tui.choices.choice import Choice, offered_block_sizes
from ubp_tui.choices.layer_choices import SCOPES, Scope
from ubp_tui.widgets.controls.next_segment import NextSegment
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.controls.sparsity_slider import SparsitySlider


class ChoiceBar(Container):
    """Shows a choice and posts what the user wants changed; it never changes the choice by itself."""

    @dataclass
    class Changed(Message):
        """The user picked a method, rows or columns of a block, or sparsity."""

        bar: ChoiceBar
        """Where."""
        fields: dict[str, Any]
        """Fields of `Choice` and their new values."""

    @dataclass
    class ScopePicked(Message):
        """The user picked for which layers choices are meant."""

        scope: Scope
        """The scope."""

    @dataclass
    class TypePicked(Message):
        """The user picked a type of weights and arrays."""

        dtype: str
        """One of DTYPES."""

    choice: reactive[Choice] = reactive(Choice)
    """The choice that is shown."""
    scope: reactive[Scope] = reactive("all")
    """Which layers a change is meant for."""
    dtype: reactive[str] = reactive(DEFAULT_DTYPE)
    """The type that is shown."""

    def __init__(self, choice: Choice, *, scoped: bool = True, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Args: the choice (its block size is offered even if unusual), whether scopes and types are offered."""
        super().__init__(id=id)
        self.set_reactive(ChoiceBar.choice, choice)
        self.block_sizes = offered_block_sizes(choice)
        self._scoped = scoped

    def compose(self) -> ComposeResult:
        """The controls in two groups."""
        sizes = tuple(str(size) for size in self.block_sizes)
        with Horizontal(classes="choice-group"):
            yield Segments("method", "m", METHODS, self.choice.method, short=True, id="method")
            if self._scoped:
                yield Segments("for", "t", SCOPES, self.scope, short=True, id="scope")
        with Horizontal(classes="choice-group"):
            yield Segments(
                "block" if self._scoped else "N", "n", sizes, str(self.choice.block_size), short=True, id="block-size"
            )
            columns = tuple(map(_name_columns, BLOCK_COLUMNS))
            chosen = _name_columns(self.choice.block_columns)
            yield NextSegment("columns of a block", "K", columns, chosen, id="block-columns")
            yield SparsitySlider(self.choice.sparsity, id="sparsity")
            if self._scoped:
                yield Segments("type", "z", DTYPES, self.dtype, short=True, tight=True, id="dtype")

    def watch_choice(self, choice: Choice) -> None:
        """Show another choice."""
        if not self.is_mounted:
            return
        self.query_one("#method", Segments).chosen = choice.method
        self.query_one("#block-size", Segments).chosen = str(choice.block_size)
        self.query_one("#block-columns", Segments).chosen = _name_columns(choice.block_columns)
        self.query_one(SparsitySlider).sparsity = choice.sparsity

    def watch_scope(self, scope: Scope) -> None:
        """Show another scope."""
        for segments in self.query("#scope").results(Segments):
            segments.chosen = scope

    def watch_dtype(self, dtype: str) -> None:
        """Show another type."""
        for segments in self.query("#dtype").results(Segments):
            segments.chosen = dtype

    @on(Segments.Picked, "#dtype")
    def _pick_dtype(self, message: Segments.Picked) -> None:
        """Another type."""
        message.stop()
        self.post_message(self.TypePicked(message.option))

    @on(Segments.Picked, "#method")
    def _pick_method(self, message: Segments.Picked) -> None:
        """Another method."""
        message.stop()
        self.post_message(self.Changed(self, {"method": message.option}))

    @on(Segments.Picked, "#block-size")
    def _pick_block_size(self, message: Segments.Picked) -> None:
        """Another block size."""
        message.stop()
        self.post_message(self.Changed(self, {"block_size": int(message.option)}))

    @on(Segments.Picked, "#block-columns")
    def _pick_block_columns(self, message: Segments.Picked) -> None:
        """Blocks of another number of columns."""
        message.stop()
        self.post_message(self.Changed(self, {"block_columns": int(message.option[1:])}))

    @on(Segments.Picked, "#scope")
    def _pick_scope(self, message: Segments.Picked) -> None:
        """Other layers."""
        message.stop()
        self.post_message(self.ScopePicked(cast(Scope, message.option)))

    @on(SparsitySlider.Moved)
    def _pick_sparsity(self, message: SparsitySlider.Moved) -> None:
        """Another sparsity."""
        message.stop()
        self.post_message(self.Changed(self, {"sparsity": self.choice.with_sparsity(message.sparsity).sparsity}))


def _name_columns(count: int) -> str:
    """Columns of a block, beside its rows: x4."""
    return f"x{count}"
