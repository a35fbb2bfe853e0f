"""Loading a model for the workspace, on a thread, with its progress. No Textual."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ubp_core.models.spec import ModelSpec
from ubp_tui.observing import Cancelled, Runner, Signal
from ubp_tui.work.services import Services

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


@dataclass(frozen=True)
class LoadFailure:
    """Why a model can't be loaded."""

    line: str
    """What is wrong and what to do, in one line."""
    exit_code: int
    """Exit code if the app ends with it."""


class Loader:
    """Loads one model at a time; a thread that loads can't be interrupted."""

    def __init__(self, services: Services, runner: Runner, around: Callable[[], AbstractContextManager[None]]) -> None:
        """Args: what loads, what has threads, what a thread loads within."""
        self._services, self._runner, self._around = services, runner, around
        self.busy = False
        """Whether a thread is loading."""
        self.step = ""
        """The loader's present step, for people."""
        self.model: LoadedModel | None = None
        """What was loaded last."""
        self.failure: LoadFailure | None = None
        """Why there is none."""
        self.progressed, self.ended = Signal(), Signal()

    def load(self, spec: ModelSpec) -> None:
        """Begin."""
        self.busy = True
        self._runner.run("load_model", partial(self._load, spec), "load the model")

    def _load(self, spec: ModelSpec, cancelled: Cancelled) -> None:
        """Load on a thread."""
        from ubp_core.errors import UbpError

        model, failure = None, None
        try:
            with self._around():
                model = self._services.load_model(spec, partial(self._runner.tell, self._take_step))
        except UbpError as error:
            failure = LoadFailure(str(error), int(error.exit_code))
        finally:
            self.busy = False
        if not cancelled():
            self._runner.tell(self._take_end, model, failure)

    def _take_step(self, line: str) -> None:
        """The loader is further."""
        self.step = line
        self.progressed.emit()

    def _take_end(self, model: LoadedModel | None, failure: LoadFailure | None) -> None:
        """There is a model, or a reason why there is none."""
        self.model, self.failure = model, failure
        self.ended.emit()
