"""The errands of the benchmark queue: watches and asks devices, packs, runs and keeps, beside the event loop.

They belong to the app, not to a screen: runs go on while another screen is shown. A run ends by the cancel of its
order, never by leaving a thread alone, for the program on the device must be gone first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ubp_tui.bench.job import PackedJob
from ubp_tui.bench.queue import BenchQueue
from ubp_tui.bench.run import RunOrder
from ubp_tui.bench.services import BenchServices, DeviceList
from ubp_tui.observing import Cancelled, Runner

if TYPE_CHECKING:
    from ubp_core.devices import DeviceWatch


class BenchErrands:
    """Does what a queue wants, and tells it what came out until the queue is closed."""

    def __init__(self, queue: BenchQueue, bench: BenchServices, runner: Runner) -> None:
        """Args: whose errands these are, what knows devices and the history, what has threads."""
        self.packing: PackedJob | None = None
        """What a thread is packing now: it looks for a cancel between files only, and capturing takes seconds."""
        self._queue, self._bench, self._runner = queue, bench, runner
        self._watch: DeviceWatch | None = None
        self._packed: PackedJob | None = None
        self._closed = False
        queue.watch_wanted.connect(self._begin_watch)
        queue.refresh_wanted.connect(self._refresh)
        queue.facts_wanted.connect(self._ask)
        queue.run_wanted.connect(self._begin_run)
        queue.ended.connect(self._remove_files)
        queue.closing.connect(self._close)

    # On the event loop

    def _begin_watch(self) -> None:
        """Begin to watch the devices; the watch has a thread of its own."""
        self._runner.run("watch_devices", self._watch_devices, "begin to watch devices")

    def _refresh(self) -> None:
        """Ask all devices again, and start a missing adb server."""
        if self._watch is not None:
            self._watch.refresh()

    def _ask(self) -> None:
        """Ask one device."""
        self._runner.run("read_facts", partial(self._read_facts, self._queue.asked), "ask a device for its facts")

    def _begin_run(self) -> None:
        """Pack for all devices; they follow."""
        order = self._queue.order
        assert order is not None
        self._packed = PackedJob(order.job)
        words = "select and pack layers for a benchmark"
        self._runner.run("pack_layers", partial(self._pack, order, self._packed), words, exclusive=False)

    def _run_everywhere(self, order: RunOrder, packed: PackedJob) -> None:
        """A worker per device."""
        self._queue.take_packed({layer.layer: layer.retained for layer in packed.layers})
        words = "benchmark layers on a device"
        for device in order.devices:
            work = partial(self._run_benchmark, order, packed, device)
            self._runner.run("run_benchmark", work, words, exclusive=False)

    def _remove_files(self) -> None:
        """The packed files go after the last device."""
        if self._packed is not None and not self._queue.running:
            self._packed.close()
            self._packed = None

    def _close(self) -> None:
        """Nothing is told any more."""
        self._closed = True
        if self._watch is not None:
            self._watch.stop(wait=False)

    def _hear(self, call: Callable[..., None], *arguments: Any) -> None:
        """What a thread told, unless the queue was closed meanwhile."""
        if not self._closed:
            call(*arguments)

    # On threads

    def _tell(self, call: Callable[..., None], *arguments: Any) -> None:
        """Let the event loop make a call."""
        if not self._closed:
            self._runner.tell(self._hear, call, *arguments)

    def _watch_devices(self, cancelled: Cancelled) -> None:
        """Begin; the closing may come at any moment of it."""
        self._watch = self._bench.watch_devices(self._tell_devices)
        if self._closed:
            self._watch.stop(wait=False)

    def _tell_devices(self, devices: DeviceList) -> None:
        """Tell what is attached, from a thread of the watch."""
        self._tell(self._queue.take_devices, devices)

    def _read_facts(self, name: str, cancelled: Cancelled) -> None:
        """Ask one device; why it does not answer is said by its state."""
        from ubp_core.devices import DeviceError

        try:
            facts = self._bench.read_facts(name)
        except DeviceError:
            facts = None
        if not cancelled():
            self._tell(self._queue.take_facts, name, facts)

    def _pack(self, order: RunOrder, packed: PackedJob, cancelled: Cancelled) -> None:
        """Select and pack."""
        from ubp_core.errors import UbpError

        self.packing = packed
        try:
            packed.pack(order.options, lambda *layer: self._tell(self._queue.take_packing, *layer), order.cancel)
        except UbpError as error:
            self._tell(self._queue.take_packing_failure, str(error))
        except OSError as error:
            line = f"the files can't be written: {error.strerror or error}"
            self._tell(self._queue.take_packing_failure, line)
        else:
            self._tell(self._run_everywhere, order, packed)
        finally:
            self.packing = None

    def _run_benchmark(self, order: RunOrder, packed: PackedJob, device: str, cancelled: Cancelled) -> None:
        """Run on one device and keep what was measured."""
        from ubp_core.errors import UbpError

        tell_step = partial(self._tell, self._queue.take_step)
        try:
            run = self._bench.run(packed, device, order.options, tell_step, order.cancel)
        except UbpError as error:
            self._tell(self._queue.take_failure, device, str(error).removeprefix(f"{device}: "))
            return
        number, unkept = None, ""
        if run.layers:
            try:
                number = self._bench.keep(run)
            except UbpError as error:
                unkept = str(error)
        self._tell(self._queue.take_end, run, number, unkept)
