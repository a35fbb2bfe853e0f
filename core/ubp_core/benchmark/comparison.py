"""Runs a comparison: layer by layer, each one run of `ubp_bench` in which the variants take turns.

Whatever happens on the way becomes the run's failure in one line; layers that are done are kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from typing import Any

from ubp_core.benchmark.errors import BenchmarkError
from ubp_core.benchmark.faults import DIFFERS, explain_exit
from ubp_core.benchmark.figure import ARM_HOST_TIME, HOST_TIME, INSTRUCTIONS, LATENCY, NOT_TIMED, TIMED
from ubp_core.benchmark.programs import find_program
from ubp_core.benchmark.progress import BenchProgress, OnProgress, Stage
from ubp_core.benchmark.progress_lines import ProgressReader
from ubp_core.benchmark.result import BenchRun, LayerResult
from ubp_core.benchmark.rows import STEP, profile_of, read_rows, variant_result
from ubp_core.benchmark.settings import LONGEST_S, BenchSettings
from ubp_core.benchmark.trust import find_warnings
from ubp_core.benchmark.variants import PackedVariants
from ubp_core.devices.clusters import choose_cpus, format_cpus
from ubp_core.devices.device import Device, Limits, Session
from ubp_core.devices.errors import DeviceError, RunCancelled
from ubp_core.devices.facts import DeviceFacts
from ubp_core.devices.info import DeviceInfo, DeviceKind
from ubp_core.errors import UbpError

GRACE_S = 3.0
"""ubp_bench's own time-out comes first, then the device's."""


def run_comparison(
    device: Device,
    layers: Sequence[PackedVariants],
    settings: BenchSettings,
    model: str = "",
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
    program: Path | None = None,
    extra: Mapping[str, Any] | None = None,
) -> BenchRun:
    """Runs every layer on one device.

    Args:
        on_progress: called in this thread.
        cancel: set it to end the run; the remote program is gone when this returns.
        program: instead of the bundled ubp_bench.
        extra: kept with the result.

    Returns:
        The run; where it ended early, `failure` says why and `layers` has what was measured before.
    """
    run = BenchRun(
        device.name,
        device.kind.value,
        NOT_TIMED,
        title="",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        model=model,
        settings=settings.to_record(),
        facts={},
        planned=tuple(layer.layer for layer in layers),
        extra=dict(extra or {}),
    )
    worker = Worker(device, settings, on_progress or (lambda progress: None), cancel or Event(), run)
    started = time.monotonic()
    try:
        worker.work(layers, program)
    except UbpError as error:
        worker.fail(str(error))
    worker.run = replace(worker.run, seconds=time.monotonic() - started)
    return worker.run


def run_on_devices(
    devices: Sequence[Device],
    layers: Sequence[PackedVariants],
    settings: BenchSettings,
    model: str = "",
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
    extra: Mapping[str, Any] | None = None,
) -> tuple[BenchRun, ...]:
    """The same on several devices, each in its own thread; one that fails does not touch the others.

    Host and emulator share the processors of this machine, so they follow each other. Ctrl-C sets `cancel`, and the
    runs come back as far as they went.
    """
    stop = cancel or Event()
    with ThreadPoolExecutor(max(1, len(devices)), "bench") as pool:
        here = Lock()

        def work(device: Device) -> BenchRun:
            with nullcontext() if device.kind is DeviceKind.ADB else here:
                return run_comparison(device, layers, settings, model, on_progress, stop, None, extra)

        started = [pool.submit(work, device) for device in devices]
        try:
            wait(started)
        except KeyboardInterrupt:
            stop.set()
        except BaseException:  # any other end: nothing may be running behind it
            stop.set()
            raise
        return tuple(future.result() for future in started)


class Worker:
    """One device's run under way."""

    def __init__(
        self, device: Device, settings: BenchSettings, on_progress: OnProgress, cancel: Event, run: BenchRun
    ) -> None:
        self.device, self.settings, self.on_progress, self.cancel, self.run = device, settings, on_progress, cancel, run
        self.step = BenchProgress(device.name, Stage.PUSHING, count=len(run.planned))

    def tell(self, stage: Stage, **changes: Any) -> None:
        """Reports progress."""
        fresh = {"stage": stage, "line": "", "live": None, "result": None, "figure": self.run.figure}
        self.step = replace(self.step, **{**fresh, **changes})
        self.on_progress(self.step)

    def fail(self, line: str) -> None:
        """Ends the run early."""
        line = line.removeprefix(f"{self.device.name}: ")
        self.run = replace(self.run, failure=line)
        self.tell(Stage.FAILED, line=line)

    def work(self, layers: Iterable[PackedVariants], program: Path | None) -> None:
        """Everything, in order."""
        info = self.device.info()
        if not info.ready:
            raise DeviceError(info.line)
        facts = self.device.facts()
        self.run = replace(self.run, title=title_of(info), facts=facts.to_record(), figure=figure_of(info))
        options = self.options(facts)
        with self.device.session() as session:
            (placed,) = session.place([program or find_program(self.device.kind)], program=True)
            for index, layer in enumerate(layers, 1):
                if self.cancel.is_set():
                    raise RunCancelled("cancelled; nothing was running")
                if index > 1:
                    self.cool_down()
                self.tell(Stage.PUSHING, layer=layer.layer, index=index)
                files = session.place(layer.files)
                self.tell(Stage.RUNNING)
                self.measure(session, [placed, *files, *options, *self.image_options(layer)], layer, files, info)
        self.tell(Stage.DONE, layer="", index=0)

    @property
    def timed(self) -> bool:
        """Whether times count."""
        return self.run.figure in TIMED

    def options(self, facts: DeviceFacts) -> list[str]:
        """Options of ubp_bench for these settings; where nothing is timed, one checked run is enough."""
        settings = self.settings
        found = ["--jsonl", "--progress", "--check", "--threads", str(settings.threads)]
        if not self.timed:
            found += ["--runs", "1", "--warmup", "0", *(["--count"] if self.run.figure == INSTRUCTIONS else [])]
        else:
            found += ["--runs", str(settings.runs)] if settings.runs else ["--min-time", f"{settings.min_time_s:g}"]
            found += [] if settings.warmup is None else ["--warmup", str(settings.warmup)]
        found += [] if settings.winograd else ["--no-winograd"]
        if settings.cores:
            found += ["--cpus", format_cpus(choose_cpus(settings.cores, facts.clusters))]
        return found

    def image_options(self, layer: PackedVariants) -> list[str]:
        """Options on the image; a network has its own, and tells the time of its steps."""
        settings = self.settings
        if layer.network:
            return ["--profile"] if self.timed else []
        size = ["--input", "{}x{}".format(*settings.input_hw)] if settings.input_hw else []
        return ["--batch", str(settings.batch), *size]

    def measure(
        self, session: Session, argv: list[str], layer: PackedVariants, files: Sequence[str], info: DeviceInfo
    ) -> None:
        """One layer: adds its result to the run.

        Raises:
            BenchmarkError: the program failed, or what it printed is no result.
        """
        limit_s = min(self.settings.limit_s * len(files), LONGEST_S)
        limits = Limits(total_s=limit_s + GRACE_S, quiet_s=self.settings.quiet_s)
        reader = ProgressReader(len(files))
        argv = [*argv, "--timeout", f"{limit_s:g}"]
        execution = session.execute(argv, limits, lambda line: self.follow(reader, line), self.cancel)
        problem = explain_exit(execution, limit_s)
        if problem and execution.exit_code != DIFFERS:
            raise BenchmarkError(problem)
        everything = read_rows(execution.stdout)
        rows = [row for row in everything if row.get("scope") != STEP]
        if len(rows) != len(files):
            raise BenchmarkError(f"the output is not whole: {len(rows)} results for {len(files)} files")
        by_file = dict(zip(files, layer.variants, strict=True))
        timed = self.timed and not any(row["emulated"] for row in rows)
        files_here = dict(zip(files, zip(layer.files, layer.retained, strict=True), strict=True))
        results = []
        for number, row in enumerate(rows):
            result = variant_result(row, by_file, timed)
            path, retained = files_here[row["file"]]
            steps = profile_of(everything, row["file"]) if timed else ()
            result = replace(result, retained=retained, instructions=reader.counted.get(number), profile=steps)
            results.append(replace(result, file_bytes=path.stat().st_size))
        shapes = (rows[0]["input_shape"], rows[0]["output_shape"])
        warnings = (*layer.notes, *find_warnings(results, rows[0]["build"]))
        weight_shape = "x".join(map(str, layer.weight_shape))
        measured = LayerResult(layer.layer, *shapes, tuple(results), warnings, weight_shape)
        self.run = self.run.with_layer(measured)
        self.tell(Stage.MEASURED, result=measured)
        if problem:
            raise BenchmarkError(problem)

    def follow(self, reader: ProgressReader, line: str) -> float | None:
        """A line of the program, told on; see `OnLine`."""
        if reader.take(line):
            self.tell(Stage.RUNNING, live=reader.now)
            return reader.now.silence_s
        self.tell(Stage.RUNNING, line=line)
        return None

    def cool_down(self) -> None:
        """Rests between layers; raises RunCancelled at once when cancelled."""
        if self.settings.cool_down_s and self.timed:
            self.tell(Stage.COOLING)
        rest = self.settings.cool_down_s if self.timed else 0.0
        if self.cancel.wait(rest):
            raise RunCancelled("cancelled; nothing was running")


def title_of(info: DeviceInfo) -> str:
    """What the device is; results taken over a network say so."""
    return f"{info.title} (over the network)" if info.wireless else info.title


def figure_of(info: DeviceInfo) -> str:
    """What a device's times may be called."""
    if info.latency:
        return LATENCY
    if info.kind is DeviceKind.HOST:
        return ARM_HOST_TIME if info.arm64 else HOST_TIME
    return INSTRUCTIONS if info.counts else NOT_TIMED
