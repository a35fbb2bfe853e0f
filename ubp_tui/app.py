"""The app: a table of contents. It loads the model, holds the screens, and ends with the right exit code."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import RenderableType
from textual import work
from textual.app import App
from textual.worker import get_current_worker

from ubp_tui import messages
from ubp_tui.bench.job import make_job, make_network_job
from ubp_tui.choices.choice import Choice, ModelRequest
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.help import HelpScreen
from ubp_tui.dialogs.log import LogPanel
from ubp_tui.dialogs.session_offer import SessionOffer
from ubp_tui.dialogs.tour import TourDialog, take_first_time
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.commands import RegistryCommands
from ubp_tui.looks.themes import THEMES, Glyphs, Look, choose_look
from ubp_tui.screens.benchmark import BenchmarkScreen
from ubp_tui.screens.compare import CompareScreen
from ubp_tui.screens.compare_work import ComparisonCache
from ubp_tui.screens.explore import ExploreScreen
from ubp_tui.screens.history import HistoryScreen
from ubp_tui.session.keeper import capture_session, restore_session
from ubp_tui.session.session import Session
from ubp_tui.terminal.focus_keeper import MIN_SIZE
from ubp_tui.terminal.guarded_app import GuardedApp
from ubp_tui.work.comparing import pair_of
from ubp_tui.work.services import Services, default_services

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


class UbpApp(GuardedApp):
    """ubp-tui."""

    TITLE = "ubp-tui"
    CSS_PATH = [  # noqa: RUF012 (Textual's own form)
        f"styles/{name}.tcss" for name in ("app", "explore", "map", "compare", "benchmark", "dialogs", "plan")
    ]
    BINDINGS = bindings_of("app")
    COMMANDS = App.COMMANDS | {RegistryCommands}
    HORIZONTAL_BREAKPOINTS = [(0, "-too-narrow"), (MIN_SIZE[0], "-compact"), (110, "-wide"), (150, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-too-low"), (MIN_SIZE[1], "-low"), (30, "-high")]  # noqa: RUF012

    def __init__(
        self,
        request: ModelRequest,
        services: Services,
        choice: Choice,
        glyphs: Glyphs | None = None,
        session: Session | None = None,
        offer: bool = False,
        complaint: str = "",
    ) -> None:
        """Args: as those of `build_app`, which is to be used."""
        super().__init__(services.log, glyphs == "ascii")
        for theme in THEMES:
            self.register_theme(theme)
        self.glyphs: Glyphs = glyphs or ("shades" if self.no_color else "blocks")
        """Characters that pictures are made of."""
        self.theme = THEMES[0].name
        self.session = session
        """What to go on from, and at the end what to keep; None where there is nothing."""
        self._offer = offer and session is not None
        self._complaint = complaint
        self.request = request
        self.services = services
        self.explore = ExploreScreen(services, choice, request.model)
        self.benchmark = BenchmarkScreen(services)
        self.pairs = ComparisonCache()
        """Comparisons made lately."""
        self.loading_model = False
        """Whether a thread is loading a model; it can't be interrupted."""

    def on_mount(self) -> None:
        """Show the first frame, then load: importing torch takes seconds and slows down everything else."""
        self.install_screen(self.benchmark, "benchmark")
        self.push_screen(self.explore)
        self.watch(self.benchmark, "running", self._share_machine, init=False)
        touring = take_first_time(self.services.tour)
        asking = self._offer or bool(self._complaint)
        if touring:
            self.push_screen(TourDialog(), (lambda _: self._begin()) if asking else None)
        # One dialog at a time; the model loads behind the tour unless there is something to ask.
        if not (touring and asking):
            self.explore.call_after_refresh(self._begin)

    def _share_machine(self, running: bool) -> None:
        """A benchmark on this machine has it to itself: what nobody waits for is computed later."""
        self.explore.hold_background(running and "host" in self.benchmark.runs)

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
            self.request = self.session.request
            self.explore.name_model(self.request.model)
            self._wear(self.session.arrangement.theme)
        self._load_model(self.request)

    def save_work(self) -> None:
        """Take down the session, where there is a model."""
        if self.explore.model is not None:
            self.session = capture_session(self.request, self.explore, self.benchmark)

    def exit(self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End the app, and take down the session while its screens are still there."""
        self.save_work()
        super().exit(result, return_code, message)

    @work(thread=True, exclusive=True, group="load_model", description="load the model")
    def _load_model(self, request: ModelRequest) -> None:
        """Load on a thread; only messages come back."""
        from ubp_core.errors import UbpError

        worker = get_current_worker()
        message: messages.ModelLoaded | messages.ModelLoadFailed
        self.loading_model = True
        try:
            with self.loading():
                message = messages.ModelLoaded(self.services.load_model(request, self._tell_progress))
        except UbpError as error:
            message = messages.ModelLoadFailed(str(error), int(error.exit_code))
        finally:
            self.loading_model = False
        if not worker.is_cancelled:
            self.post_message(message)

    def _tell_progress(self, line: str) -> None:
        """Post a step of the loader."""
        self.post_message(messages.LoadProgressed(line))

    def on_load_progressed(self, message: messages.LoadProgressed) -> None:
        """Show the loader's step."""
        self.explore.show_progress(message.line)

    def on_model_loaded(self, message: messages.ModelLoaded) -> None:
        """Show the model, as soon as the panes are there."""
        logging.getLogger("ubp_tui").info("loaded %s, %s", message.model.name, message.model.source)
        self.explore.uncover()
        self.explore.call_after_refresh(self._show_model, message.model)

    def _show_model(self, model: LoadedModel) -> None:
        """Show the model as the session left it."""
        self.explore.model_request = self.request
        self.explore.show_model(model)
        if self.session is not None:
            restore_session(self.session, self.explore, self.benchmark)
        self.explore.follow_device(next(iter(self.benchmark.wanted), ""))

    def on_device_picked(self, message: messages.DevicePicked) -> None:
        """The layer table shows what was measured on the chosen device."""
        self.explore.follow_device(message.name)

    def on_benchmark_finished(self, message: messages.BenchmarkFinished) -> None:
        """There are new figures."""
        if message.number is not None and message.run.device == self.benchmark.leading_device:
            self.explore.follow_device(message.run.device)

    def on_model_load_failed(self, message: messages.ModelLoadFailed) -> None:
        """Explain, and offer random weights where the loader does."""
        # Every line says what to do; where that is another source of weights, a button does it.
        random = (("random", "Random weights"),) if "--weights random" in message.line else ()
        logging.getLogger("ubp_tui").error("%s", message.line)
        dialog = ErrorDialog("The model can't be loaded", message.line, (*random, ("quit", "Quit")))
        self.push_screen(dialog, lambda remedy: self._answer_failure(remedy, message))

    def _answer_failure(self, remedy: str | None, message: messages.ModelLoadFailed) -> None:
        """Try again with random weights, or leave with the line on stderr."""
        if remedy == "random":
            self.request = replace(self.request, weights="random")
            self._load_model(self.request)
            return
        self.failure = message.line
        self.exit(return_code=message.exit_code)

    @property
    def look(self) -> Look:
        """How pictures are drawn under the present theme."""
        few_colours = not self.is_headless and self.console.color_system == "standard"
        return choose_look(self.current_theme, self.glyphs, few_colours)

    def _wear(self, theme: str) -> None:
        """Put a theme on, if it is known."""
        if theme in self.available_themes:
            self.theme = theme

    def action_next_theme(self) -> None:
        """The next of our own themes."""
        names = [theme.name for theme in THEMES]
        place = names.index(self.theme) + 1 if self.theme in names else 0
        self.theme = names[place % len(names)]
        self.notify(f"theme {self.theme}", timeout=2)

    async def on_benchmark_requested(self, message: messages.BenchmarkRequested) -> None:
        """Open the benchmark screen, and begin where layers are named."""
        from ubp_core.errors import UbpError

        model = self.explore.model
        try:
            job = make_job(model, message.layers, self.explore.choices.of) if model and message.layers else None
            if model and message.network:
                job = make_network_job(model, self.explore.choices)
        except UbpError as error:
            what = "network" if message.network else "layer"
            self.push_screen(ErrorDialog(f"No benchmark of this {what}", str(error)))
            return
        if self.screen is self.explore:
            await self.push_screen(self.benchmark)
        if job is not None:
            self.benchmark.start(job)

    async def on_compare_requested(self, message: messages.CompareRequested) -> None:
        """Open the compare screen on the layer on the screen."""
        explore = self.explore
        if explore.model is None or not explore.layer or self.screen is not explore:
            return
        layer = explore.model.layer(explore.layer)
        if not layer.prunable:
            line = f"{layer.name} stays dense ({layer.skip_reason}): it has no blocks."
            self.push_screen(ErrorDialog("Nothing to compare", line, advice="Go to a layer that is pruned (j, k)."))
            return
        pair = pair_of(explore.choice, message.kind)
        screen = CompareScreen(self.services, explore.gate, explore.cache, self.pairs, explore.model, layer.name, pair)
        await self.push_screen(screen)

    def on_compare_left(self, message: messages.CompareLeft) -> None:
        """Back to the layers, on the layer that was compared last, with the choice that was taken."""
        self.pop_screen()
        self.explore.return_from(message.layer, message.choice)

    def action_show_history(self) -> None:
        """Open the history."""
        if not isinstance(self.screen, HistoryScreen):
            self.push_screen(HistoryScreen(self.services))

    def action_show_log(self) -> None:
        """Open the log panel."""
        if not isinstance(self.screen, LogPanel):
            self.push_screen(LogPanel(self.services.log))

    def action_show_tour(self) -> None:
        """Show the tour again."""
        if not isinstance(self.screen, TourDialog):
            self.push_screen(TourDialog())

    def action_show_help(self) -> None:
        """Open the help screen."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())


def build_app(
    request: ModelRequest,
    services: Services | None = None,
    choice: Choice | None = None,
    glyphs: Glyphs | None = None,
    session: Session | None = None,
    offer: bool = False,
    complaint: str = "",
) -> UbpApp:
    """Build the app; the command line, the tests and the screenshots all do it here.

    Args:
        request: the model to load, unless the session names one.
        services: what does the work; the real ones by default.
        choice: the first choice of method, block size and sparsity.
        glyphs: characters of pictures; by default half blocks, and shades where there is no colour.
        session: what to go on from.
        offer: whether to ask the user first.
        complaint: why the last session can't be used; said first of all.
    """
    return UbpApp(request, services or default_services(), choice or Choice(), glyphs, session, offer, complaint)
