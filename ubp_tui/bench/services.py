"""What the benchmark screens need from outside: devices, runs and the history, all of them `ubp_core`.

Every function here may take long (a phone, a disk): they are called on worker threads only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from ubp_core.vocabulary import DEFAULT_CRITERION
from ubp_tui.bench.job import PackedJob
from ubp_tui.bench.options import RunOptions

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchProgress, BenchRun, BenchSettings
    from ubp_core.devices import Device, DeviceFacts, DeviceInfo, DeviceWatch
    from ubp_core.devices.adb.server import ServerAddress
    from ubp_core.history import Comparison, Entry, LayerFigures, Summary
    from ubp_core.models import LoadedModel

WAKE_S = 0.1
"""How often a cancel is looked at while a run waits for another."""


@dataclass(frozen=True)
class DeviceList:
    """The devices known at one moment."""

    infos: tuple[DeviceInfo, ...]
    """The devices."""
    note: str
    """Why there is no phone among them, in one line; may be empty."""
    complete: bool
    """Whether adb and every phone have answered."""

    @property
    def preferred(self) -> str:
        """The device to run on where nobody has chosen: ANDROID_SERIAL, the first ready phone, the host."""
        wanted = f"adb:{os.environ.get('ANDROID_SERIAL', '')}"
        phones = [info.name for info in self.infos if info.ready and info.kind.value == "adb"]
        return wanted if wanted in phones else next(iter(phones), self.infos[0].name)


OnDevices = Callable[[DeviceList], None]
"""Called from threads of the watch."""


@dataclass(frozen=True)
class BenchServices:
    """Devices, runs and the history."""

    server: Callable[[], ServerAddress]
    """The adb server to ask."""
    settings: Callable[[], BenchSettings]
    """How a comparison runs where the user leaves it to the program."""
    history: Path | None = None
    """The history file; None: the user's own."""
    here: Lock = field(default_factory=Lock)
    """Held by the run on this machine: host and emulator share its processors."""

    def watch_devices(self, on_devices: OnDevices) -> DeviceWatch:
        """Tell what needs no adb at once, then everything, and again whenever a phone comes, goes or changes.

        Returns:
            The watch, to be stopped.
        """
        from ubp_core.devices import DeviceWatch, Phones
        from ubp_core.devices.local_devices import Emulator, Host
        from ubp_core.devices.watch import ASKING

        local = (Host().info(), Emulator().info())
        on_devices(DeviceList(local, "asking adb for phones", False))

        def tell(phones: Phones) -> None:
            asking = any(info.advice == ASKING for info in phones.infos)
            on_devices(DeviceList((*local, *phones.infos), phones.note, not asking))

        return DeviceWatch(self.server(), tell)

    def read_facts(self, name: str) -> DeviceFacts:
        """Ask one device.

        Raises:
            DeviceError: it is not ready; the line says what to do.
        """
        from ubp_core.devices import open_device

        return open_device(name, self.server()).facts()

    def run(
        self,
        packed: PackedJob,
        device: str,
        options: RunOptions,
        on_progress: Callable[[BenchProgress], object],
        cancel: Event,
    ) -> BenchRun:
        """Run on one device.

        Args:
            packed: what to run.
            device: name of the device.
            options: how.
            on_progress: told every step, in this thread.
            cancel: set it to end the run.

        Raises:
            UbpError: nothing could be run at all; what goes wrong later is in the run's `failure`.
        """
        from ubp_core.devices import DeviceError, open_device

        settings = options.settings(self.settings())
        target = open_device(device, self.server())
        info = target.info()
        if not info.ready:
            raise DeviceError(info.line)
        if info.kind.value == "adb":
            return _compare(target, packed, settings, on_progress, cancel)
        while not self.here.acquire(timeout=WAKE_S):
            if cancel.is_set():
                break
        else:
            try:
                return _compare(target, packed, settings, on_progress, cancel)
            finally:
                self.here.release()
        return _compare(target, packed, settings, on_progress, cancel)  # cancelled: ends before it runs anything

    def keep(self, run: BenchRun) -> int:
        """Store a run in the history and return its number.

        Raises:
            HistoryError: the file can't be used.
        """
        from ubp_core.history import History

        with History(self.history) as history:
            return history.add(run)

    def read_figures(self, model: LoadedModel, device: str) -> LayerFigures:
        """The newest figures of a network's layers.

        Args:
            model: the network.
            device: name of the device; empty: the one of the last run that has figures of these layers.

        Raises:
            HistoryError: the file can't be used.
        """
        from ubp_core.history import read_figures

        return read_figures(model, device, path=self.history)

    def list_runs(self) -> tuple[Summary, ...]:
        """The history, newest first; raises HistoryError."""
        from ubp_core.history import History

        with History(self.history, reading=True) as history:
            return tuple(history.list())

    def read_run(self, number: int) -> Entry:
        """One run of the history; raises HistoryError."""
        from ubp_core.history import History

        with History(self.history, reading=True) as history:
            return history.get(number)

    def delete_runs(self, numbers: Sequence[int]) -> None:
        """Take runs out of the history; raises HistoryError."""
        from ubp_core.history import History

        with History(self.history) as history:
            for number in numbers:
                history.delete(number)

    def export_runs(self, numbers: Sequence[int], path: Path) -> None:
        """Write runs to a new file: CSV or JSON, by its ending.

        Raises:
            HistoryError: they can't be read.
            FileError: the file is there already, or can't be written.
        """
        from ubp_core.atomic_file import write_atomically, write_text
        from ubp_core.history import History, to_csv, to_json

        with History(self.history, reading=True) as history:
            entries = [history.get(number) for number in numbers]
        text = to_csv(entries) if path.suffix == ".csv" else to_json(entries)
        write_atomically(path, lambda place: write_text(place, text), overwrite=False)

    def compare(self, first: int, second: int) -> Comparison:
        """Two runs of the history side by side; raises HistoryError."""
        from ubp_core.history import compare_runs

        return compare_runs(self.read_run(first), self.read_run(second))


def default_bench_services(adb_host: str | None = None) -> BenchServices:
    """The real ones; `adb_host` is HOST[:PORT] of another adb server."""

    def server() -> ServerAddress:
        from ubp_core.devices.adb.server import server_address

        return server_address(adb_host)

    def settings() -> BenchSettings:
        from ubp_core.benchmark import BenchSettings

        return BenchSettings()

    return BenchServices(server, settings)


def _compare(
    device: Device,
    packed: PackedJob,
    settings: BenchSettings,
    on_progress: Callable[[BenchProgress], object],
    cancel: Event,
) -> BenchRun:
    """One comparison."""
    from ubp_core.benchmark import run_comparison

    job = packed.job
    extra: dict[str, Any] = {"model": {"name": job.model, "source": job.source}, "criterion": DEFAULT_CRITERION}
    if job.network is not None and job.network.choices.types:
        extra["types"] = {"network": job.network.choices.dtype, **job.network.choices.types}
    return run_comparison(device, packed.layers, settings, job.model, on_progress, cancel, extra=extra)
