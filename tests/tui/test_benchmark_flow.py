"""Benchmarks from the app, with the real ubp_bench on this machine and in the emulator; no adb server is there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench_world import FEW, bench_app, build_programs, closed_port, programs_running, rest
from textual.pilot import Pilot
from textual.widgets import Static
from tui_world import click, make_model, screen_text, settle, until

from ubp_core.benchmark import BenchSettings
from ubp_core.devices import DeviceInfo, DeviceKind, DeviceState
from ubp_core.devices.info import REMEDIES
from ubp_core.history import Entry, History
from ubp_core.units import format_time
from ubp_tui.app import UbpApp
from ubp_tui.bench.services import DeviceList
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.widgets.bench.result_pane import ResultPane
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.layers.layer_table import LayerTable

WIDE = (160, 48)
LONG = BenchSettings(runs=1_000_000, warmup=0, input_hw=(64, 64), limit_s=600)
"""A run that only a cancel ends."""


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    build_programs()


@pytest.fixture
def port() -> Iterator[int]:
    with closed_port() as number:
        yield number


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def entries(history: Path) -> list[Entry]:
    with History(history) as opened:
        return [opened.get(line.id) for line in opened.list()]


async def run_first(app: UbpApp, pilot: Pilot[int]) -> None:
    """Benchmark the layer that is on the screen first."""
    await settle(app, pilot)
    await pilot.press("b")
    await rest(app, pilot)


def flowing(text: str) -> str:
    """A screen's text without frames and line breaks."""
    return " ".join(text.replace("│", " ").split())


def dialog_text(app: UbpApp) -> str:
    assert isinstance(app.screen, ErrorDialog)
    return str(app.screen.query_one(".problem-reason", Static).render())


async def test_one_key_benchmarks_the_selected_layer(history: Path, port: int, bench_size: tuple[int, int]) -> None:
    app = bench_app(history, port)
    async with app.run_test(size=bench_size) as pilot:
        await run_first(app, pilot)
        (entry,) = entries(history)
        assert entry.run.planned == ("block.0.expand",) and entry.run.kind == "host" and entry.run.complete
        (layer,) = entry.run.layers
        assert [variant.method for variant in layer.variants] == ["dense", "abp", "bed", "optimal"]
        text = screen_text(app)
        assert "host time" in text and "no phone's" in text and "latency" not in text
        assert f"run {entry.id}" in text
        for variant, name in zip(layer.variants, ("dense", "abp", "bed", "optimal"), strict=True):
            (row,) = [line for line in text.splitlines() if f" {name} " in line and re.search(r"\dx\?? ", line)]
            assert format_time(variant.median_ns) in row and f"{layer.speedup(variant):.2f}x" in row
            assert row.count("host time") == 1
            (bar,) = [line for line in text.splitlines() if name in line and "┤█" in line]
            assert format_time(variant.median_ns) in bar
        assert "few samples: all variants" in text
        # A device is not asked during a run, but it is afterwards.
        await until(pilot, lambda: "host" in app.benchmark.query_one(DevicePanel).devices.facts)
        await pilot.press("escape")
        assert app.screen is app.explore


async def test_all_marked_layers_are_benchmarked(history: Path, port: int, bench_size: tuple[int, int]) -> None:
    app = bench_app(history, port)
    async with app.run_test(size=bench_size) as pilot:
        await settle(app, pilot)
        await pilot.press("space", "j", "j", "space", "j", "space", "space")
        table = app.explore.query_one(LayerTable)
        assert table.marks.names == ("block.0.expand", "block.1.conv")
        text = screen_text(app)
        assert "● block.0.expand" in text and "● block.1.conv" in text and "● head" not in text
        assert "2 marked · b benchmarks them" in text
        await pilot.press("n", "b")
        await rest(app, pilot)
        (entry,) = entries(history)
        assert [layer.layer for layer in entry.run.layers] == ["block.0.expand", "block.1.conv"]
        assert {variant.block_size for layer in entry.run.layers for variant in layer.variants} == {0, 8}
        pane = app.benchmark.query_one(ResultPane)
        assert str(pane.border_title).startswith("block.0.expand · host time")
        await pilot.press("down", "down", "down", "down")
        await pilot.pause()
        assert str(pane.border_title).startswith("block.1.conv · host time")


