"""The history screen: earlier benchmarks, one in detail, or two that are marked side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from ubp_tui import messages
from ubp_tui.bindings import bindings_of
from ubp_tui.renderables.bench_text import FIGURE_WORDS, describe_started
from ubp_tui.screens.error import ErrorDialog
from ubp_tui.screens.history_work import HistoryWork
from ubp_tui.services import Services
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.size_notice import SizeNotice

if TYPE_CHECKING:
    from ubp_core.history import Summary

COLUMNS = ("mark", "run", "started UTC", "device", "figure", "model", "layers", "ended")
EMPTY = "The history is empty: press b on a layer to benchmark it."


class HistoryScreen(HistoryWork):
    """The list above, the details below."""

    BINDINGS = bindings_of("history")

    def __init__(self, services: Services) -> None:
        """Args: what reads the history."""
        super().__init__(services)
        self.marked: tuple[int, ...] = ()
        """Numbers of the marked runs, at most two."""
        self._runs: dict[int, Summary] = {}
        self._shown: tuple[int, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, list, details, footer."""
        yield ScreenTitle("History", id="history-title")
        with Vertical(id="history-body"):
            yield DataTable[Text](id="history-table", cursor_type="row", cell_padding=0)
            with VerticalScroll(id="history-details"):
                yield Static("reading the history", id="history-text", markup=False)
        yield KeyFooter()
        yield SizeNotice(id="size-notice")

    def on_mount(self) -> None:
        """Make the columns and read."""
        table = self._table()
        table.border_title = "Runs"
        for name in COLUMNS:
            table.add_column("" if name == "mark" else f"{name}  ", key=name, width=2 if name == "mark" else None)
        table.focus()
        self._list_runs()

    def _table(self) -> DataTable[Text]:
        """The list."""
        return self.query_one("#history-table", DataTable)

    def on_history_listed(self, message: messages.HistoryListed) -> None:
        """Fill the list."""
        self._runs = {run.id: run for run in message.runs}
        self.query_one(
            ScreenTitle
        ).detail = f"{len(self._runs)} run{'s' if len(self._runs) != 1 else ''} · space marks two to compare"
        table = self._table()
        table.clear()
        for run in message.runs:
            table.add_row(*(Text(f"{cell}  ") for cell in self._cells(run)), key=str(run.id))
        if not message.runs:
            self.query_one("#history-text", Static).update(EMPTY)

    def _cells(self, run: Summary) -> tuple[str, ...]:
        """One row."""
        mark = "●" if run.id in self.marked else ""
        figure = FIGURE_WORDS.get(run.figure, run.figure)
        layers = f"{run.layers} of {run.planned}"
        ended = run.failure or "complete"
        return mark, str(run.id), describe_started(run.started), run.device, figure, run.model, layers, ended

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Another run is under the cursor."""
        if message.row_key.value is not None and len(self.marked) < 2:
            self._show((int(message.row_key.value),))

    def _show(self, numbers: tuple[int, ...]) -> None:
        """Ask for the text of one run or of a comparison."""
        self._shown = numbers
        self._describe(numbers, max(60, self.query_one("#history-details").size.width - 2))

    def on_history_text_made(self, message: messages.HistoryTextMade) -> None:
        """Show it, unless another is wanted by now."""
        if message.numbers != self._shown:
            return
        panel = self.query_one("#history-details", VerticalScroll)
        panel.border_title = message.title
        panel.scroll_home(animate=False)
        self.query_one("#history-text", Static).update("\n".join(message.lines))

    def on_history_failed(self, message: messages.HistoryFailed) -> None:
        """Say why in place of the text; in the dialog too where the whole history can't be read."""
        if message.numbers != (self._shown if message.numbers else ()):
            return
        self.query_one("#history-details").border_title = "Can't be read"
        self.query_one("#history-text", Static).update(message.line)
        if not message.numbers:
            self.app.push_screen(ErrorDialog("The history can't be read", message.line))

    def action_toggle_mark(self) -> None:
        """Mark the run under the cursor, or unmark it; a third mark takes the place of the first."""
        table = self._table()
        if not table.row_count:
            return
        number = int(str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value))
        before = self.marked
        marked = tuple(n for n in before if n != number) if number in before else (*before, number)[-2:]
        self.marked = marked
        for changed in {*before, *marked}:
            table.update_cell(str(changed), "mark", Text("●" if changed in marked else ""))
        # The older run comes first: a ratio above 1 then says that the newer one is faster.
        self._show(tuple(sorted(marked)) if len(marked) == 2 else (number,))

    def action_leave(self) -> None:
        """Back."""
        self.app.pop_screen()
