"""The benchmark screen: devices, the run under way, its results."""

from __future__ import annotations

from threading import Event

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import reactive
from textual.widgets import Footer, ProgressBar, Static

from ubp_tui import messages
from ubp_tui.bench_services import METHODS, BenchJob
from ubp_tui.bindings import bindings_of
from ubp_tui.screens.benchmark_work import BenchmarkWork
from ubp_tui.screens.error import ErrorDialog
from ubp_tui.services import Services
from ubp_tui.widgets.bench.result_pane import ResultPane
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.widgets.size_notice import SizeNotice

REFRESH_S = 4.0
"""Seconds between two looks at the devices."""
VIEWS = ("devices", "results")


class BenchmarkScreen(BenchmarkWork):
    """Runs benchmarks on the chosen device. The app keeps it, so that a run goes on while another screen is shown."""

    BINDINGS = bindings_of("benchmark")

    view: reactive[str] = reactive("devices", init=False)
    """The pane in sight where only one has room."""
    running: reactive[bool] = reactive(False, toggle_class="-running")
    """Whether a benchmark is under way."""

    def __init__(self, services: Services) -> None:
        """Args: what does the work."""
        super().__init__(services)
        self.job: BenchJob | None = None
        """What was benchmarked last, or is now."""
        self._waiting = False
        """Whether the job begins as soon as the devices are known."""
        self._listed = False
        self._cancel = Event()

    def compose(self) -> ComposeResult:
        """Title, tabs, progress, the two panes, footer."""
        yield ScreenTitle("Benchmark", id="bench-title")
        with Horizontal(id="bench-tabs"):
            yield Segments("view", "1-2", VIEWS, VIEWS[0], id="bench-tabs-choice")
        with Horizontal(id="bench-progress"):
            yield Static("", id="bench-step", markup=False)
            yield ProgressBar(id="bench-bar", show_eta=False)
        with Horizontal(id="bench-body"):
            yield DevicePanel(id="devices-pane")
            yield ResultPane(id="results-pane")
        yield Footer()
        yield SizeNotice(id="size-notice")

    def on_mount(self) -> None:
        """Look at the devices now and then."""
        self.add_class("-view-devices")
        self.set_interval(REFRESH_S, self._refresh_devices)
        self._tell("choose a device; b benchmarks the layers on it")
        self.action_refresh()

    def on_unmount(self) -> None:
        """The app ends: so does the program on the device."""
        self._cancel.set()

    # Devices

    def action_refresh(self) -> None:
        """Look at the devices now."""
        self._list_devices()

    def _refresh_devices(self) -> None:
        """Look again, but not during a run: questions would take time from the device that is measured."""
        busy = self.running or any(w.group == "list_devices" and not w.is_finished for w in self.workers)
        if self.is_current and not busy:
            self._list_devices()

    def on_devices_listed(self, message: messages.DevicesListed) -> None:
        """Show them; ask the chosen one for its facts; begin what waited for them."""
        panel = self.query_one(DevicePanel)
        panel.show_devices(message.devices)
        if not message.devices.complete:
            return
        self._listed = True
        if self._waiting:
            self._begin()
        if not self.running:
            self._ask_facts(panel.chosen)

    def _ask_facts(self, name: str) -> None:
        """Ask a device that is ready."""
        info = self.query_one(DevicePanel).infos.get(name)
        if info is not None and info.ready:
            self._read_facts(name)

    def on_device_facts_read(self, message: messages.DeviceFactsRead) -> None:
        """Show the facts."""
        self.query_one(DevicePanel).show_facts(message.name, message.facts)

    def on_device_picked(self, message: messages.DevicePicked) -> None:
        """Another device was chosen."""
        if not self.running:
            self._ask_facts(message.name)

    # Runs

    def start(self, job: BenchJob) -> None:
        """Benchmark on the chosen device; where nobody has chosen, as soon as the devices are known."""
        if self.running:
            self._fail("A benchmark is running", "Wait for it, or cancel it with the key c.")
            return
        self.job, self._waiting = job, True
        self._show_plan("waiting")
        self._tell("looking for devices")
        if self._listed or (self.is_mounted and self.query_one(DevicePanel).picked):
            self._begin()

    def action_start_again(self) -> None:
        """Benchmark the same layers on the device that is chosen now."""
        if self.job is None:
            self._fail("No layer is chosen", "Go back (esc), select a layer or mark some (space), and press b there.")
        else:
            self.start(self.job)

    def _begin(self) -> None:
        """Start the worker."""
        assert self.job is not None
        device = self.query_one(DevicePanel).chosen
        self._waiting, self.running, self._cancel = False, True, Event()
        self.action_show_view("results")
        self.query_one(ProgressBar).update(total=2 * len(self.job.layers), progress=0)
        self._tell(f"{device}: beginning")
        self._run_benchmark(self.job, device, self._cancel)

    def on_benchmark_progressed(self, message: messages.BenchmarkProgressed) -> None:
        """Show the step, and in the table which layer it is about."""
        step = message.step
        if self.job is None or not self.running:
            return
        self._tell("cancelling" if self._cancel.is_set() else step.text)
        if step.index:
            done = step.index - 1 + (0 if step.packing else len(self.job.layers))
            self.query_one(ProgressBar).update(progress=done)
            before, now = ("packed", "packing") if step.packing else ("done", "in turns")
            words = [before] * (step.index - 1) + [now]
            rest = "waiting" if step.packing else "packed"
            self._show_plan(rest, dict(zip((layer.name for layer in self.job.layers), words, strict=False)))

    def on_benchmark_finished(self, message: messages.BenchmarkFinished) -> None:
        """Show the results, also of a run that ended early; say so."""
        run = message.run
        self._end("cancelled" if self._cancel.is_set() and run.failure else "ended early" if run.failure else "done")
        self.query_one(ResultPane).show_run(run, message.number, message.unkept)
        if run.failure and not self._cancel.is_set():
            self._fail(f"The benchmark on {run.device} ended early", run.failure)
        elif message.unkept:
            self._fail("The result could not be kept", message.unkept)

    def on_benchmark_failed(self, message: messages.BenchmarkFailed) -> None:
        """Nothing was measured."""
        cancelled = self._cancel.is_set()
        self._end("cancelled" if cancelled else "nothing was measured")
        self._show_plan("-")
        if not cancelled:
            self._fail("The benchmark can't run", message.line)

    def action_cancel(self) -> None:
        """End the run; the program on the device goes with it."""
        if self.running:
            self._cancel.set()
            self._tell("cancelling")
        elif self._waiting:
            self._waiting = False
            self._end("cancelled")

    def _end(self, word: str) -> None:
        """Back to rest."""
        self.running = False
        self._tell(f"{word} · b runs it again on the chosen device, h opens the history")

    # Showing

    def _tell(self, line: str) -> None:
        """The line below the title."""
        self.query_one("#bench-step", Static).update(line)

    def _fail(self, title: str, line: str) -> None:
        """The one dialog."""
        self.app.push_screen(ErrorDialog(title, line, (("close", "Close"),)))

    def _show_plan(self, rest: str, words: dict[str, str] | None = None) -> None:
        """The rows of the job without figures; `rest` is said of layers that `words` does not name."""
        assert self.job is not None
        names, choice = tuple(layer.name for layer in self.job.layers), self.job.choice
        said = {name: (words or {}).get(name, rest) for name in names}
        title = f"{len(names)} layers" if len(names) > 1 else names[0]
        title += f" · N={choice.block_size}, sparsity {choice.sparsity:g} · the variants take turns, run by run"
        self.query_one(ResultPane).show_plan(names, METHODS, said, title)
        self.query_one(ScreenTitle).detail = f"{self.job.model} · N={choice.block_size} s={choice.sparsity:g}"

    @on(Segments.Picked)
    def _pick_view(self, message: Segments.Picked) -> None:
        """A tab was clicked."""
        message.stop()
        self.action_show_view(message.option)

    def action_show_view(self, view: str) -> None:
        """Go to a pane: bring it into sight and focus its table."""
        self.view = view
        target = {"devices": "#device-table", "results": "#result-table"}[view]
        self.call_after_refresh(lambda: self.query_one(target).focus())

    def watch_view(self, view: str) -> None:
        """The compact layout follows a class."""
        for name in VIEWS:
            self.set_class(name == view, f"-view-{name}")
        self.query_one(Segments).chosen = view

    def action_leave(self) -> None:
        """Back; a run goes on."""
        self.app.pop_screen()
