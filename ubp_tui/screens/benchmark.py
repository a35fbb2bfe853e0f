"""The benchmark screen: devices and options, the benchmark under way, its results, as the queue has them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import ProgressBar, Static

from ubp_tui.bench.queue import BenchQueue
from ubp_tui.bench.run import DeviceRun
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.renderables.bench.status import describe_job, describe_plan, describe_status, find_share
from ubp_tui.renderables.cells import shown
from ubp_tui.widgets.bench.options_bar import OptionsBar
from ubp_tui.widgets.bench.result_pane import PLOTS, ResultPane
from ubp_tui.widgets.build_line import BuildLine
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.pane_screen import PaneScreen
from ubp_tui.widgets.size_notice import SizeNotice
from ubp_tui.workspace.native_code import NativeCode


class BenchmarkScreen(PaneScreen[None]):
    """Shows the queue. The app keeps it; while another screen is shown nothing is drawn, and runs go on."""

    BINDINGS = bindings_of("benchmark")
    key_owner: ClassVar[Owner] = "benchmark"
    PANES: ClassVar[dict[str, str]] = {"devices": "#device-table", "results": "#result-table"}

    def __init__(self, queue: BenchQueue, native: NativeCode) -> None:
        """Args: what is shown and changed, what compiles."""
        super().__init__()
        self.set_reactive(BenchmarkScreen.view, "devices")
        self.plot = PLOTS[0]
        """The plot that a session asks for; the result pane has it once the screen was opened."""
        self._queue, self._native = queue, native

    def compose(self) -> ComposeResult:
        """Title, tabs, progress, the panes, footer."""
        yield ScreenTitle("Benchmark", id="bench-title")
        yield BuildLine(self._native)
        with Horizontal(id="bench-tabs"):
            yield Segments("view", "1-2", tuple(self.PANES), self.view, id="bench-tabs-choice")
        with Horizontal(id="bench-progress"):
            yield Static("", id="bench-step", markup=False)
            yield ProgressBar(id="bench-bar", show_eta=False)
        with Horizontal(id="bench-body"):
            with Vertical(id="bench-left"):
                yield DevicePanel(id="devices-pane")
                yield OptionsBar(id="options-pane")
            yield ResultPane(id="results-pane")
        yield KeyFooter()
        yield SizeNotice(id="size-notice")

    def on_mount(self) -> None:
        """Show the queue, and let it watch the devices."""
        self.add_class("-view-devices")
        self.query_one(ResultPane).plot = self.plot
        queue = self._queue
        queue.devices_changed.connect(self._show_devices)
        queue.options_changed.connect(self._show_options)
        queue.runs_changed.connect(self._show_runs)
        queue.run_wanted.connect(lambda: self.action_show_view("results"))
        queue.failed.connect(self._show_failure)
        self._show_options()
        self._show_runs()
        queue.watch()

    def on_screen_resume(self) -> None:
        """Show what has come meanwhile."""
        self._show_runs()
        # What a widget was given while its screen left has no place in the layout yet.
        self.query_one(DevicePanel).show_details()

    # Showing the queue; out of sight that waits until the screen is opened again

    @property
    def _is_in_sight(self) -> bool:
        """Whether there is something to show it in: while the app ends, screens are there whose widgets are gone."""
        return self.app.is_running and self in self.app.screen_stack

    def _show_devices(self) -> None:
        """Devices, marks, facts, and how far each of them is."""
        if self._is_in_sight:
            queue = self._queue
            status = {name: run.status for name, run in queue.runs.items()} if queue.running else {}
            self.query_one(DevicePanel).show(queue.devices, status)

    def _show_options(self) -> None:
        """How the next benchmark runs."""
        self.query_one(OptionsBar).show(self._queue.options, self._queue.offered)

    def _show_runs(self) -> None:
        """What the benchmark is doing, and what was measured so far."""
        queue = self._queue
        if not self._is_in_sight:
            return
        self.set_class(queue.running, "-running")
        self.query_one("#bench-step", Static).update(shown(describe_status(queue)))
        self._show_devices()
        if queue.job is not None:
            self.query_one(ProgressBar).update(total=1.0, progress=find_share(queue))
            self.query_one(ScreenTitle).detail = describe_job(queue.job, queue.plan)
            runs = tuple(queue.runs.values()) or (DeviceRun(queue.devices.chosen),)
            title = describe_plan(queue)
            self.query_one(ResultPane).show(queue.plan, runs, title, queue.packing, queue.retained)

    def _show_failure(self) -> None:
        """The one dialog."""
        failure = self._queue.failure
        if failure is not None:
            self.app.push_screen(ErrorDialog(failure.title, failure.line))

    def take_plot(self) -> str:
        """The plot in sight where only one has room, for a session."""
        return self.query_one(ResultPane).plot if self.is_mounted else self.plot

    def put_plot(self, plot: str) -> None:
        """Put back how a session left it: now, or when the screen is opened."""
        self.plot = plot
        if self.is_mounted:
            self.query_one(ResultPane).plot = plot

    # What the widgets tell

    def on_device_panel_picked(self, message: DevicePanel.Picked) -> None:
        """Another device is under the cursor."""
        self._queue.choose(message.name)

    def on_options_bar_picked(self, message: OptionsBar.Picked) -> None:
        """A value of an option was clicked."""
        self._queue.set_option(message.name, message.value)

    @on(Segments.Picked, "#bench-tabs-choice")
    def _pick_view(self, message: Segments.Picked) -> None:
        """A tab was clicked."""
        message.stop()
        self.action_show_view(message.option)

    # Actions

    def action_refresh(self) -> None:
        """Ask all devices again, and start a missing adb server."""
        self._queue.refresh()

    def action_toggle_mark(self) -> None:
        """Mark the device under the cursor, or unmark it."""
        self._queue.mark()

    def action_start_again(self) -> None:
        """Benchmark the same layers, or the network, on the devices that are chosen now."""
        if self._queue.job is None:
            line = "Go back (esc), select a layer or mark some (space), and press b there."
            self.app.push_screen(ErrorDialog("No layer is chosen", line))
        else:
            self._queue.start(self._queue.job)

    def action_cancel(self) -> None:
        """End the benchmark; what is measured is kept."""
        self._queue.cancel()

    def action_step_option(self, name: str) -> None:
        """The next value of an option."""
        self._queue.step_option(name)

    def action_step_plot(self) -> None:
        """The other plot."""
        pane = self.query_one(ResultPane)
        pane.plot = PLOTS[(PLOTS.index(pane.plot) + 1) % len(PLOTS)]

    def show_tab(self, view: str) -> None:
        """Mark the tab."""
        self.query_one("#bench-tabs-choice", Segments).chosen = view

    def action_leave(self) -> None:
        """Back; runs go on."""
        self.app.pop_screen()
