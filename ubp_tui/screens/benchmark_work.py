"""The benchmark screen's workers: threads that watch devices, pack and run, and post what they found."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from textual import work
from textual.screen import Screen
from textual.worker import get_current_worker

from ubp_tui import messages
from ubp_tui.bench.job import PackedJob
from ubp_tui.bench.options import RunOptions
from ubp_tui.work.services import Services

if TYPE_CHECKING:
    from ubp_core.devices import DeviceWatch
    from ubp_tui.bench.services import DeviceList


class BenchmarkWork(Screen[None]):
    """A screen that can watch devices and run benchmarks in the background."""

    def __init__(self, services: Services) -> None:
        """Args: what does the work."""
        super().__init__()
        self.services = services
        self.watch_of_devices: DeviceWatch | None = None
        """The watch, once it runs."""
        self.packing: PackedJob | None = None
        """What a thread is packing now: it looks for a cancel between files only, and capturing takes seconds."""
        self._left = False

    @work(thread=True, exclusive=True, group="watch_devices", description="begin to watch devices")
    def _watch_devices(self) -> None:
        """Begin; the watch has a thread of its own."""
        watch = self.services.bench.watch_devices(self._post_devices)
        self.watch_of_devices = watch
        if self._left:  # meanwhile the app has ended
            watch.stop(wait=False)

    def _post_devices(self, devices: DeviceList) -> None:
        """Post what is attached, from a thread of the watch."""
        if not self._left:
            self.post_message(messages.DevicesListed(devices))

    def _stop_watch(self) -> None:
        """The app ends: nothing is told any more."""
        self._left = True
        if self.watch_of_devices is not None:
            self.watch_of_devices.stop(wait=False)

    @work(thread=True, exclusive=True, group="read_facts", description="ask a device for its facts")
    def _read_facts(self, name: str) -> None:
        """Ask one device; why it does not answer is said by its state."""
        from ubp_core.devices import DeviceError

        worker = get_current_worker()
        try:
            facts = self.services.bench.read_facts(name)
        except DeviceError:
            facts = None
        if not worker.is_cancelled:
            self.post_message(messages.DeviceFactsRead(name, facts))

    @work(thread=True, group="pack_layers", description="select and pack layers for a benchmark")
    def _pack(self, packed: PackedJob, options: RunOptions, cancel: Event) -> None:
        """Pack for all devices."""
        from ubp_core.errors import UbpError

        self.packing = packed
        try:
            packed.pack(options, lambda name, number: self.post_message(messages.LayerPacking(name, number)), cancel)
        except UbpError as error:
            self.post_message(messages.PackingFailed(str(error)))
        except OSError as error:
            self.post_message(messages.PackingFailed(f"the files can't be written: {error.strerror or error}"))
        else:
            self.post_message(messages.LayersPacked(packed))
        finally:
            self.packing = None

    @work(thread=True, group="run_benchmark", description="benchmark layers on a device")
    def _run_benchmark(self, packed: PackedJob, device: str, options: RunOptions, cancel: Event) -> None:
        """Run on one device and keep. Ended by `cancel`, not with the worker: the remote program must be gone first."""
        from ubp_core.errors import UbpError

        bench = self.services.bench
        try:
            run = bench.run(
                packed, device, options, lambda step: self.post_message(messages.BenchmarkProgressed(step)), cancel
            )
        except UbpError as error:
            self.post_message(messages.BenchmarkFailed(device, str(error).removeprefix(f"{device}: ")))
            return
        number, unkept = None, ""
        if run.layers:
            try:
                number = bench.keep(run)
            except UbpError as error:
                unkept = str(error)
        self.post_message(messages.BenchmarkFinished(run, number, unkept))
