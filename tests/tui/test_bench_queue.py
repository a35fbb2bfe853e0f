"""The benchmark queue and its errands without a terminal: canned devices and runs, every thread's work done inline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench_world import tiny_model
from canned_bench import canned_bench

from ubp_tui.bench.errands import BenchErrands
from ubp_tui.bench.job import make_job
from ubp_tui.bench.options import RunOptions
from ubp_tui.bench.queue import BenchQueue
from ubp_tui.choices.choice import Choice
from ubp_tui.observing import InlineRunner, Signal


def make_queue(tmp_path: Path) -> BenchQueue:
    """A queue whose errands are run."""
    queue = BenchQueue()
    BenchErrands(queue, canned_bench(tmp_path / "history.db"), InlineRunner())
    return queue


def count(signal: Signal) -> Callable[[], int]:
    """How often a signal was emitted from now on."""
    seen: list[None] = []
    signal.connect(lambda: seen.append(None))
    return lambda: len(seen)


def test_devices_are_listed_chosen_and_asked(tmp_path: Path) -> None:
    queue = make_queue(tmp_path)
    assert queue.settled and not queue.devices.infos
    chosen = count(queue.chosen_changed)
    queue.watch()
    assert queue.devices.complete and queue.settled
    assert queue.devices.chosen == "adb:A1" and chosen() == 1
    assert "adb:A1" in queue.devices.facts and "big" in queue.offered["cores"]
    queue.choose("emulator")
    assert queue.devices.targets == ("emulator",) and queue.devices.picked
    queue.choose("no such device")
    assert queue.devices.chosen == "emulator"
    queue.mark()
    assert queue.kept_devices == ("emulator",)


def test_what_a_session_wants_is_chosen_when_it_is_listed(tmp_path: Path) -> None:
    queue = make_queue(tmp_path)
    queue.want(("emulator", "gone"), RunOptions(warmup="0"))
    assert queue.kept_devices == ("emulator", "gone")
    queue.watch()
    assert queue.devices.chosen == "emulator" and queue.options.warmup == "0" and not queue.wanted


def test_options_step_around_what_is_offered(tmp_path: Path) -> None:
    queue = make_queue(tmp_path)
    values = queue.offered["runs"]
    first = queue.options.runs
    for _ in values:
        queue.step_option("runs")
    assert queue.options.runs == first
    queue.set_option("runs", values[-1])
    assert queue.options.runs == values[-1]


def test_a_job_waits_for_the_devices_runs_and_is_kept(tmp_path: Path) -> None:
    queue, model = make_queue(tmp_path), tiny_model()
    ended, failed = count(queue.ended), count(queue.failed)
    queue.start(make_job(model, (model.prunable[0].name,), lambda _: Choice()))
    assert (ended(), failed()) == (1, 0) and queue.phase == "ended" and not queue.running
    (run,) = queue.runs.values()
    assert run.ended and run.number == 1 and queue.leading_device == run.device == "adb:A1"
    assert set(queue.retained) == {model.prunable[0].name}


def test_a_queue_that_is_closed_hears_nothing_more(tmp_path: Path) -> None:
    queue = make_queue(tmp_path)
    queue.watch()
    devices, changed = queue.devices, count(queue.devices_changed)
    queue.close()
    queue.watch()
    assert queue.devices == devices and changed() == 0
