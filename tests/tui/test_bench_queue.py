"""The benchmark queue and its errands without a terminal: real packing and a real history, made-up devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import pytest
from bench_world import tiny_model
from canned_bench import DEVICES, FACTS, CannedBench, canned_bench

from ubp_core.benchmark import BenchProgress, BenchRun
from ubp_core.devices import DeviceError, DeviceFacts, DeviceWatch
from ubp_core.history import History
from ubp_tui.bench.errands import BenchErrands
from ubp_tui.bench.job import BenchJob, PackedJob, make_job
from ubp_tui.bench.options import RunOptions
from ubp_tui.bench.queue import BenchQueue
from ubp_tui.bench.run import Failure
from ubp_tui.bench.services import DeviceList, OnDevices
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.observing import InlineRunner, Signal, Work
from ubp_tui.renderables.bench.status import describe_status, find_share

HOST, EMULATOR, PHONE, LOCKED = DEVICES
ALL = DeviceList(DEVICES, "", True)


class LateRunner(InlineRunner):
    """Begins nothing, and lets nothing be heard, before it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Work] = []
        self.told: list[Callable[[], None]] = []

    def tell(self, call: Callable[..., None], *arguments: Any) -> None:
        self.told.append(partial(call, *arguments))

    def run(self, name: str, work: Work, description: str, exclusive: bool = True) -> None:
        self.waiting.append(work)

    def finish(self) -> None:
        while self.waiting or self.told:
            self.work()
            self.hear()

    def work(self) -> None:
        while self.waiting:
            self.waiting.pop(0)(lambda: False)

    def hear(self) -> None:
        while self.told:
            self.told.pop(0)()


class OddBench(CannedBench):
    """Runs go wrong on one device; what was handed to a run is not let go."""

    held: ClassVar[list[PackedJob]] = []

    def read_facts(self, name: str) -> DeviceFacts:
        if name == "host":
            raise DeviceError("host: does not answer")
        return FACTS

    def run(
        self, packed: PackedJob, device: str, options: RunOptions, on_progress: Callable[[BenchProgress], object],
        cancel: Event,
    ) -> BenchRun:  # fmt: skip
        self.held.append(packed)
        assert Path(packed.folder).is_dir()
        if device == "host":
            raise DeviceError("host: storage full")
        run = super().run(packed, device, options, on_progress, cancel)
        return replace(run, device=device, failure="cancelled", layers=()) if cancel.is_set() else run


def small_job(*names: str) -> BenchJob:
    return make_job(tiny_model(), names or ("block.0.expand",), LayerChoices(Choice("bed")))


def odd_bench(path: Path) -> OddBench:
    canned = canned_bench(path)
    return OddBench(canned.server, canned.settings, canned.history)


def count(signal: Signal) -> list[int]:
    """What grows with every emission."""
    seen: list[int] = []
    signal.connect(lambda: seen.append(len(seen)))
    return seen


@pytest.fixture(autouse=True)
def no_serial(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The phone that the user's environment names would be preferred; files are looked for in a folder of our own."""
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_a_job_is_packed_run_and_kept_and_its_files_go(tmp_path: Path) -> None:
    queue = BenchQueue()
    BenchErrands(queue, canned_bench(tmp_path / "history.sqlite"), InlineRunner())
    phases: list[str] = []
    queue.runs_changed.connect(lambda: phases.append(queue.phase))
    ended, failed = count(queue.ended), count(queue.failed)
    queue.start(small_job("block.0.expand", "head"))
    assert queue.devices.chosen == PHONE.name and queue.settled and not queue.running
    run = queue.runs[PHONE.name]
    with History(tmp_path / "history.sqlite") as history:
        assert [line.id for line in history.list()] == [run.number]
    assert run.ended and [layer.layer for layer in run.layers] == ["block.0.expand", "head"]
    assert set(queue.retained) == {"block.0.expand", "head"} and all(0 < s <= 1 for s in queue.retained["head"])
    assert list(dict.fromkeys(phases)) == ["looking", "packing", "running", "ended"]
    assert len(ended) == 1 and not failed
    assert find_share(queue) == 1.0 and describe_status(queue).startswith("done · ")
    assert not list(tmp_path.glob("ubp-tui-*")), "packed files go after the last device"


def test_a_benchmark_waits_for_the_devices_unless_the_user_has_chosen() -> None:
    queue, orders = BenchQueue(), BenchQueue()
    wanted = count(queue.run_wanted)
    queue.start(small_job())
    assert queue.waiting and queue.watched and describe_status(queue) == "looking for devices"
    queue.take_devices(DeviceList((HOST, EMULATOR), "asking adb for phones", False))
    assert queue.waiting and not wanted
    queue.cancel()
    queue.take_devices(ALL)
    assert not wanted and queue.order is None and describe_status(queue).startswith("cancelled")
    queue.start(small_job())
    assert len(wanted) == 1 and queue.order is not None and queue.order.devices == (PHONE.name,)
    orders.take_devices(DeviceList((HOST, EMULATOR), "", False))
    orders.choose("emulator")
    orders.start(small_job())
    assert orders.order is not None and orders.order.devices == ("emulator",), "no phone is waited for"


def test_one_of_several_devices_fails_and_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OddBench, "held", [])
    queue = BenchQueue()
    BenchErrands(queue, odd_bench(tmp_path / "history.sqlite"), InlineRunner())
    queue.watch()
    queue.mark()
    queue.choose("host")
    queue.mark()
    failed = count(queue.failed)
    queue.start(small_job())
    assert set(queue.runs) == {PHONE.name, "host"} and queue.phase == "ended" and not failed
    assert queue.runs["host"].failure == "storage full" and queue.runs[PHONE.name].number == 1
    assert describe_status(queue).startswith("done on 1 of 2 devices")
    assert queue.leading_device == "host", "the chosen one of several"
    first, second = OddBench.held
    assert first is second and not Path(first.folder).exists(), "files go after the last device"


