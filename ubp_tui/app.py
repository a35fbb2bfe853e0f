"""The app: a table of contents. It loads the model, holds the screens, and ends with the right exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from textual.app import App
from textual.screen import Screen

from ubp_core.models.spec import ModelSpec
from ubp_tui.bench.errands import BenchErrands
from ubp_tui.bench.job import make_job, make_network_job
from ubp_tui.bench.queue import BenchQueue
from ubp_tui.choices.choice import Choice
from ubp_tui.dialogs.about import AboutDialog
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.help import HelpScreen
from ubp_tui.dialogs.leaving import ENDED_EARLY, LeavingDialog
from ubp_tui.dialogs.log import LogPanel
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.commands import RegistryCommands
from ubp_tui.looks.themes import THEMES, Glyphs, Look, choose_look
from ubp_tui.opening import ModelCommands, OpeningApp
from ubp_tui.screens.benchmark import BenchmarkScreen
from ubp_tui.screens.compare import CompareOutcome, CompareScreen
from ubp_tui.screens.explore import ExploreScreen
from ubp_tui.screens.history import HistoryScreen
from ubp_tui.session.keeper import capture_session
from ubp_tui.session.session import Session
from ubp_tui.terminal.focus_keeper import MIN_SIZE
from ubp_tui.terminal.runner import AppRunner
from ubp_tui.work.comparing import pair_of
from ubp_tui.work.services import Services, default_services
from ubp_tui.workspace.cache import ComparisonCache
from ubp_tui.workspace.comparison import SideBySide
from ubp_tui.workspace.comparison_errand import ComparisonErrand
from ubp_tui.workspace.errands import Errands
from ubp_tui.workspace.loading import Loader
from ubp_tui.workspace.native_code import NativeCode
from ubp_tui.workspace.tour import Tour
from ubp_tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    pass

TOUR_DONE: Final = "That was the tour: the plan is saved, and the benchmark is under way. ? lists every key."


class UbpApp(OpeningApp):
    """ubp-tui."""

    TITLE = "ubp-tui"
    CSS_PATH = [  # noqa: RUF012 (Textual's own form)
        f"styles/{name}.tcss" for name in ("app", "explore", "map", "compare", "benchmark", "dialogs", "plan")
    ]
    BINDINGS = bindings_of("app")
    COMMANDS = App.COMMANDS | {RegistryCommands, ModelCommands}
    HORIZONTAL_BREAKPOINTS = [(0, "-too-narrow"), (MIN_SIZE[0], "-compact"), (110, "-wide"), (150, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-too-low"), (MIN_SIZE[1], "-low"), (30, "-high")]  # noqa: RUF012

    def __init__(
        self,
        spec: ModelSpec,
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
        self.services = services
        runner = AppRunner(self)
        self.workspace = Workspace(spec, choice)
        """What is open, what was chosen, what is known."""
        self.errands = Errands(self.workspace, services, runner)
        """What is computed for it."""
        self.loader = Loader(services, runner, self.loading)
        """What loads models."""
        self.pairs = ComparisonCache()
        """Comparisons made lately."""
        self.tour = Tour(self.workspace)
        """What leads a newcomer."""
        self.native = NativeCode(services, runner)
        """What is compiled behind the app, in a clone."""
        self.explore = ExploreScreen(self.workspace, runner, self.tour, self.native)
        self.queue = BenchQueue()
        """The benchmark, its devices and options."""
        self.bench_errands = BenchErrands(self.queue, services.bench, runner)
        """What watches devices, packs and runs for it."""
        self.benchmark = BenchmarkScreen(self.queue, self.native)
        self._runner = runner
        self.loader.progressed.connect(lambda: self.explore.drawing.show_progress(self.loader.step))
        self.loader.ended.connect(self._take_model)
        self.queue.runs_changed.connect(self._share_machine)
        self.queue.chosen_changed.connect(lambda: self.workspace.follow_device(self.queue.devices.chosen))
        self.queue.ended.connect(self._follow_figures)
        self.tour.ended.connect(lambda: self.notify(TOUR_DONE, timeout=10))

    def on_mount(self) -> None:
        """Show the first frame, then load: importing torch takes seconds and slows down everything else."""
        self.install_screen(self.benchmark, "benchmark")
        self.push_screen(self.explore)
        self.native.start()
        self.explore.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        """The programs on the devices end with the app, and so does the compiler."""
        self.queue.close()
        self.native.close()

    def _share_machine(self) -> None:
        """A benchmark on this machine has it to itself: what nobody waits for is computed later."""
        held = self.queue.running and "host" in self.queue.runs
        if held != self.workspace.held and self.workspace.model is not None:
            self.workspace.hold(held)

    def _follow_figures(self) -> None:
        """A device has come to its end: there may be new figures of the one that is shown."""
        run = self.queue.runs.get(self.queue.leading_device)
        if run is not None and run.ended and run.number is not None:
            self.workspace.follow_device(run.device)

    def save_work(self) -> None:
        """Take down the session, where there is a model."""
        if self.workspace.model is not None:
            places = self.explore.drawing.arrangement(), self.benchmark.take_plot(), self.theme
            self.session = capture_session(self.workspace, self.queue, *places)

    def exit(self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End the app, and take down the session while its screens are still there."""
        self.save_work()
        super().exit(result, return_code, message)

    @property
    def look(self) -> Look:
        """How pictures are drawn under the present theme."""
        few_colours = not self.is_headless and self.console.color_system == "standard"
        return choose_look(self.current_theme, self.glyphs, few_colours)

    def action_next_theme(self) -> None:
        """The next of our own themes."""
        names = [theme.name for theme in THEMES]
        place = names.index(self.theme) + 1 if self.theme in names else 0
        self.theme = names[place % len(names)]
        self.notify(f"theme {self.theme}", timeout=2)

    async def on_explore_screen_benchmark_wanted(self, message: ExploreScreen.BenchmarkWanted) -> None:
        """Open the benchmark screen, and begin where layers are named."""
        from ubp_core.errors import UbpError

        model, choices = self.workspace.model, self.workspace.choices
        try:
            job = make_job(model, message.layers, choices) if model and message.layers else None
            if model and message.network:
                job = make_network_job(model, choices)
        except UbpError as error:
            what = "network" if message.network else "layer"
            self.push_screen(ErrorDialog(f"No benchmark of this {what}", str(error)))
            return
        if self.screen is self.explore:
            await self.push_screen(self.benchmark)
        if job is not None:
            self.queue.start(job)
            self.tour.note("bench.run")

    async def on_explore_screen_comparison_wanted(self, message: ExploreScreen.ComparisonWanted) -> None:
        """Open the compare screen on the layer on the screen."""
        workspace, model = self.workspace, self.workspace.model
        layer = workspace.find(workspace.layer)
        if model is None or layer is None or self.screen is not self.explore:
            return
        if not layer.prunable:
            line = f"{layer.name} stays dense ({layer.skip_reason}): it has no blocks."
            self.push_screen(ErrorDialog("Nothing to compare", line, advice="Go to a layer that is pruned (j, k)."))
            return
        sides = SideBySide(model, workspace.known, self.pairs, layer.name, pair_of(workspace.choice, message.kind))
        ComparisonErrand(sides, self.services, self._runner, self.errands.gate)
        await self.push_screen(CompareScreen(sides), self._return_from)

    def _return_from(self, outcome: CompareOutcome | None) -> None:
        """Back to the layers, on the layer that was compared last, with the choice that was taken."""
        if outcome is not None:
            self.workspace.select(outcome.layer)
            if outcome.choice is not None:
                self.workspace.change(**asdict(outcome.choice))

    async def action_quit(self) -> None:
        """Leave; in the middle of a benchmark only when that is meant. Asked again, it is."""
        if not self.queue.running or isinstance(self.screen, LeavingDialog):
            self.farewell = ENDED_EARLY if self.queue.running else ""
            self.exit()
            return
        names = tuple(name for name, run in self.queue.runs.items() if not run.ended)
        self.push_screen(LeavingDialog(names), self._answer_leaving)

    async def _answer_leaving(self, answer: str | None) -> None:
        """Leave, or go on."""
        if answer == "leave":
            self.farewell = ENDED_EARLY if self.queue.running else ""
            self.exit()

    def _show(self, kind: type[Screen[None]], make: Callable[[], Screen[None]]) -> None:
        """Open a screen, unless it is open."""
        if not isinstance(self.screen, kind):
            self.push_screen(make())

    def action_show_history(self) -> None:
        """Open the history."""
        self._show(HistoryScreen, lambda: HistoryScreen(self.services.bench))

    def action_show_log(self) -> None:
        """Open the log panel."""
        self._show(LogPanel, lambda: LogPanel(self.services.log))

    def action_show_about(self) -> None:
        """Say what this program is."""
        self._show(AboutDialog, AboutDialog)

    def action_show_tour(self) -> None:
        """Begin the tour, on the layers."""
        if self.screen is self.explore and self.workspace.model is not None:
            self.tour.begin()
        else:
            self.notify("The tour begins on the layers: go back there (esc).")

    def action_show_help(self) -> None:
        """Open the help screen."""
        self._show(HelpScreen, HelpScreen)


def build_app(
    spec: ModelSpec,
    services: Services | None = None,
    choice: Choice | None = None,
    glyphs: Glyphs | None = None,
    session: Session | None = None,
    offer: bool = False,
    complaint: str = "",
) -> UbpApp:
    """Build the app; the command line, the tests and the screenshots all do it here.

    Args:
        spec: the model to load, unless the session names one.
        services: what does the work; the real ones by default.
        choice: the first choice of method, block size and sparsity.
        glyphs: characters of pictures; by default half blocks, and shades where there is no colour.
        session: what to go on from.
        offer: whether to ask the user first.
        complaint: why the last session can't be used; said first of all.
    """
    return UbpApp(spec, services or default_services(), choice or Choice(), glyphs, session, offer, complaint)
