"""What the benchmark screens need from outside: devices, runs and the history, all of them `ubp_core`.

Every function here may take long (a phone, a disk): they are called on worker threads only.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from ubp_tui.state import Choice

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchRun, BenchSettings, PackedVariants
    from ubp_core.devices import DeviceFacts, DeviceInfo
    from ubp_core.devices.adb_server import ServerAddress
    from ubp_core.history import Comparison, Entry, Summary
    from ubp_core.models import Layer, LoadedModel

METHODS = ("dense", "abp", "bed", "optimal")
"""Variants of every comparison."""


@dataclass(frozen=True, eq=False)
class BenchJob:
    """What to benchmark."""

    layers: tuple[Layer, ...]
    """The layers, at least one."""
    choice: Choice
    """Block size and sparsity of every variant but dense; the method is not used."""
    model: str
    """Name of the network."""
    source: str = ""
    """Where its weights come from."""


@dataclass(frozen=True)
class BenchStep:
    """Where a run is."""

    text: str
    """One line for people."""
    packing: bool
    """Whether layers are still being prepared on this machine."""
    index: int
    """Layer under way, from 1; 0 before the first and after the last."""


@dataclass(frozen=True)
class DeviceList:
    """The devices known at one moment."""

    infos: tuple[DeviceInfo, ...]
    """The devices."""
    note: str
    """Why there is no phone among them, in one line; may be empty."""
    complete: bool
    """Whether adb has answered."""

    @property
    def preferred(self) -> str:
        """The device to run on where nobody has chosen: ANDROID_SERIAL, the first ready phone, the host."""
        wanted = f"adb:{os.environ.get('ANDROID_SERIAL', '')}"
        phones = [info.name for info in self.infos if info.ready and info.kind.value == "adb"]
        return wanted if wanted in phones else next(iter(phones), self.infos[0].name)


OnStep = Callable[[BenchStep], None]


@dataclass(frozen=True)
class BenchServices:
    """Devices, runs and the history."""

    server: Callable[[], ServerAddress]
    """The adb server to ask."""
    settings: Callable[[], BenchSettings]
    """How every comparison runs."""
    history: Path | None = None
    """The history file; None: the user's own."""

    def list_devices(self) -> Iterator[DeviceList]:
        """List what needs no adb at once, then everything."""
        from ubp_core.devices.catalogue import list_phones
        from ubp_core.devices.errors import DeviceError
        from ubp_core.devices.info import NONE_ATTACHED
        from ubp_core.devices.local_devices import Emulator, Host

        local = (Host().info(), Emulator().info())
        yield DeviceList(local, "asking adb for phones", False)
        try:
            phones = tuple(list_phones(self.server()))
            note = "" if phones else NONE_ATTACHED
        except DeviceError as error:
            phones, note = (), str(error)
        yield DeviceList((*local, *phones), note, True)

    def read_facts(self, name: str) -> DeviceFacts:
        """Ask one device.

        Raises:
            DeviceError: it is not ready; the line says what to do.
        """
        from ubp_core.devices import open_device

        return open_device(name, self.server()).facts()

    def run(self, job: BenchJob, device: str, on_step: OnStep, cancel: Event) -> BenchRun:
        """Select, pack and run.

        Args:
            job: what to benchmark.
            device: name of the device.
            on_step: told every step, in this thread.
            cancel: set it to end the run.

        Raises:
            UbpError: nothing could be run at all; what goes wrong later is in the run's `failure`.
        """
        from ubp_core.benchmark import run_comparison
        from ubp_core.devices import DeviceError, open_device

        target = open_device(device, self.server())
        info = target.info()
        if not info.ready:
            raise DeviceError(info.line)
        extra = {"model": {"name": job.model, "source": job.source}, "criterion": "l1"}
        with tempfile.TemporaryDirectory(prefix="ubp-tui-") as folder:
            packed = _pack_all(job, Path(folder), on_step, cancel)
            return run_comparison(
                target,
                packed,
                self.settings(),
                job.model,
                lambda step: on_step(BenchStep(step.text, False, step.index)),
                cancel,
                extra=extra,
            )

    def keep(self, run: BenchRun) -> int:
        """Store a run in the history and return its number.

        Raises:
            HistoryError: the file can't be used.
        """
        from ubp_core.history import History

        with History(self.history) as history:
            return history.add(run)

    def list_runs(self) -> tuple[Summary, ...]:
        """The history, newest first; raises HistoryError."""
        from ubp_core.history import History

        with History(self.history) as history:
            return tuple(history.list())

    def read_run(self, number: int) -> Entry:
        """One run of the history; raises HistoryError."""
        from ubp_core.history import History

        with History(self.history) as history:
            return history.get(number)

    def compare(self, first: int, second: int) -> Comparison:
        """Two runs of the history side by side; raises HistoryError."""
        from ubp_core.history import compare_runs

        return compare_runs(self.read_run(first), self.read_run(second))


def make_job(model: LoadedModel, names: Sequence[str], choice: Choice) -> BenchJob:
    """Look up what to benchmark.

    Raises:
        ModelError: a layer that stays dense, or whose image is not known; the line says what to do.
    """
    from ubp_core.errors import ModelError

    layers = tuple(model.layer(name) for name in names)
    for layer in layers:
        if not layer.prunable:
            reason = f"{layer.name} stays dense ({layer.skip_reason}), so there is nothing to compare"
            raise ModelError(f"{reason}. Select a layer that has blocks.")
        if layer.output_hw is None and layer.kind != "linear":
            raise ModelError(f"The size of {layer.name}'s image is not known. Start ubp-tui with --arch NAME.")
    source = f"random weights, {model.source}" if model.random_weights else model.source
    return BenchJob(layers, choice, model.name, source)


def default_bench_services(adb_host: str | None = None) -> BenchServices:
    """The real ones; `adb_host` is HOST[:PORT] of another adb server."""

    def server() -> ServerAddress:
        from ubp_core.devices.adb_server import server_address

        return server_address(adb_host)

    def settings() -> BenchSettings:
        from ubp_core.benchmark import BenchSettings

        return BenchSettings()

    return BenchServices(server, settings)


def _pack_all(job: BenchJob, folder: Path, on_step: OnStep, cancel: Event) -> list[PackedVariants]:
    """Every layer's variants, each layer in a folder of its own."""
    from ubp_core.benchmark import make_variants, pack_variants
    from ubp_core.devices import RunCancelled

    variants = make_variants(METHODS, (job.choice.block_size,), (job.choice.sparsity,))
    packed = []
    for number, layer in enumerate(job.layers, 1):
        if cancel.is_set():
            raise RunCancelled("cancelled; nothing was running")
        on_step(BenchStep(f"selecting and packing {layer.name} ({number} of {len(job.layers)})", True, number))
        packed.append(pack_variants(layer, variants, folder / str(number)))
    return packed
