"""The history screen: earlier benchmarks, one in detail, or two that are marked side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Input, Static
from textual.worker import get_current_worker

from ubp_core.cells import shorten_middle
from ubp_tui.bench.services import BenchServices
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.renderables.bench.history import describe_comparison, describe_run
from ubp_tui.renderables.bench.history_rows import fit_columns, matches_run, run_cells
from ubp_tui.renderables.cells import shown
from ubp_tui.screens.history_changes import HistoryChanges
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.layers.layers_pane import FilterInput
from ubp_tui.widgets.size_notice import SizeNotice

if TYPE_CHECKING:
    from ubp_core.history import Summary

FRAME = 5
"""Cells beside the details: frame, margins, scrollbar."""
EMPTY = "The history is empty: press b on a layer to benchmark it."


class HistoryScreen(Screen[None]):
    """The list above, the details below."""

    BINDINGS = bindings_of("history")
    key_owner: ClassVar[Owner] = "history"

    @dataclass
    class Listed(Message):
        """The history was read."""

        runs: tuple[Summary, ...]
        """Newest first."""

    @dataclass
    class Described(Message):
        """The lines of one run, or of a comparison, are ready."""

        numbers: tuple[int, ...]
        """One or two numbers of runs."""
        title: str
        """Title of the panel."""
        lines: tuple[str, ...]
        """What to show."""

    @dataclass
    class Failed(Message):
        """The history can't be read."""

        line: str
        """Why, and what to do, in one line."""
        numbers: tuple[int, ...] = ()
        """The runs that were to be described; empty: the list."""

    def __init__(self, bench: BenchServices) -> None:
        """Args: what reads the history."""
        super().__init__()
        self._bench = bench
        self._changes = HistoryChanges(self, bench, self.forget)
        self.marked: tuple[int, ...] = ()
        """Numbers of the marked runs, at most two."""
        self.words = ""
        """The filter."""
        self._runs: dict[int, Summary] = {}
        self._shown: tuple[int, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, list, details, footer."""
        yield ScreenTitle("History", id="history-title")
        with Vertical(id="history-body"):
            yield DataTable[Text](id="history-table", cursor_type="row", cell_padding=0)
            with VerticalScroll(id="history-details"):
                yield Static("reading the history", id="history-text", markup=False)
        yield FilterInput(placeholder="filter: words of device, model, layer, N ...", id="history-filter", compact=True)
        yield KeyFooter()
        yield SizeNotice(id="size-notice")

    def on_mount(self) -> None:
        """Make the columns and read."""
        table = self._table()
        table.border_title = "Runs"
        self._fill()
        table.focus()
        self._list_runs()

    def _table(self) -> DataTable[Text]:
        """The list."""
        return self.query_one("#history-table", DataTable)

    def on_history_screen_listed(self, message: Listed) -> None:
        """Fill the list."""
        self._runs = {run.id: run for run in message.runs}
        self.query_one(
            ScreenTitle
        ).detail = f"{len(self._runs)} run{'s' if len(self._runs) != 1 else ''} · space marks two to compare"
        self._fill()
        if not message.runs:
            self._show_line(EMPTY)

    def on_resize(self) -> None:
        """Another width has room for other columns, and for other details."""
        if self._runs:
            self._fill()
            self._show(self._shown)

    @property
    def _shown_runs(self) -> list[Summary]:
        """The runs that the filter means."""
        return [run for run in self._runs.values() if matches_run(self.words, run)]

    def _fill(self) -> None:
        """Columns and rows; the cursor stays on its run."""
        table = self._table()
        runs = self._shown_runs
        rows = {run.id: run_cells(run, run.id in self.marked) for run in runs}
        widths = fit_columns(list(rows.values()), self.app.size.width)
        cursor = table.cursor_row
        table.clear(columns=True)
        # Widths that are given: the table would find its own a moment after the first frame.
        for name, width in widths.items():
            table.add_column(Text("" if name == "mark" else name), key=name, width=width)
        for number, cells in rows.items():
            named = {**cells, "model": shorten_middle(cells["model"], widths["model"] - 2)}
            table.add_row(*(Text(named[name]) for name in widths), key=str(number))
        table.move_cursor(row=min(max(cursor, 0), max(len(rows) - 1, 0)))
        hidden = len(self._runs) - len(rows)
        table.border_subtitle = f"{hidden} hidden by {self.words!r} (esc shows all)" if hidden else ""

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Another run is under the cursor."""
        if message.row_key.value is not None and len(self.marked) < 2:
            self._show((int(message.row_key.value),))

    def _show(self, numbers: tuple[int, ...]) -> None:
        """Ask for the text of one run or of a comparison."""
        self._shown = numbers
        self._describe(numbers, max(40, self.app.size.width - FRAME))

    def _show_line(self, line: str) -> None:
        """In place of a run's details."""
        self._shown = ()
        self.query_one("#history-details").border_title = None
        self.query_one("#history-text", Static).update(shown(line))

    def on_history_screen_described(self, message: Described) -> None:
        """Show it, unless another is wanted by now."""
        if message.numbers != self._shown:
            return
        panel = self.query_one("#history-details", VerticalScroll)
        panel.border_title = message.title
        panel.scroll_home(animate=False)
        self.query_one("#history-text", Static).update("\n".join(map(shown, message.lines)))

    def on_history_screen_failed(self, message: Failed) -> None:
        """Say why in place of the text; in the dialog too where the whole history can't be read."""
        if message.numbers != (self._shown if message.numbers else ()):
            return
        self.query_one("#history-details").border_title = "Can't be read"
        self.query_one("#history-text", Static).update(shown(message.line))
        if not message.numbers:
            self.app.push_screen(ErrorDialog("The history can't be read", message.line))

    def action_mark_run(self) -> None:
        """Mark the run under the cursor, or unmark it; a third mark takes the place of the first."""
        table = self._table()
        if not table.row_count:
            return
        number = int(str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value))
        before = self.marked
        marked = tuple(n for n in before if n != number) if number in before else (*before, number)[-2:]
        self.marked = marked
        listed = {key.value for key in table.rows}  # the filter may hide marked ones
        for changed in {*before, *marked}:
            if str(changed) in listed:
                table.update_cell(str(changed), "mark", Text("●" if changed in marked else ""))
        # The older run comes first: a ratio above 1 then says that the newer one is faster.
        self._show(tuple(sorted(marked)) if len(marked) == 2 else (number,))

    # Filter, export, delete

    def action_filter(self) -> None:
        """Type words that runs must have."""
        self.add_class("-filtering")
        self.query_one(FilterInput).focus()

    @on(Input.Changed, "#history-filter")
    def _filter(self, message: Input.Changed) -> None:
        """Filter while it is typed."""
        self.words = message.value
        self._fill()
        if self._runs and not self._shown_runs and len(self.marked) < 2:
            self._show_line(f"No run has {self.words!r}: Escape shows all.")

    @on(Input.Submitted, "#history-filter")
    def _close_filter(self, message: Input.Submitted) -> None:
        """Back to the list; the filter stays, its line goes with an empty one."""
        self.set_class(bool(message.value), "-filtering")
        self._table().focus()

    @property
    def _meant(self) -> tuple[int, ...]:
        """The marked runs, or the one under the cursor."""
        table = self._table()
        if self.marked or not table.row_count:
            return self.marked
        return (int(str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value)),)

    def action_export(self) -> None:
        """Write all that the list shows; the marked ones where some are marked."""
        self._changes.ask_export(tuple(sorted(self.marked or (run.id for run in self._shown_runs))))

    def action_delete(self) -> None:
        """Delete the marked runs, or the one under the cursor."""
        self._changes.ask_delete(self._meant)

    def forget(self) -> None:
        """Runs are gone: nothing is marked any more, and the list is read again."""
        self.marked, self._shown = (), ()
        self._list_runs()

    def action_leave(self) -> None:
        """Show all runs again; where all are shown, back."""
        if self.words:
            self.query_one(FilterInput).value = ""
            self.remove_class("-filtering")
        else:
            self.app.pop_screen()

    # On threads

    @work(thread=True, exclusive=True, group="list_runs", description="read the list of the history")
    def _list_runs(self) -> None:
        """Read the list."""
        from ubp_core.history import HistoryError

        worker = get_current_worker()
        message: HistoryScreen.Listed | HistoryScreen.Failed
        try:
            message = self.Listed(self._bench.list_runs())
        except HistoryError as error:
            message = self.Failed(str(error))
        if not worker.is_cancelled:
            self.post_message(message)

    @work(thread=True, exclusive=True, group="describe_runs", description="read one run, or compare two")
    def _describe(self, numbers: tuple[int, ...], width: int) -> None:
        """Put one run or a comparison into words."""
        from ubp_core.history import HistoryError

        worker = get_current_worker()
        message: HistoryScreen.Described | HistoryScreen.Failed
        try:
            message = self.Described(numbers, *describe_runs(self._bench, numbers, width))
        except HistoryError as error:
            message = self.Failed(str(error), numbers)
        if not worker.is_cancelled:
            self.post_message(message)


def describe_runs(bench: BenchServices, numbers: tuple[int, ...], width: int) -> tuple[str, tuple[str, ...]]:
    """Title and lines of one run or of a comparison; raises HistoryError."""
    if len(numbers) == 1:
        run = bench.read_run(numbers[0]).run
        return f"Run {numbers[0]}", tuple(describe_run(run, numbers[0], width))
    first, second = (bench.read_run(number).run for number in numbers)
    lines = describe_comparison(bench.compare(*numbers), (first, second), width)
    return f"Runs {numbers[0]} and {numbers[1]}", tuple(lines)
