"""The app's half that opens models: the session's, that of the command line, another one, or why there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ubp_core.models.spec import ModelSpec
from ubp_core.printable import printable
from ubp_tui.bench.queue import BenchQueue
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.marks import Marks
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.open_model import OpenDialog
from ubp_tui.dialogs.session_offer import SessionOffer
from ubp_tui.renderables.notes import describe_notes
from ubp_tui.screens.benchmark import BenchmarkScreen
from ubp_tui.screens.explore import ExploreScreen
from ubp_tui.session.keeper import explore_arrangement, prepare_workspace
from ubp_tui.session.recent import describe_spec, note_recent, read_recent
from ubp_tui.session.session import Session
from ubp_tui.terminal.guarded_app import GuardedApp
from ubp_tui.work.services import Services
from ubp_tui.workspace.cache import ComparisonCache
from ubp_tui.workspace.loading import Loader, LoadFailure
from ubp_tui.workspace.tour import Tour, take_first_time
from ubp_tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


NOTES_S = 15.0
"""Seconds for which notes on a model's file stay."""


class OpeningApp(GuardedApp):
    """An app that opens models; what it uses is made by the app itself."""

    services: Services
    workspace: Workspace
    loader: Loader
    explore: ExploreScreen
    queue: BenchQueue
    benchmark: BenchmarkScreen
    pairs: ComparisonCache
    tour: Tour
    session: Session | None
    _offer: bool
    _complaint: str
    _wanted: ModelSpec | None = None
    """The other model that is being loaded; None: it is the one of the start."""

    def _begin(self) -> None:
        """Load the session's model, or ask first whether to go on with that session, or say why there is none."""
        if self._complaint:
            dialog = ErrorDialog("The last session can't be used", self._complaint, (("new", "Begin anew"),))
            self.push_screen(dialog, lambda _: self._answer_offer(False))
        elif self._offer and self.session is not None:
            self.push_screen(SessionOffer(self.session.describe()), self._answer_offer)
        else:
            self._answer_offer(True)

    def _answer_offer(self, accepted: bool | None) -> None:
        """Load the model of the session, or that of the command line."""
        if not accepted:
            self.session = None
        if self.session is not None:
            self.workspace.spec = self.session.spec
            self.explore.drawing.name_model(self.session.spec.name)
            self._wear(self.session.arrangement.theme)
        self.loader.load(self.workspace.spec)

    def _take_model(self) -> None:
        """Show the loaded model as soon as the panes are there, or explain why there is none."""
        model, failure = self.loader.model, self.loader.failure
        if failure is not None:
            self._explain_failure(failure)
        elif model is not None:
            logging.getLogger("ubp_tui").info("loaded %s, %s", model.name, model.source)
            self.explore.drawing.uncover()
            self.explore.call_after_refresh(self._open, model)
            self._remember(self._wanted or self.workspace.spec)

    def _remember(self, spec: ModelSpec) -> None:
        """Put a model first among those of late; a list that can't be used is said, and the log keeps that."""
        line = note_recent(self.services.recent, spec)
        if line:
            logging.getLogger("ubp_tui").warning("%s", printable(line))
            self.notify(line, title="Models of late", severity="warning", timeout=NOTES_S)

    def _open(self, model: LoadedModel) -> None:
        """Show the model as the session left it."""
        if self._wanted is not None:
            # Another network: nothing that was chosen for the layers of the one before is meant for this one's.
            self.session, self.pairs = None, ComparisonCache()
            self.workspace.spec, self._wanted = self._wanted, None
            before = self.workspace.choices
            kept = LayerChoices(before.default, dtype=before.dtype)
            self.workspace.prepare(kept, "all", "", False, Marks())
        if self.session is not None:
            prepare_workspace(self.session, self.workspace)
        self.workspace.open(model)
        self._tell_notes(model)
        if self.session is not None:
            self.explore.drawing.put_arrangement(explore_arrangement(self.session))
            self.queue.want(self.session.devices, self.session.options)
            self.benchmark.put_plot(self.session.arrangement.plot)
        self.workspace.follow_device(next(iter(self.queue.wanted), ""))
        if take_first_time(self.services.tour):
            self.tour.begin()

    def _tell_notes(self, model: LoadedModel) -> None:
        """Say what was left out of the model's file, chosen or guessed; the log keeps it."""
        for note in model.notes:
            logging.getLogger("ubp_tui").info("%s: %s", printable(model.name), printable(note))
        title, text = describe_notes(model)
        if text:
            self.notify(text, title=title, timeout=NOTES_S)

    def _explain_failure(self, failure: LoadFailure) -> None:
        """Say why there is no model, and offer random weights where the loader does, another model, and a way back."""
        # Every line says what to do; where that is another source of weights, a button does it.
        random = (("random", "Random weights"),) if "--weights random" in failure.line else ()
        logging.getLogger("ubp_tui").error("%s", failure.line)
        last = ("quit", "Quit") if self.workspace.model is None else ("back", "Back")
        remedies = (*random, ("open", "Open another"), last)
        dialog = ErrorDialog("The model can't be loaded", failure.line, remedies, escape=last[0])
        self.push_screen(dialog, partial(self._answer_failure, failure))

    def _answer_failure(self, failure: LoadFailure, remedy: str | None) -> None:
        """Try again with random weights, or another model; go back to the one before, or leave with the line."""
        if remedy == "random":
            self.open_spec(replace(self._wanted or self.workspace.spec, weights="random"))
        elif remedy == "open":
            self._ask_model(partial(self._explain_failure, failure))
        elif remedy == "back":
            self._wanted = None
            self.explore.drawing.uncover()
            if self.workspace.model is not None:
                self.explore.drawing.name_back()
        else:
            self.failure = failure.line
            self.exit(return_code=failure.exit_code)

    # Another model

    def action_open_model(self) -> None:
        """Ask for another model."""
        if self.screen is not self.explore or self.loader.busy:
            self.notify("Go back to the layers (esc) to open another model." if not self.loader.busy else "loading")
            return
        self._ask_model(lambda: None)

    def _ask_model(self, leave: Callable[[], None]) -> None:
        """Ask for another model; without an answer something else goes on."""

        def answer(spec: ModelSpec | None) -> None:
            if spec is None:
                leave()
            else:
                self.open_spec(spec)

        self.push_screen(OpenDialog(read_recent(self.services.recent)), answer)

    def open_spec(self, spec: ModelSpec) -> None:
        """Load a model in place of the one that is open, which stays until then."""
        self._wanted = spec
        self.explore.drawing.cover(spec.name)
        self.loader.load(spec)

    def _wear(self, theme: str) -> None:
        """Put a theme on, if it is known."""
        if theme in self.available_themes:
            self.theme = theme


class ModelCommands(Provider):
    """The palette's commands that open a model again."""

    async def discover(self) -> Hits:
        """All recent models."""
        for spec in self._specs():
            yield DiscoveryHit(_title(spec), partial(self._open, spec), help="open this model again")

    async def search(self, query: str) -> Hits:
        """Those that match what is typed."""
        matcher = self.matcher(query)
        for spec in self._specs():
            if (score := matcher.match(_title(spec))) > 0:
                yield Hit(score, matcher.highlight(_title(spec)), partial(self._open, spec), help="open it again")

    def _specs(self) -> tuple[ModelSpec, ...]:
        """Recent models, where one can be opened now."""
        app = self.app
        usable = isinstance(app, OpeningApp) and self.screen is app.explore and not app.loader.busy
        return read_recent(app.services.recent) if isinstance(app, OpeningApp) and usable else ()

    def _open(self, spec: ModelSpec) -> None:
        """Open one."""
        assert isinstance(self.app, OpeningApp)
        self.app.open_spec(spec)


def _title(spec: ModelSpec) -> str:
    """A command in the palette."""
    return f"Open {printable(describe_spec(spec))}"
