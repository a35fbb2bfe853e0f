"""The app's half that is not about pruning: whatever ends it, terminal, process and what was done stay in order."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from textual import events
from textual.driver import Driver
from textual.filter import ANSIToTruecolor, LineFilter
from textual.notifications import SeverityLevel
from textual.worker import WorkerFailed

from ubp_core.printable import printable
from ubp_tui.terminal.ascii_filter import AsciiFilter
from ubp_tui.terminal.focus_keeper import FocusKeeper
from ubp_tui.terminal.garbage import INTERVAL, SETTLED, GarbagePolicy
from ubp_tui.terminal.log_file import describe_crash
from ubp_tui.terminal.plain_filter import PlainFilter
from ubp_tui.terminal.signals import HANG_UP, catch_signals
from ubp_tui.terminal.textual_private import FailingApp, prevent_strip_cycles, take_no_text_for_markup
from ubp_tui.terminal.truecolor_filter import TruecolorFilter
from ubp_tui.terminal.warm_up import prepare_drawing, start_threads


class GuardedApp(FailingApp):
    """An app that ends in order, and draws and collects garbage so that keys need not wait."""

    def __init__(self, log: Path | None, ascii_only: bool = False) -> None:
        """Args: where the traceback of a crash goes; whether the terminal has nothing but ASCII."""
        super().__init__()
        self.failure = ""
        """The line to print after the app, if a failure ended it."""
        self.farewell = ""
        """The line to print after the app otherwise, if there is anything to say."""
        self._log_path = log
        self._ascii = AsciiFilter() if ascii_only else None
        self._plain = PlainFilter()
        self._truecolor: TruecolorFilter | None = None
        self._garbage = GarbagePolicy()
        self._focus = FocusKeeper()

    def save_work(self) -> None:
        """Take down what must not be lost; called when a mistake of ours ends the app, so it may fail."""

    # The process

    def on_load(self) -> None:
        """Prepare the process, before anything is drawn."""
        prevent_strip_cycles()
        take_no_text_for_markup()
        start_threads()
        self._garbage.start()
        self.set_interval(INTERVAL, self._garbage.collect)

    def on_mount(self) -> None:
        """Listen to signals."""
        if not self.is_headless:
            catch_signals(self.end_by_signal)

    def on_unmount(self) -> None:
        """Give the process its garbage collector back."""
        self._garbage.stop()

    async def on_event(self, event: events.Event) -> None:
        """Note that somebody is typing."""
        if isinstance(event, events.InputEvent):
            self._garbage.note_input()
        await super().on_event(event)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """For the thread that loads a model: what that makes stays, with what the model's first picture brings."""
        prepare_drawing()
        self._garbage.begin_load()
        try:
            yield
        finally:
            self.call_later(self.set_timer, SETTLED, self._garbage.end_load)

    # The terminal

    def on_resize(self, event: events.Resize) -> None:
        """Keep the focus over sizes at which nothing can be shown."""
        self._focus.follow(event.size, self.screen_stack)

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver; on Unix one that notices when the terminal is gone."""
        chosen = super().get_driver_class()
        if sys.platform != "win32" and chosen.__name__ == "LinuxDriver":
            from ubp_tui.terminal.driver import TerminalDriver

            return TerminalDriver
        return chosen

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line of the screen passes through last."""
        own = [] if self._ascii is None else [self._ascii]
        return [*map(self._hasten, super().get_line_filters()), self._plain, *own]

    def _hasten(self, line_filter: LineFilter) -> LineFilter:
        """The filter for the terminal's palette is applied to every line: in its place one that is quicker."""
        if not isinstance(line_filter, ANSIToTruecolor):
            return line_filter
        if self._truecolor is None or self._truecolor.inner is not line_filter:
            self._truecolor = TruecolorFilter(line_filter)
        return self._truecolor

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something in a corner; names and paths in it come from outside."""
        super().notify(printable(message), title=printable(title), severity=severity, timeout=timeout, markup=markup)

    # The end

    def end_by_signal(self, number: int) -> None:
        """End as with the key, but with the exit code that shells give a signal."""
        self.exit(return_code=128 + number)

    def on_terminal_driver_lost(self) -> None:
        """End as by the signal that a terminal usually sends."""
        self.end_by_signal(HANG_UP)

    def take_failure(self, error: Exception) -> None:
        """A mistake of ours: traceback to the log, one line on stderr."""
        if self.failure:
            return
        cause = error.error if isinstance(error, WorkerFailed) else error
        logging.getLogger("ubp_tui").critical("unexpected error", exc_info=cause)
        self.failure = describe_crash(cause, self._log_path)
        self._try_to_save()

    def _try_to_save(self) -> None:
        """Save, if the screens still can tell what there is."""
        try:
            self.save_work()
        except Exception:
            logging.getLogger("ubp_tui").exception("the session is not taken down")
