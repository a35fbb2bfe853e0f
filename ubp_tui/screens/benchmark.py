"""The benchmark screen: devices and options, the runs under way, their results."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import ProgressBar, Static

from ubp_tui import messages
from ubp_tui.bench.options import RunOptions, core_values, thread_values
from ubp_tui.keys.bindings import bindings_of
from ubp_tui.keys.key_action import Owner
from ubp_tui.screens.benchmark_runs import BenchmarkRuns
from ubp_tui.widgets.bench.options_bar import OptionsBar
from ubp_tui.widgets.bench.result_pane import PLOTS, ResultPane
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.widgets.key_footer import KeyFooter
from ubp_tui.widgets.size_notice import SizeNotice

VIEWS = ("devices", "results")


class BenchmarkScreen(BenchmarkRuns):
    """Runs benchmarks on the chosen devices. The app keeps it, so that runs go on while another screen is shown."""

    BINDINGS = bindings_of("benchmark")
    key_owner: ClassVar[Owner] = "benchmark"

    wanted: tuple[str, ...] = ()
    """Devices that a session asks for; chosen as soon as they are listed."""
    wanted_options = RunOptions()
    """How a session wants benchmarks to run; taken over when the screen is opened."""
    wanted_plot = PLOTS[0]
    """The plot of the session; taken over with them."""
    _told = ""
    """The device that the layer table was last told to be the chosen one."""

    def compose(self) -> ComposeResult:
        """Title, tabs, progress, the panes, footer."""
        yield ScreenTitle("Benchmark", id="bench-title")
        with Horizontal(id="bench-tabs"):
            yield Segments("view", "1-2", VIEWS, VIEWS[0], id="bench-tabs-choice")
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
        """Begin to watch the devices."""
        self.add_class("-view-devices")
        self._take_wanted()
        self._tell("choose a device, or mark several (space); b benchmarks the layers on them")
        self._watch_devices()

    def on_unmount(self) -> None:
        """The app ends: so do the programs on the devices, and the watch."""
        self._cancel.set()
        self._stop_watch()

    def want(self, options: RunOptions, plot: str) -> None:
        """Take over a session's options and plot: now, or when the screen is opened."""
        self.wanted_options, self.wanted_plot = options, plot
        if self.is_mounted:
            self._take_wanted()

    def _take_wanted(self) -> None:
        """Show the options and the plot of a session."""
        self.query_one(OptionsBar).options = self.wanted_options
        self.query_one(ResultPane).plot = self.wanted_plot

    # Devices

    def action_refresh(self) -> None:
        """Ask all devices again, and start a missing adb server."""
        if self.watch_of_devices is not None and not self.running:
            self.watch_of_devices.refresh()

    def on_devices_listed(self, message: messages.DevicesListed) -> None:
        """Show them; ask the chosen one for its facts; begin what waited for them."""
        panel = self.query_one(DevicePanel)
        panel.show_devices(message.devices)
        if not message.devices.complete:
            return
        panel.choose(self.wanted)
        self.wanted = ()
        self._listed = True
        # Before a run begins: while layers are packed, a question disturbs nothing.
        self._ask_facts(panel.chosen)
        if panel.chosen != self._told:
            self._told = panel.chosen
            self.app.post_message(messages.DevicePicked(panel.chosen))
        if self._waiting:
            self._begin()

    def _ask_facts(self, name: str) -> None:
        """Ask a device that is ready; not during a run: questions would take time from what is measured."""
        info = self.query_one(DevicePanel).infos.get(name)
        if info is not None and info.ready and not self.running:
            self._read_facts(name)

    def watch_running(self, running: bool) -> None:
        """The facts of a device that was not asked because of a run."""
        if not running and self.runs:
            self._ask_facts(self.query_one(DevicePanel).chosen)

    def on_device_facts_read(self, message: messages.DeviceFactsRead) -> None:
        """Show the facts, and offer the clusters and threads that the devices really have."""
        panel, options = self.query_one(DevicePanel), self.query_one(OptionsBar)
        panel.show_facts(message.name, message.facts)
        known = [facts for name in panel.targets if (facts := panel.facts.get(name)) is not None]
        if known and not self.running:
            options.set_values("cores", core_values(known))
            options.set_values("threads", thread_values(known))

    def on_device_picked(self, message: messages.DevicePicked) -> None:
        """Another device is under the cursor."""
        self._told = message.name
        self._ask_facts(message.name)

    def action_toggle_mark(self) -> None:
        """Mark the device under the cursor, or unmark it."""
        panel = self.query_one(DevicePanel)
        panel.toggle_mark()
        self._ask_facts(panel.chosen)

    # Runs

    def action_start_again(self) -> None:
        """Benchmark the same layers, or the network, on the devices that are chosen now."""
        if self.job is None:
            self._fail("No layer is chosen", "Go back (esc), select a layer or mark some (space), and press b there.")
        else:
            self.start(self.job)

    def action_step_option(self, name: str) -> None:
        """The next value of an option."""
        self.query_one(OptionsBar).step(name)

    def action_step_plot(self) -> None:
        """The other plot."""
        pane = self.query_one(ResultPane)
        pane.plot = PLOTS[(PLOTS.index(pane.plot) + 1) % len(PLOTS)]

    # Showing

    @on(Segments.Picked, "#bench-tabs-choice")
    def _pick_view(self, message: Segments.Picked) -> None:
        """A tab was clicked."""
        message.stop()
        self.action_show_view(message.option)

    def watch_view(self, view: str) -> None:
        """The compact layout follows a class."""
        for name in VIEWS:
            self.set_class(name == view, f"-view-{name}")
        self.query_one("#bench-tabs-choice", Segments).chosen = view

    def action_leave(self) -> None:
        """Back; runs go on."""
        self.app.pop_screen()
