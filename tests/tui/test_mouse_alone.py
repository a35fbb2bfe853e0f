"""Every flow with the mouse alone: not one key is pressed here."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_world import bench_app, closed_port
from textual.command import CommandList, CommandPalette
from textual.events import MouseScrollUp
from textual.pilot import Pilot
from textual.widgets import Input, OptionList
from tui_world import click, find_hit, make_app, make_model, screen_text, settle, until

from ubp_core.plan import Plan
from ubp_tui.app import UbpApp
from ubp_tui.choices.patterns import suggest_patterns
from ubp_tui.choices.plan_files import find_plans
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.dialogs.help import HelpScreen
from ubp_tui.dialogs.log import LogPanel
from ubp_tui.keys.bindings import ROOMY_FOOTER
from ubp_tui.keys.registry import REGISTRY
from ubp_tui.screens.benchmark import BenchmarkScreen
from ubp_tui.screens.compare import CompareScreen
from ubp_tui.screens.history import HistoryScreen
from ubp_tui.terminal.textual_private import FooterKey
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.controls.sparsity_slider import SparsitySlider
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.plan.field import PercentField, StepButtons

WIDE = (160, 48)
COMPACT = (80, 24)


async def click_footer(app: UbpApp, pilot: Pilot[int], name: str) -> None:
    """Click the footer's word for an action of the registry."""
    action = next(action.action for action in REGISTRY if action.id == name)
    seen: list[FooterKey | None] = []

    def rests() -> bool:
        keys = [key for key in app.screen.query(FooterKey) if key.action == action]
        seen.append(keys[0] if keys and find_hit(keys[0], None) is keys[0] else None)
        return seen[-1] is not None and len(seen) > 3 and len({*map(id, seen[-3:])}) == 1

    await until(pilot, rests)
    key = seen[-1]
    assert key is not None
    await click(pilot, key)


async def pick_command(app: UbpApp, pilot: Pilot[int], words: str) -> None:
    """Open the palette with its word in the footer, scroll to a command, and click it."""
    await click(pilot, ".-command-palette")
    await until(pilot, lambda: isinstance(app.screen, CommandPalette))
    commands = app.screen.query_one(CommandList)

    def places() -> list[int]:
        return [n for n in range(commands.option_count) if words in str(commands.get_option_at_index(n).prompt)]

    await until(pilot, places)
    await until(pilot, lambda: commands._index_to_line)
    await pilot.pause()
    line = commands._index_to_line[places()[0]]
    commands.scroll_to(y=line, animate=False, immediate=True)
    await until(pilot, lambda: not isinstance(app.screen, CommandPalette) or line >= commands.scroll_y)
    top = commands.content_region.y - commands.region.y
    await click(pilot, commands, (4, top + line - round(commands.scroll_y)))
    await until(pilot, lambda: not isinstance(app.screen, CommandPalette))


