"""Textual's thread workers as the runner of the app's models."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.app import App
from textual.worker import get_current_worker

from ubp_tui.observing import Work


class AppRunner:
    """Runs work as workers of the app, so that it outlives the screen that asked for it."""

    def __init__(self, app: App[Any]) -> None:
        """Args: the app whose event loop makes the calls."""
        self._app = app

    def run(self, name: str, work: Work, description: str, exclusive: bool = True) -> None:
        """Begin a thread worker in the group of this name."""
        self._app.run_worker(
            partial(_do, work), name=name, group=name, description=description, exclusive=exclusive, thread=True
        )

    def cancel(self, name: str) -> None:
        """Cancel the workers of a group; a thread looks for that by itself."""
        self._app.workers.cancel_group(self._app, name)

    def tell(self, call: Callable[..., object], *arguments: Any) -> None:
        """Queue the call for the event loop; from any thread. An app that is ending has nothing left to show it in."""
        self._app.call_later(self._make, call, arguments)

    def _make(self, call: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        """Make the call, unless the app began to end since it was queued: its screens may have lost their widgets."""
        if self._app.is_running:
            call(*arguments)


def _do(work: Work) -> None:
    """Do the work, which asks this worker whether it is cancelled."""
    worker = get_current_worker()
    work(lambda: worker.is_cancelled)
