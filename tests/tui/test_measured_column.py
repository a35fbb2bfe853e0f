"""The layer table's column of measured figures: real runs on this machine and in the emulator fill it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from bench_world import bench_app, build_programs, closed_port, rest, tiny_model
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input
from tui_world import make_services, screen_text, settle, until

from ubp_core.benchmark import BenchRun, LayerResult, VariantResult
from ubp_core.history import History
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.renderables.layers.rows import format_layer_figure
from ubp_tui.session.session import Session
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.work.exporting import KINDS

EXPAND = "block.0.expand"


@pytest.fixture(autouse=True, scope="module")
def programs() -> None:
    build_programs()


def table_of(app: UbpApp) -> LayerTable:
    return app.explore.query_one(LayerTable)


def cell(app: UbpApp, name: str = EXPAND) -> str:
    return table_of(app).get_cell(name, "figure")


def has_column(app: UbpApp) -> bool:
    return "figure" in [column.id for column in table_of(app)._layout.columns]


async def until_drawn(app: UbpApp, pilot: Pilot[int]) -> None:
    await app.workers.wait_for_complete()
    await until(pilot, lambda: app.explore.drawing.settled)
    await pilot.pause()


def recorded_run(device: str, figure: str, dense: float, bed: float, model: str = "small") -> BenchRun:
    variants = (
        VariantResult("dense", "dense", 0, 0.0, "k", "ok", "aa", (1,), median_ns=dense),
        VariantResult("bed N=4 s=0.75", "bed", 4, 0.75, "k", "ok", "aa", (1,), median_ns=bed),
    )
    layer = LayerResult(EXPAND, "1x40x4x4", "1x96x4x4", variants, weight_shape="96x40x1x1")
    return BenchRun(
        device, "adb", figure, "Phone", "", model, {"threads": 1, "cores": None}, {}, (layer,), (EXPAND,),
        extra={"criterion": "l1"},
    )  # fmt: skip


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48)])
async def test_a_run_fills_the_column(size: tuple[int, int], tmp_path: Path) -> None:
    with closed_port() as port:
        app = bench_app(tmp_path / "h", port)
        async with app.run_test(size=size) as pilot:
            await settle(app, pilot)
            assert not has_column(app)
            await pilot.press("b")
            await rest(app, pilot)
            await pilot.press("escape")
            await until(pilot, lambda: has_column(app))
            await until_drawn(app, pilot)
            with History(tmp_path / "h") as history:
                variants = history.get(1).run.layers[0].variants
            medians = {variant.method: variant.median_ns for variant in variants}
            assert cell(app) == format_layer_figure(medians["bed"], "host time")
            assert "host time" in screen_text(app) and cell(app) in screen_text(app) and cell(app).startswith("host ")
            assert cell(app, "head") == "-"
            await pilot.press("m")
            await settle(app, pilot)
            assert cell(app) == format_layer_figure(medians["optimal"], "host time")
            await pilot.press("right_square_bracket")
            await settle(app, pilot)
            assert cell(app) == "-", "nobody has measured this sparsity"
            await pilot.press("D")
            await settle(app, pilot)
            assert cell(app) == format_layer_figure(medians["dense"], "host time")
            assert cell(app) in screen_text(app) and "dense: kept" in screen_text(app)
            app.workspace.set_marks(app.workspace.marks.sort_stepped("figure"))
            assert table_of(app).shown[0] == EXPAND


@pytest.mark.parametrize("figure", ["host time", "host time, ARM64"])
async def test_the_device_of_the_last_run_then_the_one_that_is_picked(tmp_path: Path, figure: str) -> None:
    with History(tmp_path / "h") as history:
        history.add(recorded_run("adb:A", "latency", 3e6, 1.5e6))
        history.add(recorded_run("host", figure, 2e6, 1e6))
        history.add(recorded_run("adb:B", "latency", 9e6, 9e6, model="another"))
    with closed_port() as port:
        app = bench_app(tmp_path / "h", port)
        async with app.run_test(size=(160, 48)) as pilot:
            await settle(app, pilot)
            await until_drawn(app, pilot)
            assert cell(app) == "host 1 ms" and f"prunable · {figure}" in screen_text(app)
            app.workspace.follow_device("adb:A")
            await until_drawn(app, pilot)
            assert cell(app) == "1.5 ms" and "latency on adb:A" in screen_text(app)
            await pilot.press("d")
            await rest(app, pilot)
            await pilot.press("down")
            await until(pilot, lambda: app.workspace.figures.device == "emulator")
            await pilot.press("escape")
            await until_drawn(app, pilot)
            assert not has_column(app) and "nothing measured on emulator" in screen_text(app)


async def test_the_device_that_is_chosen_because_there_is_no_other_counts_too(tmp_path: Path) -> None:
    with History(tmp_path / "h") as history:
        history.add(recorded_run("host", "host time", 2e6, 1e6))
        history.add(recorded_run("adb:A", "latency", 3e6, 1.5e6))
    with closed_port() as port:
        app = bench_app(tmp_path / "h", port)
        async with app.run_test(size=(160, 48)) as pilot:
            await settle(app, pilot)
            await until_drawn(app, pilot)
            assert cell(app) == "1.5 ms"
            await pilot.press("d")  # no phone is there, so that the host is chosen
            await until(pilot, lambda: app.workspace.figures.device == "host")
            await pilot.press("escape")
            await until_drawn(app, pilot)
            assert cell(app) == "host 1 ms" and "latency" not in screen_text(app)


async def test_the_sessions_device_comes_first(tmp_path: Path) -> None:
    with History(tmp_path / "h") as history:
        history.add(recorded_run("adb:A", "latency", 3e6, 1.5e6))
        history.add(recorded_run("host", "host time", 2e6, 1e6))
    session = Session(ModelSpec("small"), LayerChoices(Choice("bed")), devices=("adb:A",))
    with closed_port() as port:
        bench = bench_app(tmp_path / "h", port).services.bench
        services = replace(make_services(tiny_model()), bench=bench)
        app = build_app(ModelSpec("small"), services, Choice("bed"), session=session)
        async with app.run_test(size=(160, 48)) as pilot:
            await settle(app, pilot)
            await until_drawn(app, pilot)
            assert cell(app) == "1.5 ms"
            app.exit()
        assert app.session is not None and app.session.devices == ("adb:A",)


async def test_the_emulator_counts_and_says_so(tmp_path: Path) -> None:
    with closed_port() as port:
        app = bench_app(tmp_path / "h", port)
        async with app.run_test(size=(160, 48)) as pilot:
            await settle(app, pilot)
            await pilot.press("d")
            await rest(app, pilot)
            await pilot.press("down")
            await until(pilot, lambda: app.workspace.figures.device == "emulator")
            await pilot.press("escape", "b")
            await rest(app, pilot)
            await pilot.press("escape")
            await until(pilot, lambda: has_column(app))
            await until_drawn(app, pilot)
            assert cell(app).endswith("k ins") and "emulated" in screen_text(app)


async def test_a_history_that_cannot_be_read_only_takes_the_column_away(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("no database at all " * 100)
    with closed_port() as port:
        app = bench_app(tmp_path / "h", port)
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(app, pilot)
            assert not has_column(app) and app.screen is app.explore


async def test_the_exported_table_has_the_figures(tmp_path: Path) -> None:
    with History(tmp_path / "h") as history:
        history.add(recorded_run("adb:A", "latency", 3e6, 1.5e6))
    with closed_port() as port:
        app = bench_app(tmp_path / "h", port)
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(app, pilot)
            await until_drawn(app, pilot)
            await pilot.press("e")
            await until(pilot, lambda: isinstance(app.screen, ExportDialog))
            for kind in KINDS:
                app.screen.query_one(f"#export-{kind}", Checkbox).value = kind == "table"
            app.screen.query_one("#export-folder", Input).value = str(tmp_path)
            app.screen.query_one("#export-name", Input).value = "net"
            await pilot.pause()
            app.screen.query_one("#export-name").focus()
            await pilot.press("enter")
            await until(pilot, lambda: app.screen is app.explore)
    lines = {line["layer"]: line for line in csv.DictReader((tmp_path / "net.csv").open(newline=""))}
    names = ("device", "figure", "median_ns", "instructions")
    assert [lines[EXPAND][name] for name in names] == ["adb:A", "latency", "1500000.0", ""]
    assert [lines["head"][name] for name in names] == [""] * 4
