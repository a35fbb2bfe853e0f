"""Benchmarks from the app on test phones behind a real adb server: plugged in, run, stopped, cut off, two at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bench_world import FEW, bench_app, build_programs, rest
from phone.adb_server import AdbServer
from phone.fixtures import StartPhone
from phone.model import PhoneModel
from phone.phone import Phone
from textual.pilot import Pilot
from textual.widgets import DataTable
from tui_world import screen_text, settle, until

from ubp_core.benchmark import BenchSettings
from ubp_core.history import Entry, History
from ubp_tui.app import UbpApp
from ubp_tui.bench.options import RunOptions
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.widgets.bench.result_pane import ResultPane
from ubp_tui.widgets.devices.device_panel import DevicePanel

WIDE, COMPACT = (160, 48), (80, 24)
LONG = BenchSettings(min_time_s=600, warmup=0, limit_s=1200)
"""A run that only a stop or a fault ends."""


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    build_programs()


@pytest.fixture
def app(tmp_path: Path, adb_server: AdbServer) -> Callable[[BenchSettings], UbpApp]:
    def make(settings: BenchSettings = FEW) -> UbpApp:
        return bench_app(tmp_path / "history.sqlite", adb_server.port, settings)

    return make


def entries(app: UbpApp) -> list[Entry]:
    with History(app.services.bench.history) as opened:
        return [opened.get(line.id) for line in opened.list()]


def flowing(text: str) -> str:
    """A screen's text without frames and line breaks."""
    return " ".join(text.replace("│", " ").split())


def ready(app: UbpApp, *phones: Phone) -> Callable[[], bool]:
    """Whether the panel shows these phones as ready."""

    def check() -> bool:
        infos = app.benchmark.query_one(DevicePanel).devices.infos
        return all((info := infos.get(f"adb:{phone.serial}")) is not None and info.ready for phone in phones)

    return check


async def open_devices(app: UbpApp, pilot: Pilot[int]) -> DevicePanel:
    """Show the devices, and wait until adb has answered."""
    await settle(app, pilot)
    await pilot.press("d")
    await until(pilot, lambda: app.queue.devices.complete)
    await pilot.press("1")
    await pilot.pause()
    return app.benchmark.query_one(DevicePanel)


async def choose(app: UbpApp, pilot: Pilot[int], phone: Phone) -> None:
    """Move the cursor to a phone, as a user does."""
    panel = app.benchmark.query_one(DevicePanel)
    names = list(panel.devices.infos)
    while panel.devices.chosen != f"adb:{phone.serial}":
        step = names.index(f"adb:{phone.serial}") - names.index(panel.devices.chosen)
        await pilot.press("down" if step > 0 else "up")
        await pilot.pause()


async def bench_selected(app: UbpApp, pilot: Pilot[int]) -> None:
    """Back to the layers, and the key."""
    await pilot.press("escape")
    await pilot.press("b")


@pytest.mark.parametrize("size", [COMPACT, WIDE], ids=["80x24", "160x48"])
async def test_a_phone_that_is_plugged_in_appears_and_runs(
    app: Callable[[], UbpApp],
    start_phone: StartPhone,
    size: tuple[int, int],
) -> None:
    made = app()
    async with made.run_test(size=size) as pilot:
        panel = await open_devices(made, pilot)
        await until(pilot, lambda: "no phone attached" in flowing(screen_text(made)))
        phone, _ = start_phone()
        await until(pilot, ready(made, phone))
        await until(pilot, lambda: panel.devices.chosen == f"adb:{phone.serial}")
        await until(pilot, lambda: "Testcom Test Phone 7" in screen_text(made))
        await until(pilot, lambda: "Testcom TC8550" in screen_text(made))
        await until(pilot, lambda: "mid" in screen_text(made))
        await pilot.press("o", "o", "o")
        assert made.queue.options == RunOptions(cores="big")
        await pilot.press("o", "o")
        assert made.queue.options == RunOptions()
        await bench_selected(made, pilot)
        await rest(made, pilot)
        (entry,) = entries(made)
        assert entry.run.device == f"adb:{phone.serial}" and entry.run.complete and entry.run.figure == "latency"
        text = screen_text(made)
        # Of the table, not of the screen: a warning of times that spread takes a line, and the last row is scrolled to.
        table = made.benchmark.query_one("#result-table", DataTable)
        lines = ["  ".join(map(str, ["", *table.get_row_at(row), ""])) for row in range(table.row_count)]
        rows = [line for line in lines if re.search(r" (bed|optimal) ", line) and re.search(r"\dx\?? ", line)]
        assert len(rows) == 2 and all(row.count("latency") == 1 for row in rows)
        assert "latency on a phone" in flowing(text) and "host time" not in text
        assert phone.processes() == []


