"""The history screen: earlier benchmarks, one in detail, or two that are marked side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from ubp_core.benchmark.figure import FIGURE_WORDS
from ubp_tui.bench.services import BenchServices
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.renderables.bench.history import describe_comparison, describe_run
from ubp_tui.renderables.bench.text import describe_started
from ubp_tui.renderables.cells import shorten_middle, shown
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.size_notice import SizeNotice

if TYPE_CHECKING:
    from ubp_core.history import Summary

COLUMNS = ("mark", "run", "started UTC", "device", "figure", "model", "layers", "ended")
SPARE = ("layers", "figure")
"""Columns that stand back where a model's name has no room: the details below have them too."""
LEAST_NAME = 12
"""Cells of a model's name that there must be."""
FRAME = 5
"""Cells beside the details: frame, margins, scrollbar."""
EMPTY = "The history is empty: press b on a layer to benchmark it."


def fit_columns(rows: Sequence[Mapping[str, str]], width: int) -> tuple[tuple[str, ...], int]:
    """Which columns of the list there are in a terminal of some width, and the cells of a model's name in them.

    The last column may be cut where a run ended early (the details say all of it), but not "complete".
    """
    cells = {name: max([len(name), *(cell_len(row[name]) for row in rows)]) + 2 for name in COLUMNS}
    cells |= {"mark": 2, "model": 2, "ended": len("complete") + 1}
    shown: tuple[str, ...] = COLUMNS
    for spare in ("", *SPARE):
        shown = tuple(name for name in shown if name != spare)
        room = width - 3 - sum(cells[name] for name in shown)  # the frame, and the scrollbar
        if room >= LEAST_NAME:
            break
    return shown, max(LEAST_NAME, room)


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
            self.query_one("#history-text", Static).update(EMPTY)

    def on_resize(self) -> None:
        """Another width has room for other columns, and for other details."""
        if self._runs:
            self._fill()
            self._show(self._shown)

    def _fill(self) -> None:
        """Columns and rows; the cursor stays on its run."""
        table = self._table()
        rows = {number: self._cells(run) for number, run in self._runs.items()}
        shown, room = fit_columns(list(rows.values()), self.app.size.width)
        cursor = table.cursor_row
        table.clear(columns=True)
        for name in shown:
            table.add_column("" if name == "mark" else f"{name}  ", key=name, width=2 if name == "mark" else None)
        for number, cells in rows.items():
            named = {**cells, "model": shorten_middle(cells["model"], room)}
            table.add_row(*(Text(f"{named[name]}  ") for name in shown), key=str(number))
        table.move_cursor(row=cursor)

    def _cells(self, run: Summary) -> dict[str, str]:
        """One row, by column."""
        mark = "●" if run.id in self.marked else ""
        figure = FIGURE_WORDS.get(run.figure, run.figure)
        layers = f"{run.layers} of {run.planned}"
        ended = run.failure or "complete"
        cells = (mark, str(run.id), describe_started(run.started), run.device, figure, run.model, layers, ended)
        return dict(zip(COLUMNS, map(shown, cells), strict=True))

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Another run is under the cursor."""
        if message.row_key.value is not None and len(self.marked) < 2:
            self._show((int(message.row_key.value),))

    def _show(self, numbers: tuple[int, ...]) -> None:
        """Ask for the text of one run or of a comparison."""
        self._shown = numbers
        self._describe(numbers, max(40, self.app.size.width - FRAME))

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
    lines = describe_comparison(bench.compare(*numbers), (first.figure, second.figure), width)
    return f"Runs {numbers[0]} and {numbers[1]}", tuple(lines)