async def test_the_emulator_is_chosen_by_key_and_shows_no_times(
    history: Path, port: int, bench_size: tuple[int, int]
) -> None:
    app = bench_app(history, port)
    async with app.run_test(size=bench_size) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await rest(app, pilot)
        await until(pilot, lambda: "no adb server answers" in screen_text(app))
        await pilot.press("1")
        await pilot.pause()
        await pilot.press("down")
        await until(pilot, lambda: app.benchmark.query_one(DevicePanel).devices.chosen == "emulator")
        await pilot.press("escape", "b")
        await rest(app, pilot)
        (entry,) = entries(history)
        assert entry.run.kind == "emulator" and entry.run.layers[0].variants[0].median_ns is None
        text = screen_text(app)
        assert "nothing is timed" in flowing(text) and "millions of instructions, not a time" in text
        assert text.count(" emulated") >= 4 and "latency" not in text and "host time" not in text


async def test_a_device_is_chosen_by_mouse_and_its_facts_are_shown(history: Path, port: int) -> None:
    app = bench_app(history, port)
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await rest(app, pilot)
        await click(pilot, "#device-table", offset=(4, 2))
        await until(pilot, lambda: "qemu-user on this machine" in screen_text(app))
        await until(pilot, lambda: "emulated on" in screen_text(app))
        await click(pilot, "#device-table", offset=(4, 1))
        await until(pilot, lambda: "this machine: ratios count" in screen_text(app))
        assert app.benchmark.query_one(DevicePanel).devices.picked


async def test_a_cancelled_run_leaves_no_program(history: Path, port: int) -> None:
    app = bench_app(history, port, LONG)
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await pilot.press("b")
        await until(pilot, programs_running)
        await until(pilot, lambda: "in turns" in screen_text(app) or "taking turns" in screen_text(app))
        await pilot.press("b")
        assert "stop it" in dialog_text(app)
        await pilot.press("escape", "c")
        await rest(app, pilot)
        assert programs_running() == [] and entries(history) == []
        assert "cancelled" in screen_text(app) and app.screen is app.benchmark


async def test_what_was_measured_before_a_cancel_is_kept(history: Path, port: int) -> None:
    app = bench_app(history, port, BenchSettings(runs=3, warmup=0, cool_down_s=600))
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await pilot.press("space", "j", "j", "space", "b")
        await until(pilot, lambda: "cooling down" in screen_text(app))
        await pilot.press("c")
        await rest(app, pilot)
        (entry,) = entries(history)
        assert [layer.layer for layer in entry.run.layers] == ["block.0.expand"] and len(entry.run.planned) == 2
        text = screen_text(app)
        assert "1 of 2 layers are measured" in text and app.screen is app.benchmark


async def test_a_run_goes_on_behind_another_screen_and_ends_with_the_app(history: Path, port: int) -> None:
    app = bench_app(history, port, LONG)
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await pilot.press("b")
        await until(pilot, programs_running)
        await pilot.press("escape", "j")
        await settle_choice(app, pilot)
        assert app.queue.running and programs_running()
        app.queue.cancel()
        await rest(app, pilot)
    assert programs_running() == []


async def settle_choice(app: UbpApp, pilot: Pilot[int]) -> None:
    """As `settle`, but without waiting for the benchmark."""
    await until(pilot, lambda: app.workspace.settled)


async def test_leaving_the_app_sets_the_cancel(history: Path, port: int) -> None:
    app = bench_app(history, port, LONG)
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await pilot.press("b")
        await until(pilot, programs_running)
        await pilot.press("q")
    assert app.queue.order is not None and app.queue.order.cancel.is_set()


