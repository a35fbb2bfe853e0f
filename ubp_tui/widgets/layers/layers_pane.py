"""The layer table with its frame, the line for a filter, filters to click on, and the network's total."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input

from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.framed import Framed
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.layers.network_foot import NetworkFoot

ALL = "all"
"""What stands for no filter."""


class FilterInput(Input):
    """A line to type a pattern; Escape gives it up, Enter and the down key lead back to the table."""

    def on_key(self, event: events.Key) -> None:
        """Leave by the keys that people try."""
        if event.key in ("escape", "down"):
            event.stop()
            if event.key == "escape":
                self.value = ""
            self.post_message(self.Submitted(self, self.value))


class LayersPane(Framed):
    """Table, filter, total."""

    @dataclass
    class PatternTyped(Message):
        """Layers are to be filtered."""

        pattern: str
        """What they must match; empty: all are shown."""

    _waiting = False
    _counts = ""
    _source = ""

    def compose(self) -> ComposeResult:
        """From the top."""
        yield LayerTable(id="layers")
        yield FilterInput(placeholder="filter: words or a pattern such as *expand*", id="layer-filter", compact=True)
        yield Segments("or", "", (ALL,), ALL, id="filter-offers")
        yield NetworkFoot(id="network-foot")

    def on_mount(self) -> None:
        """A frame without figures until there is a model."""
        self.border_title = "Layers"

    def show_counts(self, prunable: int, layers: int) -> None:
        """Name the layers in the frame."""
        self._counts = f"{prunable} of {layers} prunable"
        self._name_pane()

    def show_source(self, words: str) -> None:
        """Say in the frame where measured figures come from."""
        self._source = words
        self._name_pane()

    def _name_pane(self) -> None:
        """The title of the frame."""
        self.set_titles(" · ".join(filter(None, ("Layers", self._counts, self._source))))

    def show_waiting(self, waiting: bool) -> None:
        """Say that figures are left for later."""
        self._waiting = waiting
        self.query_one(LayerTable).tell_arranged()

    def offer_filters(self, patterns: tuple[str, ...]) -> None:
        """Patterns for the mouse, as many as there is room for."""
        offers = self.query_one("#filter-offers", Segments)
        offers.options, offers.tooltip = (ALL, *patterns), "click one to filter"
        offers.refresh(layout=True)

    def on_layer_table_arranged(self, message: LayerTable.Arranged) -> None:
        """Say what is marked and what is filtered."""
        marks = message.marks
        parts = ["other figures after the benchmark"] if self._waiting else []
        if marks.pattern:
            parts.append(f"{message.shown} match {marks.pattern!r}")
        if marks.names:
            parts.append(f"{len(marks.names)} marked · b benchmarks them")
        self.set_titles(subtitle=" · ".join(parts))

    def open_filter(self) -> None:
        """Show the line and type into it."""
        self.add_class("-filtering")
        self.query_one(FilterInput).focus()

    def show_filter(self, pattern: str) -> None:
        """Filter as if the pattern had been typed."""
        self.add_class("-filtering")
        self.query_one(FilterInput).value = pattern

    @on(Input.Changed)
    def _filter(self, message: Input.Changed) -> None:
        """Filter while it is typed."""
        message.stop()
        self.post_message(self.PatternTyped(message.value))
        self.query_one("#filter-offers", Segments).chosen = message.value or ALL

    @on(Segments.Picked, "#filter-offers")
    def _pick_filter(self, message: Segments.Picked) -> None:
        """A filter was clicked: all layers again closes the line."""
        message.stop()
        self.query_one(FilterInput).value = "" if message.option == ALL else message.option
        if message.option == ALL:
            self.clear_filter()

    def clear_filter(self) -> None:
        """Show all layers; the line goes."""
        line = self.query_one(FilterInput)
        line.value = ""
        self.set_class(False, "-filtering")
        if line.has_focus:
            self.query_one(LayerTable).focus()

    @on(Input.Submitted)
    def _close(self, message: Input.Submitted) -> None:
        """Back to the table; the filter stays, its line goes with an empty pattern."""
        message.stop()
        self.set_class(bool(message.value), "-filtering")
        self.query_one(LayerTable).focus()
