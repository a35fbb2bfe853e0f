"""The benchmark queue: devices, options, and the benchmark that is wanted or under way.

Touched on the event loop only. It runs nothing itself: what it wants done it says by signals, and whoever does it
(`errands`) comes back with a `take_...` call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from ubp_tui.bench.devices import Devices
from ubp_tui.bench.job import BenchJob, Plan
from ubp_tui.bench.options import OPTIONS, RunOptions, core_values, thread_values
from ubp_tui.bench.run import DeviceRun, Failure, Retained, RunOrder
from ubp_tui.observing import Signal

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchProgress, BenchRun
    from ubp_core.devices import DeviceFacts
    from ubp_tui.bench.services import DeviceList

Phase = Literal["idle", "looking", "packing", "running", "ended"]
"""Where the benchmark is: nothing yet, waits for the devices, selects and packs, runs, came to its end."""


class BenchQueue:
    """One benchmark at a time, on one or several devices at once."""

    def __init__(self) -> None:
        """Start without devices and without a job."""
        self.devices = Devices()
        """The devices, and which are chosen."""
        self.asked = ""
        """Device whose facts are awaited; empty: none."""
        self.watched = False
        """Whether somebody looks at the devices."""
        self.wanted: tuple[str, ...] = ()
        """Devices that a session asks for; chosen as soon as they are listed."""
        self.options = RunOptions()
        """How the next benchmark runs."""
        self.offered = {option.name: option.values for option in OPTIONS}
        """What can be chosen of each option on these devices."""
        self.job: BenchJob | None = None
        """What was benchmarked last, or is now."""
        self.order: RunOrder | None = None
        """The benchmark under way, or the last one."""
        self.phase: Phase = "idle"
        """Where it is."""
        self.cancelled = False
        """Whether the user has ended it."""
        self.plan: Plan = {}
        """Layers and variants of the job."""
        self.packing = ""
        """The layer that is being packed now."""
        self.packing_number = 0
        """Its number, from 1."""
        self.retained: Retained = {}
        """What the packed layers keep."""
        self.runs: dict[str, DeviceRun] = {}
        """How far each device is."""
        self.step: BenchProgress | None = None
        """The last step of any device."""
        self.failure: Failure | None = None
        """What went wrong last."""
        self._told = ""
        self.devices_changed, self.chosen_changed = Signal(), Signal()
        """Devices, marks or facts; another device is known to be the chosen one."""
        self.options_changed, self.runs_changed = Signal(), Signal()
        """Options or what they offer; anything about the benchmark."""
        self.ended, self.failed = Signal(), Signal()
        """A device has come to its end; there is another `failure`."""
        self.watch_wanted, self.refresh_wanted, self.facts_wanted = Signal(), Signal(), Signal()
        """For errands: watch the devices, ask all of them again, ask the device `asked`."""
        self.run_wanted, self.closing = Signal(), Signal()
        """For errands: make what is in `order`; nobody is told anything any more."""

    # Reads

    @property
    def waiting(self) -> bool:
        """Whether a benchmark begins as soon as the devices are known."""
        return self.phase == "looking"

    @property
    def running(self) -> bool:
        """Whether a benchmark is under way."""
        return self.phase in ("packing", "running")

    @property
    def settled(self) -> bool:
        """Whether nothing is awaited: no device, no fact, no benchmark."""
        known = self.devices.complete or not self.watched
        return known and not (self.asked or self.waiting or self.running)

    @property
    def leading_device(self) -> str:
        """The device whose figures count where one is shown: the only one that ran, or the chosen one of several."""
        return next(iter(self.runs)) if len(self.runs) == 1 else self.devices.chosen

    @property
    def kept_devices(self) -> tuple[str, ...]:
        """What a session keeps: the devices that the user chose, or those of the session before."""
        devices = self.devices
        return devices.marked or ((devices.chosen,) if devices.picked else self.wanted)

    # Edits: devices and options

    def watch(self) -> None:
        """Somebody looks at the devices from now on."""
        if not self.watched:
            self.watched = True
            self.watch_wanted.emit()

    def refresh(self) -> None:
        """Ask all devices again; not during a run, from which that would take time."""
        if self.watched and not self.running:
            self.refresh_wanted.emit()

    def choose(self, name: str) -> None:
        """The user chooses a device."""
        if name not in self.devices.infos:
            return
        self.devices, self._told = self.devices.with_chosen(name), name
        self.devices_changed.emit()
        self.chosen_changed.emit()
        self._ask(name)

    def mark(self) -> None:
        """Mark the chosen device, or unmark it."""
        self.devices = self.devices.with_mark_turned()
        self.devices_changed.emit()
        self._ask(self.devices.chosen)

    def want(self, devices: tuple[str, ...], options: RunOptions) -> None:
        """Take over what a session holds; its devices as soon as they are listed."""
        self.wanted, self.options = devices, options
        self.options_changed.emit()

    def set_option(self, name: str, value: str) -> None:
        """Choose a value of an option."""
        self.options = replace(self.options, **{name: value})
        self.options_changed.emit()

    def step_option(self, name: str, step: int = 1) -> None:
        """The next value of an option, around the end."""
        self.options = self.options.stepped(name, self.offered[name], step)
        self.options_changed.emit()

    def _ask(self, name: str) -> None:
        """Ask a device that is ready; not during a run: questions would take time from what is measured."""
        info = self.devices.infos.get(name)
        if info is not None and info.ready and not self.running:
            self.asked = name
            self.facts_wanted.emit()

    # Edits: the benchmark

    def start(self, job: BenchJob) -> None:
        """Benchmark on the chosen devices; where nobody has chosen, as soon as the devices are known."""
        if self.running:
            self._fail("A benchmark is running", "Wait for it, or stop it with the key c.")
            return
        self.job, self.phase, self.cancelled = job, "looking", False
        self.plan, self.runs, self.step = job.variants(self.options), {}, None
        self.packing, self.packing_number, self.retained = "", 0, {}
        self.runs_changed.emit()
        self.watch()
        if self.waiting and (self.devices.complete or self.devices.picked):
            self._begin()

    def _begin(self) -> None:
        """Order the benchmark on the devices that are chosen now."""
        assert self.job is not None
        infos, targets = self.devices.infos, self.devices.targets
        self.phase, self.plan = "packing", self.job.variants(self.options)
        self.runs = {name: DeviceRun(name, infos[name].title if name in infos else "") for name in targets}
        self.order = RunOrder(self.job, self.options, targets)
        self.runs_changed.emit()
        self.run_wanted.emit()

    def cancel(self) -> None:
        """End the benchmark; the programs on the devices go with it."""
        if self.running:
            assert self.order is not None
            self.order.cancel.set()
        elif self.waiting:
            self.phase = "idle"
        else:
            return
        self.cancelled = True
        self.runs_changed.emit()

    def close(self) -> None:
        """The app ends: so do the programs on the devices, and nothing is told any more."""
        if self.order is not None:
            self.order.cancel.set()
        self.closing.emit()

    # Results

    def take_devices(self, listed: DeviceList) -> None:
        """The devices were listed; what waited for them begins."""
        self.devices = self.devices.after(listed)
        if not listed.complete:
            self.devices_changed.emit()
            return
        self.devices, self.wanted = self.devices.with_wanted(self.wanted), ()
        self.devices_changed.emit()
        # Before a run begins: while layers are packed, a question disturbs nothing.
        self._ask(self.devices.chosen)
        if self.devices.chosen != self._told:
            self._told = self.devices.chosen
            self.chosen_changed.emit()
        if self.waiting:
            self._begin()

    def take_facts(self, name: str, facts: DeviceFacts | None) -> None:
        """A device told its facts, or did not answer; the options offer what the devices really have."""
        if name == self.asked:
            self.asked = ""
        self.devices = self.devices.with_facts(name, facts)
        known = self.devices.target_facts
        if known and not self.running:
            self._offer("cores", core_values(known))
            self._offer("threads", thread_values(known))
        self.devices_changed.emit()

    def _offer(self, name: str, values: tuple[str, ...]) -> None:
        """Change what an option offers; what is chosen and is no longer offered goes back to the first."""
        if self.offered[name] != values:
            self.offered[name], self.options = values, self.options.limited(name, values)
            self.options_changed.emit()

    def take_packing(self, layer: str, number: int) -> None:
        """A layer is being selected and packed; `number` is its place, from 1."""
        if not self.cancelled:
            self.packing, self.packing_number = layer, number
            self.runs_changed.emit()

    def take_packed(self, retained: Retained) -> None:
        """All layers are packed; the devices begin."""
        self.phase, self.packing, self.retained = "running", "", retained
        self.runs_changed.emit()

    def take_packing_failure(self, line: str) -> None:
        """Nothing can be measured."""
        self.runs = {name: run.failed(line) for name, run in self.runs.items()}
        self._note_end("The benchmark can't run", line)

    def take_step(self, step: BenchProgress) -> None:
        """A device is further."""
        run = self.runs.get(step.device)
        if run is not None and not run.ended:
            self.runs[step.device], self.step = run.after(step), step
            self.runs_changed.emit()

    def take_end(self, run: BenchRun, number: int | None, unkept: str) -> None:
        """A device is through, or ended early; the others go on.

        Args:
            run: what was measured.
            number: its number in the history; None if it is not there.
            unkept: why it could not be kept, in one line; may be empty.
        """
        self.runs[run.device] = self.runs[run.device].finished(run, number, unkept)
        if run.failure:
            self._note_end(f"The benchmark on {run.device} ended early", run.failure)
        else:
            self._note_end("The result could not be kept", unkept)

    def take_failure(self, device: str, line: str) -> None:
        """A device could not begin; the others go on."""
        self.runs[device] = self.runs[device].failed(line)
        self._note_end(f"The benchmark on {device} can't run", line)

    def _note_end(self, title: str, line: str) -> None:
        """Back to rest after the last device; what went wrong fails as a whole only on a single device."""
        if all(run.ended for run in self.runs.values()):
            self.phase, self.packing = "ended", ""
        self.runs_changed.emit()
        self.ended.emit()
        if not self.running:
            self._ask(self.devices.chosen)  # which was not asked because of the run
        if line and not self.cancelled and len(self.runs) == 1:
            self._fail(title, line)

    def _fail(self, title: str, line: str) -> None:
        """Say what can't be done."""
        self.failure = Failure(title, line)
        self.failed.emit()
