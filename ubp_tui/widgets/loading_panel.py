"""What stands in the middle of the screen while a model loads."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Center, Vertical
from textual.reactive import reactive
from textual.widgets import ProgressBar, Static

from ubp_tui.renderables.cells import shown


class LoadingPanel(Vertical):
    """The model's name, a moving bar, and the loader's present step."""

    step: reactive[str] = reactive("starting")
    """The loader's step, for people."""

    def __init__(self, model: str) -> None:
        """Args: the name of the model."""
        super().__init__()
        self._model = model

    def compose(self) -> ComposeResult:
        """Name, bar, step."""
        yield Static(f"Loading {shown(self._model)}", id="loading-model", markup=False)
        with Center():
            yield ProgressBar(total=None, show_percentage=False, show_eta=False)
        yield Static(shown(self.step), id="loading-step", markup=False)

    def show_name(self, model: str) -> None:
        """Another model is loaded."""
        self._model = model
        for line in self.query("#loading-model").results(Static):
            line.update(f"Loading {shown(model)}")

    def watch_step(self, step: str) -> None:
        """Show the step."""
        for line in self.query("#loading-step").results(Static):
            line.update(shown(step))