async def test_a_stop_leaves_no_program_on_the_phone(app: Callable[..., UbpApp], start_phone: StartPhone) -> None:
    phone, _ = start_phone()
    made = app(LONG)
    async with made.run_test(size=WIDE) as pilot:
        await open_devices(made, pilot)
        await until(pilot, ready(made, phone))
        await bench_selected(made, pilot)
        await until(pilot, lambda: "taking turns" in screen_text(made))
        pane = made.benchmark.query_one(ResultPane)
        run = pane.runs[f"adb:{phone.serial}"]
        assert run.live and run.live.done > 0 and "x " in screen_text(made)  # medians so far, and their ratios
        assert phone.processes()
        await pilot.press("c")
        await rest(made, pilot)
        assert phone.processes() == [] and "cancelled" in screen_text(made) and made.screen is made.benchmark


async def test_a_cable_cut_in_mid_run(app: Callable[..., UbpApp], start_phone: StartPhone) -> None:
    phone, _ = start_phone()
    made = app(LONG)
    async with made.run_test(size=WIDE) as pilot:
        panel = await open_devices(made, pilot)
        await until(pilot, ready(made, phone))
        await bench_selected(made, pilot)
        await until(pilot, lambda: "taking turns" in screen_text(made))
        phone.order("refuse")
        await until(pilot, lambda: isinstance(made.screen, ErrorDialog))
        await until(pilot, lambda: "reconnect it and start again" in flowing(screen_text(made)))
        await pilot.press("escape")
        await until(pilot, lambda: "offline" in screen_text(made))
        assert panel.devices.infos[f"adb:{phone.serial}"].title == "Testcom Test Phone 7"
        assert not made.queue.running
    until_gone = phone.processes()
    while until_gone:
        until_gone = phone.processes()


async def test_two_phones_at_once_of_which_one_fails(
    app: Callable[..., UbpApp],
    start_phone: StartPhone,
) -> None:
    good, _ = start_phone(PhoneModel(model="Good"))
    bad, _ = start_phone(PhoneModel(model="Bad", data_noexec=True))
    made = app()
    async with made.run_test(size=WIDE) as pilot:
        panel = await open_devices(made, pilot)
        await until(pilot, ready(made, good, bad))
        for phone in (good, bad):
            await choose(made, pilot, phone)
            await pilot.press("space")
        assert set(panel.devices.targets) == {f"adb:{phone.serial}" for phone in (good, bad)}
        assert "2 marked · b runs on them at once" in screen_text(made)
        await bench_selected(made, pilot)
        await rest(made, pilot)
        assert made.screen is made.benchmark  # no dialog: the other phone's result is what one wants to see
        runs = made.queue.runs
        whole, failed = (runs[f"adb:{phone.serial}"] for phone in (good, bad))
        assert len(whole.layers) == 1 and not whole.failure and whole.number is not None
        assert failed.layers == () and failed.failure.startswith("the program may not be executed there")
        text = screen_text(made)
        (heading,) = [line for line in text.splitlines() if "(Testcom Good" in line and "· latency ·" in line]
        assert "done on 1 of 2 devices" in text and " · done" in heading
        assert "(Testcom Bad" in text and "may not be executed" in text
        assert [entry.run.device for entry in entries(made)] == [f"adb:{good.serial}"]
        assert good.processes() == bad.processes() == []
