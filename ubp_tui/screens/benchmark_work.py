"""The benchmark screen's workers: threads that ask devices and run benchmarks, and post what they found."""

from __future__ import annotations

from threading import Event

from textual import work
from textual.screen import Screen
from textual.worker import get_current_worker

from ubp_tui.bench_services import BenchJob, BenchStep
from ubp_tui.messages import BenchmarkFailed, BenchmarkFinished, BenchmarkProgressed, DeviceFactsRead, DevicesListed
from ubp_tui.services import Services


class BenchmarkWork(Screen[None]):
    """A screen that can list devices and run a benchmark in the background."""

    def __init__(self, services: Services) -> None:
        """Args: what does the work."""
        super().__init__()
        self.services = services

    @work(thread=True, exclusive=True, group="list_devices", description="ask which devices there are")
    def _list_devices(self) -> None:
        """List twice: what is on this machine at once, phones when adb has answered."""
        worker = get_current_worker()
        for devices in self.services.bench.list_devices():
            if worker.is_cancelled:
                return
            self.post_message(DevicesListed(devices))

    @work(thread=True, exclusive=True, group="read_facts", description="ask the chosen device for its facts")
    def _read_facts(self, name: str) -> None:
        """Ask one device; why it does not answer is said by its state."""
        from ubp_core.devices import DeviceError

        worker = get_current_worker()
        try:
            facts = self.services.bench.read_facts(name).lines
        except DeviceError:
            facts = ()
        if not worker.is_cancelled:
            self.post_message(DeviceFactsRead(name, facts))

    @work(thread=True, group="run_benchmark", description="benchmark layers on a device")
    def _run_benchmark(self, job: BenchJob, device: str, cancel: Event) -> None:
        """Run and keep. It is ended by `cancel`, not with the worker: the remote program must be gone first."""
        from ubp_core.errors import UbpError

        bench = self.services.bench
        try:
            run = bench.run(job, device, self._tell_step, cancel)
        except UbpError as error:
            self.post_message(BenchmarkFailed(str(error)))
            return
        except OSError as error:
            self.post_message(BenchmarkFailed(f"the files can't be written: {error.strerror or error}"))
            return
        number, unkept = None, ""
        if run.layers:
            try:
                number = bench.keep(run)
            except UbpError as error:
                unkept = str(error)
        self.post_message(BenchmarkFinished(run, number, unkept))

    def _tell_step(self, step: BenchStep) -> None:
        """Post a step of the run."""
        self.post_message(BenchmarkProgressed(step))