async def pick_segment(pilot: Pilot[int], selector: str, option: str) -> None:
    """Click an option of a control."""
    control = pilot.app.screen.query_one(selector, Segments)
    first, end = control._offsets()[control.options.index(option)]
    await click(pilot, control, ((first + end) // 2, 0))


async def test_choices_marks_and_places() -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        explore, table = app.explore, app.explore.query_one(LayerTable)
        await pick_segment(pilot, "#method", "optimal")
        await pick_segment(pilot, "#block-size", "2")
        slider = explore.query_one(SparsitySlider)
        await click(pilot, slider, (slider._track[0] + slider._track[1] // 2, 0))
        assert (app.workspace.choice.method, app.workspace.choice.block_size) == (
            "optimal",
            2,
        ) and 0.4 < app.workspace.choice.sparsity < 0.6
        await click(pilot, table, (1, 1 + table.shown.index("head")))
        assert app.workspace.marks.names == ("head",)
        await click(pilot, table, (8, 1 + table.shown.index("block.1.conv")))
        await until(pilot, lambda: app.workspace.layer == "block.1.conv")
        await pick_segment(pilot, "#scope", "layer")
        await pick_segment(pilot, "#method", "abp")
        assert app.workspace.choices.of("head").method == "optimal" and app.workspace.choice.method == "abp"
        await settle(app, pilot)
        block_map = explore.query_one(BlockMap)
        await click(pilot, block_map, (20, 6))
        await until(pilot, lambda: block_map.cursor != (0, 0))
        await pick_command(app, pilot, "go to")
        await until(pilot, lambda: "the last weight" in screen_text(app))
        await click(pilot, OptionList, (3, 2))
        await until(pilot, lambda: app.screen is explore and block_map.cursor == (29, 215))
        await pick_command(app, pilot, "undo")
        assert app.workspace.choice.method == "optimal"
        await settle(app, pilot)


async def test_patterns_and_filters_are_offered() -> None:
    app = make_app()
    async with app.run_test(size=COMPACT) as pilot:
        await settle(app, pilot)
        explore, table = app.explore, app.explore.query_one(LayerTable)
        await pick_command(app, pilot, "mark pattern")
        await until(pilot, lambda: "2 layers" in screen_text(app))
        await click(pilot, OptionList, (3, 0))
        await until(pilot, lambda: app.screen is explore)
        assert app.workspace.marks.names == ("block.0.expand", "block.1.conv")
        await pick_command(app, pilot, "filter")
        await until(pilot, lambda: explore.query_one("#filter-offers").display)
        await pick_segment(pilot, "#filter-offers", "block.*")
        await until(pilot, lambda: table.shown == ("block.0.expand", "block.0.spatial", "block.1.conv"))
        await pick_segment(pilot, "#filter-offers", "all")
        await until(pilot, lambda: len(table.shown) == 5 and table.has_focus)
        await settle(app, pilot)


def test_patterns_mean_some_layers_and_differ() -> None:
    model = make_model()
    assert sorted(suggest_patterns(model.layers)) == [("3x3", 3), ("block.*", 3), ("conv", 3)]
    assert suggest_patterns(model.prunable) == [("conv", 2)] and suggest_patterns(model.layers[:1]) == []


async def test_budget_export_and_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=COMPACT) as pilot:
        await settle(app, pilot)
        explore = app.explore
        await pick_command(app, pilot, "budget")
        field = app.screen.query_one("#budget-sparsity", PercentField)
        await click(pilot, field.query_one(StepButtons), (5, 0))
        assert field.query_one(Input).value == "80" and field.query_one(Input).has_focus
        await click(pilot, field.query_one(StepButtons), (1, 0))
        await pilot._post_mouse_events([MouseScrollUp], field.query_one(StepButtons), button=0)
        await until(pilot, lambda: field.query_one(Input).value == "76")
        await click(pilot, "#budget-ok")
        await until(pilot, lambda: app.screen is explore and app.workspace.choices.budget is not None)
        decided = app.workspace.choices
        await pick_command(app, pilot, "export")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await click(pilot, "#export-ok")
        await until(pilot, lambda: app.screen is explore)
        assert Plan.load(tmp_path / "small-bed-4-76-global.yaml").scope == "global"
        (tmp_path / "other.yaml").write_text("model: x\n")
        assert [name for name, _ in find_plans(tmp_path)] == ["small-bed-4-76-global.yaml"]
        await pick_segment(pilot, "#method", "abp")
        await pick_command(app, pilot, "load plan")
        await until(pilot, lambda: "small-bed-4-76-global.yaml" in screen_text(app))
        await click(pilot, OptionList, (3, 0))
        await until(pilot, lambda: app.workspace.choices.budget == decided.budget)
        await settle(app, pilot)


async def test_compare_devices_history_help_log_and_quit(tmp_path: Path) -> None:
    with closed_port() as port:
        app = bench_app(tmp_path / "history.sqlite", port)
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        await click_footer(app, pilot, "compare.open")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.sides.comparison is not None)
        left = app.screen.query_one("#left-map")
        await until(pilot, lambda: find_hit(left, None) is left)
        await click_footer(app, pilot, "compare.full")
        await click_footer(app, pilot, "compare.take")
        await until(pilot, lambda: app.screen is app.explore)
        await click_footer(app, pilot, "bench.devices")
        await until(pilot, lambda: isinstance(app.screen, BenchmarkScreen))
        panel = app.screen.query_one(DevicePanel)
        await until(pilot, lambda: "emulator" in panel.devices.infos)
        await pick_segment(pilot, "#option-threads", "2")
        await click(pilot, "#device-table", (6, 1 + [*panel.devices.infos].index("emulator")))
        await until(pilot, lambda: panel.devices.chosen == "emulator")
        await click_footer(app, pilot, "bench.mark")
        assert panel.devices.targets == ("emulator",) and app.queue.options.threads == "2"
        await click_footer(app, pilot, "bench.leave")
        await click_footer(app, pilot, "history.open")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        await click_footer(app, pilot, "history.leave")
        await until(pilot, lambda: app.screen is app.explore)
        await click_footer(app, pilot, "app.help")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.query_one("#help").size.height)
        await click(pilot, "#help-columns", (4, 4))
        assert isinstance(app.screen, HelpScreen)
        panel = app.screen.query_one("#help")
        await pilot.click(offset=(panel.region.x + 5, panel.region.bottom - 1))
        await until(pilot, lambda: app.screen is app.explore)
        await pick_command(app, pilot, "log")
        await until(pilot, lambda: isinstance(app.screen, LogPanel))
        await pilot.click(offset=(0, 0))
        await until(pilot, lambda: app.screen is app.explore)
        await click_footer(app, pilot, "app.quit")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0


def test_what_the_footer_shows_where_there_is_room_is_registered() -> None:
    assert {*ROOMY_FOOTER} <= {action.id for action in REGISTRY}
