"""Benchmark services whose devices and runs are always the same, so that their screens can be compared as pictures.

Nothing is measured here: the times are made up, and only how the app lays them out is tested with them. Packing and
the history are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import cast

from ubp_core.benchmark import BenchProgress, BenchRun, BenchSettings, LayerResult, PackedVariants, VariantResult
from ubp_core.devices import DeviceFacts, DeviceInfo, DeviceKind, DeviceState, DeviceWatch
from ubp_core.devices.adb.server import ServerAddress
from ubp_core.devices.clusters import Cluster
from ubp_core.devices.info import REMEDIES
from ubp_tui.bench.job import PackedJob
from ubp_tui.bench.options import RunOptions
from ubp_tui.bench.services import BenchServices, DeviceList, OnDevices

DEVICES = (
    DeviceInfo("host", DeviceKind.HOST, DeviceState.READY, "Some processor", "this machine: ratios count"),
    DeviceInfo("emulator", DeviceKind.EMULATOR, DeviceState.READY, "qemu-user", counts=True),
    DeviceInfo("adb:A1", DeviceKind.ADB, DeviceState.READY, "Phone One", latency=True),
    DeviceInfo("adb:B2", DeviceKind.ADB, DeviceState.UNAUTHORIZED, "Phone Two", REMEDIES[DeviceState.UNAUTHORIZED]),
)
"""One of every kind, and a phone that is not ready."""
FACTS = DeviceFacts(
    "Phone One", "Some SoC", "13", ("arm64-v8a",),
    (
        Cluster("little", (0, 1, 2, 3), 1_800_000, "Cortex-A55", "schedutil"),
        Cluster("big", (4, 5, 6, 7), 2_840_000, "Cortex-A77", "schedutil"),
    ),
    31.5, "battery", 80,
)  # fmt: skip
TIMES_NS = {"dense": 412_000, "abp": 131_000, "bed": 143_000, "optimal": 148_000}
"""Medians of the variants, made up."""


class StillWatch:
    """Where a watch of devices would be: nothing comes or goes."""

    def stop(self, wait: bool = True) -> None:
        """Nothing to end."""

    def refresh(self) -> None:
        """Nothing new."""


@dataclass(frozen=True)
class CannedBench(BenchServices):
    """The real services, but for the devices and what they measure."""

    def watch_devices(self, on_devices: OnDevices) -> DeviceWatch:
        """Tell the devices once."""
        on_devices(DeviceList(DEVICES, "", True))
        return cast(DeviceWatch, StillWatch())

    def read_facts(self, name: str) -> DeviceFacts:
        """The same of every device."""
        return FACTS

    def run(
        self,
        packed: PackedJob,
        device: str,
        options: RunOptions,
        on_progress: Callable[[BenchProgress], object],
        cancel: Event,
    ) -> BenchRun:
        """A finished run of what was packed."""
        return finished_run(packed.layers, packed.job.model)


def finished_run(layers: list[PackedVariants], model: str, slower: int = 0) -> BenchRun:
    """A run on the phone.

    Args:
        layers: what was packed.
        model: name of the network.
        slower: nanoseconds to add to every time.
    """
    info = next(info for info in DEVICES if info.latency)
    return BenchRun(
        device=info.name, kind="adb", figure="latency", title=info.title, started="2026-01-02T03:04:05+00:00",
        model=model, settings=BenchSettings(runs=5).to_record(), facts=FACTS.to_record(),
        layers=tuple(finished_layer(layer, slower) for layer in layers),
        planned=tuple(layer.layer for layer in layers), seconds=1.0, extra={"criterion": "l1"},
    )  # fmt: skip


def finished_layer(packed: PackedVariants, slower: int) -> LayerResult:
    """A layer with five samples of every variant, up to 4 % apart."""
    variants = []
    for variant, retained in zip(packed.variants, packed.retained, strict=True):
        median = (TIMES_NS[variant.method] + slower) // {"fp32": 1, "fp16": 2, "int8": 4}[variant.dtype]
        samples = tuple(median * (100 + percent) // 100 for percent in (-1, 0, 3, 0, -1))
        variants.append(
            VariantResult(
                variant.label, variant.method, variant.block_size, variant.sparsity, kernel="f32", check="ok",
                checksum="00000000", samples_ns=samples, min_ns=min(samples), median_ns=median, p90_ns=max(samples),
                retained=retained, file_bytes=1000, multiply_adds=1000, dtype=variant.dtype,
            )
        )  # fmt: skip
    warnings = () if slower else ("the clock changed during the runs",)
    shape = "x".join(map(str, packed.weight_shape))
    return LayerResult(packed.layer, "1x40x4x4", "1x96x4x4", tuple(variants), warnings, shape)


def canned_bench(history: Path) -> CannedBench:
    """The services with a history of their own."""
    return CannedBench(lambda: ServerAddress("127.0.0.1", 9), BenchSettings, history)