def test_on_a_single_device_a_failure_is_told_and_facts_may_be_missing(tmp_path: Path) -> None:
    queue = BenchQueue()
    BenchErrands(queue, odd_bench(tmp_path / "history.sqlite"), InlineRunner())
    queue.watch()
    assert queue.devices.facts == {PHONE.name: FACTS}
    queue.choose("host")
    assert queue.asked == "" and "host" not in queue.devices.facts
    failed = count(queue.failed)
    queue.start(small_job())
    assert len(failed) == 1 and queue.failure == Failure("The benchmark on host can't run", "storage full")
    assert queue.settled and describe_status(queue).startswith("nothing was measured")


def test_what_can_not_be_packed_fails_on_every_device(tmp_path: Path) -> None:
    queue = BenchQueue()
    BenchErrands(queue, canned_bench(tmp_path / "history.sqlite"), InlineRunner())
    job = make_job(tiny_model(), ("block.0.expand",), LayerChoices(Choice("bed", 32, 0.75)))
    queue.start(job)
    assert queue.failure is not None and "blocks of 32" in queue.failure.line
    assert queue.runs[PHONE.name].ended and not list(tmp_path.glob("ubp-tui-*"))


def test_a_second_start_is_refused_and_a_cancel_ends_the_first(tmp_path: Path) -> None:
    queue, runner = BenchQueue(), LateRunner()
    BenchErrands(queue, odd_bench(tmp_path / "history.sqlite"), runner)
    queue.take_devices(ALL)
    queue.start(small_job())
    order = queue.order
    queue.start(small_job("head"))
    assert queue.failure is not None and queue.failure.title == "A benchmark is running"
    assert queue.order is order and order is not None and queue.job is order.job
    failed = count(queue.failed)
    queue.cancel()
    assert order.cancel.is_set() and describe_status(queue) == "stopping"
    runner.finish()
    assert queue.phase == "ended" and not failed and describe_status(queue).startswith("cancelled")
    assert not (tmp_path / "history.sqlite").exists() and not list(tmp_path.glob("ubp-tui-*"))


def test_nothing_is_told_after_the_queue_is_closed(tmp_path: Path) -> None:
    queue, runner = BenchQueue(), LateRunner()
    errands = BenchErrands(queue, canned_bench(tmp_path / "history.sqlite"), runner)
    queue.take_devices(ALL)
    queue.start(small_job())
    before = queue.phase, dict(queue.runs), queue.devices
    changed = [count(signal) for signal in (queue.runs_changed, queue.devices_changed, queue.ended, queue.failed)]
    runner.work()
    assert runner.told, "on its way when the app ends"
    queue.close()
    assert queue.order is not None and queue.order.cancel.is_set()
    runner.finish()
    assert (queue.phase, queue.runs, queue.devices) == before and changed == [[], [], [], []]
    assert errands.packing is None


def test_a_watch_that_begins_while_the_app_ends_is_stopped(tmp_path: Path) -> None:
    stopped = []

    class Watch:
        def stop(self, wait: bool = True) -> None:
            stopped.append(wait)

    class WatchedBench(CannedBench):
        def watch_devices(self, on_devices: OnDevices) -> DeviceWatch:
            on_devices(ALL)
            return Watch()  # type: ignore[return-value]

    canned = canned_bench(tmp_path / "history.sqlite")
    queue, runner = BenchQueue(), LateRunner()
    BenchErrands(queue, WatchedBench(canned.server, canned.settings, canned.history), runner)
    queue.watch()
    queue.close()
    runner.finish()
    assert stopped == [False] and not queue.devices.infos
