"""The part of the benchmark screen that is about runs: begin, follow and end them on one or several devices."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.widgets import ProgressBar, Static

from ubp_tui import messages
from ubp_tui.bench.job import BenchJob, PackedJob
from ubp_tui.bench.options import RunOptions
from ubp_tui.bench.run import DeviceRun
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.renderables.bench.rows import Plan
from ubp_tui.screens.benchmark_work import BenchmarkWork
from ubp_tui.widgets.bench.options_bar import OptionsBar
from ubp_tui.widgets.bench.result_pane import ResultPane
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.header.screen_title import ScreenTitle
from ubp_tui.work.services import Services

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchProgress

PACKING_SHARE = 0.1
"""Part of the bar that packing fills."""


class BenchmarkRuns(BenchmarkWork):
    """A screen that runs a job on the marked devices, each in a worker of its own."""

    running: reactive[bool] = reactive(False, toggle_class="-running", repaint=False)
    """Whether a benchmark is under way."""
    view: reactive[str] = reactive("devices", init=False, repaint=False)
    """The pane in sight where only one has room."""

    def __init__(self, services: Services) -> None:
        """Args: what does the work."""
        super().__init__(services)
        self.job: BenchJob | None = None
        """What was benchmarked last, or is now."""
        self.runs: dict[str, DeviceRun] = {}
        """How far each device is."""
        self.plan: Plan = {}
        """Layers and variants of the job."""
        self._waiting = False
        """Whether the job begins as soon as the devices are known."""
        self._listed = False
        self._cancel = Event()
        self._packing = ""
        self._retained: dict[str, tuple[float, ...]] = {}
        self._packed: PackedJob | None = None
        self._options = RunOptions()

    def start(self, job: BenchJob) -> None:
        """Benchmark on the chosen devices; where nobody has chosen, as soon as the devices are known."""
        if self.running:
            self._fail("A benchmark is running", "Wait for it, or stop it with the key c.")
            return
        self.job, self._waiting = job, True
        self.runs, self.plan, self._packing, self._retained = {}, job.variants(self._chosen_options), "", {}
        choices = sorted({(choice.block_size, choice.sparsity) for choice in job.choices})
        same = f"N={choices[0][0]} s={choices[0][1]:g}" if len(choices) == 1 else f"{len(choices)} choices"
        self.query_one(ScreenTitle).detail = f"{job.model} · {same}"
        self._show_runs()
        self._tell("looking for devices")
        if self._listed or self.query_one(DevicePanel).picked:
            self._begin()

    @property
    def _chosen_options(self) -> RunOptions:
        """How runs are to be made."""
        return self.query_one(OptionsBar).options

    def _begin(self) -> None:
        """Start to pack; the devices follow."""
        assert self.job is not None
        panel = self.query_one(DevicePanel)
        self._waiting, self._cancel = False, Event()
        self._options, self.plan = self._chosen_options, self.job.variants(self._chosen_options)
        titles = {name: panel.infos[name].title for name in panel.targets if name in panel.infos}
        self.runs = {name: DeviceRun(name, titles.get(name, "")) for name in panel.targets}
        self.running = True
        self._packed = PackedJob(self.job)
        self.action_show_view("results")
        self.query_one(ProgressBar).update(total=1.0, progress=0.0)
        self._tell("selecting and packing")
        self._show_runs()
        self._pack(self._packed, self._options, self._cancel)

    def action_show_view(self, view: str) -> None:
        """Go to a pane: bring it into sight and focus its table."""
        self.view = view
        target = {"devices": "#device-table", "results": "#result-table"}[view]
        self.call_after_refresh(lambda: self.query_one(target).focus())

    # What the workers tell

    def on_layer_packing(self, message: messages.LayerPacking) -> None:
        """Show which layer is being packed."""
        if self.job is None or self._cancel.is_set():
            return
        self._packing = message.name
        count = len(self.job.names)
        self._tell(f"selecting and packing {message.name} ({message.number} of {count})")
        self.query_one(ProgressBar).update(progress=PACKING_SHARE * (message.number - 1) / count)
        self._show_runs()

    def on_layers_packed(self, message: messages.LayersPacked) -> None:
        """Start a worker per device."""
        self._packing = ""
        self._retained = {layer.layer: layer.retained for layer in message.packed.layers}
        for device in self.runs:
            self._run_benchmark(message.packed, device, self._options, self._cancel)

    def on_packing_failed(self, message: messages.PackingFailed) -> None:
        """Nothing can be measured."""
        self.runs = {name: run.failed(message.line) for name, run in self.runs.items()}
        self._end_where_all_have(message.line, "The benchmark can't run")

    def on_benchmark_progressed(self, message: messages.BenchmarkProgressed) -> None:
        """A device is further."""
        step = message.step
        run = self.runs.get(step.device)
        if run is None or run.ended:
            return
        self.runs[step.device] = run.after(step)
        shares = [each.share for each in self.runs.values()]
        done = PACKING_SHARE + (1 - PACKING_SHARE) * sum(shares) / len(shares)
        self.query_one(ProgressBar).update(progress=done)
        self._tell("stopping" if self._cancel.is_set() else self._describe_step(step))
        self._show_runs()

    def _describe_step(self, step: BenchProgress) -> str:
        """What one device is doing; with several, how many are at work."""
        if len(self.runs) == 1:
            place = f" · {step.layer} ({step.index} of {step.count})" if step.layer else ""
            return f"{step.detail or step.stage.value}{place} · {step.device}"
        ended = sum(run.ended for run in self.runs.values())
        return f"{len(self.runs)} devices at once, {ended} done"

    def on_benchmark_finished(self, message: messages.BenchmarkFinished) -> None:
        """A device is through, or ended early; the others go on."""
        run = message.run
        if run.device not in self.runs:
            return
        self.runs[run.device] = self.runs[run.device].finished(run, message.number, message.unkept)
        if run.failure:
            self._end_where_all_have(run.failure, f"The benchmark on {run.device} ended early")
        else:
            self._end_where_all_have(message.unkept, "The result could not be kept")

    def on_benchmark_failed(self, message: messages.BenchmarkFailed) -> None:
        """A device could not begin; the others go on."""
        if message.device not in self.runs:
            return
        self.runs[message.device] = self.runs[message.device].failed(message.line)
        self._end_where_all_have(message.line, f"The benchmark on {message.device} can't run")

    def _end_where_all_have(self, line: str, title: str) -> None:
        """Back to rest after the last device; what went wrong on a single device is said in the dialog."""
        cancelled = self._cancel.is_set()
        if all(run.ended for run in self.runs.values()):
            self.running = False
            if self._packed is not None:
                self._packed.close()
            self._tell(f"{self._last_word(cancelled)} · b runs it again, h opens the history")
        self._show_runs()
        if line and not cancelled and len(self.runs) == 1:
            self._fail(title, line)

    @property
    def leading_device(self) -> str:
        """The device whose figures count where one is shown: the only one that ran, or the chosen one of several."""
        return next(iter(self.runs)) if len(self.runs) == 1 else self.query_one(DevicePanel).chosen

    def _last_word(self, cancelled: bool) -> str:
        """How it ended."""
        failed = sum(bool(run.failure) for run in self.runs.values())
        if cancelled and failed:
            return "cancelled"
        if not any(run.layers for run in self.runs.values()):
            return "nothing was measured"
        if len(self.runs) > 1 and failed:
            return f"done on {len(self.runs) - failed} of {len(self.runs)} devices"
        return "ended early" if failed else "done"

    def action_cancel(self) -> None:
        """End the run; the programs on the devices go with it."""
        if self.running:
            self._cancel.set()
            self._tell("stopping")
        elif self._waiting:
            self._waiting = False
            self._tell("cancelled · b runs it on the chosen devices")

    # Showing

    def on_screen_resume(self) -> None:
        """Show what has come meanwhile."""
        self._show_runs()

    def _tell(self, line: str) -> None:
        """The line below the title."""
        self.query_one("#bench-step", Static).update(line)

    def _fail(self, title: str, line: str) -> None:
        """The one dialog."""
        self.app.push_screen(ErrorDialog(title, line))

    def _show_runs(self) -> None:
        """Bring results and devices up to date; out of sight that waits until the screen is opened again."""
        if self.job is None or self not in self.app.screen_stack:
            return
        names = self.job.names
        what = f"{len(names)} layers" if len(names) > 1 else names[0]
        count = len(next(iter(self.plan.values())))
        title = f"{what} · {count} variants take turns, run by run"
        runs = tuple(self.runs.values()) or (DeviceRun(self.query_one(DevicePanel).chosen),)
        self.query_one(ResultPane).show(self.plan, runs, title, self._packing, self._retained)
        status = {name: run.status for name, run in self.runs.items()} if self.running else {}
        self.query_one(DevicePanel).show_status(status)
