"""Which devices the benchmark queue has chosen, asked and offers options of; without a terminal, and nothing is run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench_world import tiny_model
from canned_bench import DEVICES, FACTS
from hypothesis import given
from hypothesis import strategies as st

from ubp_core.devices import DeviceInfo
from ubp_tui.bench.devices import GONE, Devices
from ubp_tui.bench.job import make_job
from ubp_tui.bench.options import OPTIONS, RunOptions
from ubp_tui.bench.queue import BenchQueue
from ubp_tui.bench.services import DeviceList
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.observing import Signal

HOST, EMULATOR, PHONE, LOCKED = DEVICES
ALL = DeviceList(DEVICES, "", True)


def count(signal: Signal) -> list[int]:
    """What grows with every emission."""
    seen: list[int] = []
    signal.connect(lambda: seen.append(len(seen)))
    return seen


@pytest.fixture(autouse=True)
def no_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    """The phone that the user's environment names would be preferred."""
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)


def test_devices_of_a_session_are_chosen_once_they_are_there() -> None:
    queue = BenchQueue()
    told: list[str] = []
    queue.chosen_changed.connect(lambda: told.append(queue.devices.chosen))
    queue.want(("adb:GONE", "emulator", "host"), RunOptions(threads="2"))
    assert queue.kept_devices == ("adb:GONE", "emulator", "host") and queue.options.threads == "2"
    queue.take_devices(DeviceList((HOST, EMULATOR), "", False))
    assert not told and not queue.devices.picked
    queue.take_devices(ALL)
    assert told == ["emulator"] and queue.devices.marked == queue.kept_devices == ("emulator", "host")
    queue.take_devices(ALL)
    assert told == ["emulator"], "told once"
    other = BenchQueue()
    other.want(("emulator",), RunOptions())
    other.take_devices(DeviceList((HOST, EMULATOR), "", False))
    other.choose("host")
    other.take_devices(ALL)
    assert other.devices.chosen == "host", "the user was quicker"


def test_no_choice_changes_by_itself() -> None:
    queue = BenchQueue()
    queue.take_devices(DeviceList((HOST, EMULATOR), "", True))
    assert queue.devices.chosen == "host"
    queue.take_devices(ALL)
    assert queue.devices.chosen == PHONE.name, "nobody has chosen: the phone that was plugged in"
    queue.choose(LOCKED.name)
    queue.take_devices(DeviceList((HOST, EMULATOR, PHONE), "", True))
    gone = queue.devices.infos[LOCKED.name]
    assert queue.devices.chosen == LOCKED.name and gone.advice == GONE and not gone.ready
    queue.choose("adb:UNKNOWN")
    assert queue.devices.chosen == LOCKED.name


def test_no_device_is_asked_during_a_run() -> None:
    queue = BenchQueue()
    asked: list[str] = []
    queue.facts_wanted.connect(lambda: asked.append(queue.asked))
    refreshed = count(queue.refresh_wanted)
    queue.watch()
    queue.take_devices(ALL)
    queue.start(make_job(tiny_model(), ("head",), LayerChoices(Choice("bed"))))
    queue.choose("host")
    queue.choose(LOCKED.name)
    queue.refresh()
    assert asked == [PHONE.name] and not refreshed
    queue.take_packing_failure("no space")
    queue.choose("host")
    queue.refresh()
    assert asked == [PHONE.name, "host"] and len(refreshed) == 1, "the locked phone is not ready"


def test_options_offer_what_the_devices_have() -> None:
    queue = BenchQueue()
    queue.take_devices(ALL)
    changed = count(queue.options_changed)
    queue.take_facts(PHONE.name, FACTS)
    assert queue.offered["cores"] == ("any", "little", "big", "all") and len(changed) == 1
    queue.step_option("cores")
    queue.step_option("cores")
    assert queue.options.cores == "big"
    queue.choose("host")
    queue.take_facts("host", replace(FACTS, clusters=()))
    assert queue.offered["cores"] == ("any", "all") and queue.options.cores == "any", "no longer offered"
    queue.set_option("warmup", "20")
    queue.step_option("warmup")
    assert queue.options.warmup == "auto", "around the end"
    assert {*queue.offered} == {option.name for option in OPTIONS}


@given(st.lists(st.tuples(st.sets(st.sampled_from(DEVICES), min_size=1), st.booleans()), max_size=6))
def test_no_device_ever_leaves_the_list(steps: list[tuple[set[DeviceInfo], bool]]) -> None:
    devices, seen = Devices(), list[str]()
    for infos, complete in steps:
        ordered = tuple(info for info in DEVICES if info in infos)
        devices = devices.after(DeviceList(ordered, "", complete))
        seen += [info.name for info in ordered if info.name not in seen]
        assert [*devices.infos] == seen and devices.targets == (devices.chosen,)
        absent = [name for name in seen if name not in {info.name for info in ordered}]
        assert not complete or all(devices.infos[name].advice == GONE for name in absent)
