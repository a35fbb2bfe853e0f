"""The progress of `ubp train` on stderr: a bar in a terminal, a line for each epoch elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress


class TrainProgress:
    """Hears of the training loop; see `ubp_core.training.loop.Listener`."""

    def __init__(self, total: int, done: int, stop: Sequence[int]) -> None:
        """Draws nothing yet.

        Args:
            total: steps of the whole run.
            done: steps that an earlier run made.
            stop: becomes non-empty when the run shall stop.
        """
        self._total, self._done, self._stop = total, done, stop
        self._progress: Progress | None = None

    def __enter__(self) -> TrainProgress:
        if sys.stderr.isatty() and not output.is_quiet():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"),
            )  # fmt: skip
            self._progress = Progress(*columns, console=Console(stderr=True))
            self._task = self._progress.add_task("starting", total=self._total, completed=self._done)
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def on_step(self, record: dict[str, Any]) -> None:
        """Move the bar."""
        if self._progress is None:
            return
        text = f"loss {record['loss']:.3f}  accuracy {record['accuracy']:.1%}  {_sparsity(record)}"
        if self._stop:
            text = "saving, then stopping"
        self._progress.update(self._task, completed=record["step"], description=text)

    def on_epoch(self, record: dict[str, Any]) -> None:
        """Say what validation found."""
        mark = "  best" if record["best"] else ""
        line = (
            f"epoch {record['epoch']:>3}  validation loss {record['loss']:.4f}  accuracy {record['accuracy']:.2%}  "
            f"{_sparsity(record)}{mark}"
        )
        if self._progress is not None:
            self._progress.console.print(line, highlight=False)
        elif not output.is_quiet():
            print(line, file=sys.stderr, flush=True)

    def should_stop(self) -> bool:
        """Whether a signal came."""
        return bool(self._stop)


def _sparsity(record: dict[str, Any]) -> str:
    return f"sparsity {record['achieved_sparsity']:.1%} of {record['requested_sparsity']:.1%}"