async def test_a_device_that_is_not_ready(
    history: Path, port: int, tmp_path: Path, bench_size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = shutil.which("sh")
    assert shell is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to(shell)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    app = bench_app(history, port)
    async with app.run_test(size=bench_size) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await rest(app, pilot)
        await pilot.press("1")
        await pilot.pause()
        await pilot.press("down")
        await until(pilot, lambda: "install qemu-user" in screen_text(app))
        await pilot.press("escape", "b")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "install qemu-user" in dialog_text(app)
        await pilot.press("enter")
        assert app.screen is app.benchmark and entries(history) == []


async def test_phones_show_state_and_remedy_and_no_choice_changes_by_itself(history: Path, port: int) -> None:
    app = bench_app(history, port)
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await rest(app, pilot)
        panel = app.benchmark.query_one(DevicePanel)
        host, phone = panel.devices.infos["host"], phone_in(DeviceState.UNAUTHORIZED)
        ready = DeviceInfo("adb:B", DeviceKind.ADB, DeviceState.READY, "Second", latency=True)
        app.queue.take_devices(DeviceList((host, phone), "", True))
        await until(pilot, lambda: "unauthorized" in screen_text(app))
        assert panel.devices.chosen == "host"
        app.queue.take_devices(DeviceList((host, phone, ready), "", True))
        await until(pilot, lambda: panel.devices.chosen == "adb:B")
        await pilot.press("1")
        await pilot.pause()
        await pilot.press("up")
        await until(pilot, lambda: panel.devices.chosen == "adb:A")
        assert "accept the dialog" in flowing(screen_text(app))
        app.queue.take_devices(DeviceList((host, ready), "", True))
        await until(pilot, lambda: "not attached any more" in screen_text(app))
        assert panel.devices.chosen == "adb:A"
        await pilot.press("escape", "b")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "adb" in dialog_text(app)


def phone_in(state: DeviceState) -> DeviceInfo:
    return DeviceInfo("adb:A", DeviceKind.ADB, state, "First", REMEDIES[state])


async def test_layers_that_have_no_benchmark_say_why(history: Path, port: int) -> None:
    app = bench_app(history, port)
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await pilot.press("k", "b")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "stem (3 input channels)" in dialog_text(app)
        await pilot.press("escape", "d")
        await until(pilot, lambda: app.screen is app.benchmark)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "select a layer" in dialog_text(app)


async def test_a_layer_without_an_image_and_a_block_size_without_kernel(history: Path, port: int) -> None:
    app = bench_app(history, port, model=make_model())
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "--arch" in dialog_text(app)
        await pilot.press("escape", "j", "j", "j", "n", "n", "n", "b")
        await until(pilot, lambda: "blocks of 32 can't be packed" in flowing(screen_text(app)))
        assert isinstance(app.screen, ErrorDialog)


async def test_a_history_that_can_not_be_written_costs_no_result(history: Path, port: int) -> None:
    history.write_text(
        "not a database, but longer than the header of one is, so that it is looked at" * 20, encoding="utf-8"
    )
    app = bench_app(history, port, FEW)
    async with app.run_test(size=WIDE) as pilot:
        await run_first(app, pilot)
        assert "history" in dialog_text(app)
        await pilot.press("escape")
        await pilot.pause()
        text = screen_text(app)
        assert "not kept:" in text and re.search(r" optimal .*\dx\?? ", text)


async def test_too_small_a_terminal_and_back(history: Path, port: int) -> None:
    app = bench_app(history, port)
    async with app.run_test(size=(80, 24)) as pilot:
        await run_first(app, pilot)
        before = screen_text(app)
        await pilot.resize_terminal(50, 15)
        await until(pilot, lambda: " bed " not in screen_text(app))
        assert "needs 60x20" in " ".join(screen_text(app).split())
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: screen_text(app) == before)
