"""What the history screen asks for in dialogs: files to write, and runs to delete."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from ubp_tui.bench.services import BenchServices
from ubp_tui.choices.paths import typed_path
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.prompt import PromptDialog

OFFERS = (("runs.csv", "a line per variant"), ("runs.json", "everything, with all samples"))


class HistoryChanges:
    """Asks, and does on threads what was answered."""

    def __init__(self, screen: Screen[Any], bench: BenchServices, deleted: Callable[[], None]) -> None:
        """Args: the screen that the dialogs lie over, what has the history, who hears that runs were deleted."""
        self._screen, self._bench, self._deleted = screen, bench, deleted

    def ask_export(self, numbers: tuple[int, ...]) -> None:
        """Ask for a file, and write runs."""

        def write(text: str | None) -> None:
            if text:
                self._run(partial(self._export, numbers, typed_path(text)), "write runs to a file")

        if numbers:
            hint = f"{count_runs(len(numbers))} as .csv or .json; a file that is there already is left alone"
            self._screen.app.push_screen(PromptDialog("Export", hint, check_target, OFFERS), write)

    def ask_delete(self, numbers: tuple[int, ...]) -> None:
        """Ask whether runs are to be deleted, and do it."""

        def delete(answer: str | None) -> None:
            if answer == "delete":
                self._run(partial(self._delete, numbers), "delete runs of the history")

        if numbers:
            which = " and ".join(f"run {number}" for number in numbers)
            remedies = (("keep", "Keep"), ("delete", "Delete"))
            dialog = ErrorDialog(f"Delete {which}?", "It can't be taken back.", remedies, escape="keep")
            self._screen.app.push_screen(dialog, delete)

    def _run(self, work: Callable[[], None], words: str) -> None:
        """Work on a thread, one thing after the other."""
        self._screen.run_worker(work, thread=True, group="change_history", description=words)

    # On threads

    def _export(self, numbers: tuple[int, ...], path: Path) -> None:
        """Write runs."""
        from ubp_core.errors import UbpError

        try:
            self._bench.export_runs(numbers, path)
        except UbpError as error:
            self._tell(self._refuse, "The runs can't be written", str(error))
        else:
            self._tell(self._screen.notify, f"wrote {count_runs(len(numbers))} to {path}")

    def _delete(self, numbers: tuple[int, ...]) -> None:
        """Delete runs."""
        from ubp_core.history import HistoryError

        try:
            self._bench.delete_runs(numbers)
        except HistoryError as error:
            self._tell(self._refuse, "The run can't be deleted", str(error))
        self._tell(self._deleted)

    def _tell(self, call: Callable[..., Any], *arguments: str) -> None:
        """Let the event loop make a call, unless the screen is gone."""
        if self._screen.is_attached:
            self._screen.call_later(call, *arguments)

    def _refuse(self, title: str, line: str) -> None:
        """Say why something can't be done."""
        self._screen.app.push_screen(ErrorDialog(title, line))


def count_runs(count: int) -> str:
    """A number of runs."""
    return "1 run" if count == 1 else f"{count} runs"


def check_target(text: str) -> str:
    """What is wrong with a file to write; empty where nothing is."""
    path = typed_path(text)
    if path.suffix not in (".csv", ".json"):
        return "Name a .csv or a .json file."
    return f"{path.name} is there already: name another file." if path.exists() else ""
