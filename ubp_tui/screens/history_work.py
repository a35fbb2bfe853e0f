"""The history screen's workers: threads that read the history and post what they found."""

from __future__ import annotations

from textual import work
from textual.screen import Screen
from textual.worker import get_current_worker

from ubp_tui.messages import HistoryFailed, HistoryListed, HistoryTextMade
from ubp_tui.renderables.bench.history import describe_comparison, describe_run
from ubp_tui.work.services import Services


class HistoryWork(Screen[None]):
    """A screen that can read the history in the background."""

    def __init__(self, services: Services) -> None:
        """Args: what reads the history."""
        super().__init__()
        self.services = services

    @work(thread=True, exclusive=True, group="list_runs", description="read the list of the history")
    def _list_runs(self) -> None:
        """Read the list."""
        from ubp_core.history import HistoryError

        worker = get_current_worker()
        message: HistoryListed | HistoryFailed
        try:
            message = HistoryListed(self.services.bench.list_runs())
        except HistoryError as error:
            message = HistoryFailed(str(error))
        if not worker.is_cancelled:
            self.post_message(message)

    @work(thread=True, exclusive=True, group="describe_runs", description="read one run, or compare two")
    def _describe(self, numbers: tuple[int, ...], width: int) -> None:
        """Put one run or a comparison into words."""
        from ubp_core.history import HistoryError

        worker = get_current_worker()
        message: HistoryTextMade | HistoryFailed
        try:
            message = self._make_text(numbers, width)
        except HistoryError as error:
            message = HistoryFailed(str(error), numbers)
        if not worker.is_cancelled:
            self.post_message(message)

    def _make_text(self, numbers: tuple[int, ...], width: int) -> HistoryTextMade:
        """The text; raises HistoryError."""
        bench = self.services.bench
        if len(numbers) == 1:
            run = bench.read_run(numbers[0]).run
            return HistoryTextMade(numbers, f"Run {numbers[0]}", tuple(describe_run(run, numbers[0], width)))
        first, second = (bench.read_run(number).run for number in numbers)
        lines = describe_comparison(bench.compare(*numbers), (first.figure, second.figure), width)
        return HistoryTextMade(numbers, f"Runs {numbers[0]} and {numbers[1]}", tuple(lines))
