"""Help, footer and palette say what the key registry says."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.binding import Binding
from tui_world import make_app, screen_text, settle, until

from ubp_tui.app import UbpApp
from ubp_tui.dialogs.help import HelpScreen, help_columns
from ubp_tui.keys.bindings import FOOTER, bindings_of
from ubp_tui.keys.commands import RegistryCommands
from ubp_tui.keys.registry import REGISTRY
from ubp_tui.screens.benchmark import BenchmarkScreen
from ubp_tui.screens.compare import CompareScreen
from ubp_tui.screens.explore import ExploreScreen
from ubp_tui.screens.history import HistoryScreen
from ubp_tui.widgets.curve.curve_pane import CurvePane
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.block_map import BlockMap


def help_lines() -> list[str]:
    """Both columns, one after the other."""
    return [line for column in help_columns() for line in column.plain.split("\n")]


def test_every_key_of_the_registry_is_in_the_help() -> None:
    lines = help_lines()
    for action in REGISTRY:
        assert any(line.strip().startswith(action.key_text) and line.endswith(action.help) for line in lines), action


def test_the_owners_bind_the_registry_and_nothing_else() -> None:
    for owner, holder in (
        ("app", UbpApp),
        ("explore", ExploreScreen),
        ("table", LayerTable),
        ("map", BlockMap),
        ("curves", CurvePane),
        ("compare", CompareScreen),
        ("benchmark", BenchmarkScreen),
        ("history", HistoryScreen),
    ):
        bound = [binding for binding in holder.__dict__["BINDINGS"] if isinstance(binding, Binding)]
        assert bound == bindings_of(owner)  # type: ignore[arg-type]
        assert getattr(holder, "key_owner", "app") == owner
        for binding in bound:
            name = binding.action.split("(")[0]
            assert hasattr(holder, f"action_{name}"), binding


def test_ids_are_unique_and_keys_clash_nowhere() -> None:
    assert max(Counter(action.id for action in REGISTRY).values()) == 1
    assert {action.id for action in REGISTRY} >= FOOTER
    for screen in (
        {"explore", "map"},
        {"explore", "table"},
        {"explore", "curves"},
        {"compare", "map"},
        {"benchmark"},
        {"history"},
    ):
        present = [action for action in REGISTRY if action.owner in {"app", "textual", *screen}]
        keys = Counter(key for action in present for key in action.keys.split(","))
        assert max(keys.values()) == 1


async def test_the_help_opens_scrolls_and_closes(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: "select the next layer" in screen_text(app))
        await pilot.press("end")
        await until(pilot, lambda: "share of the importance" in screen_text(app))
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


async def test_the_footer_fits_into_80_columns() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        footer = screen_text(app).splitlines()[-1]
        for words in ("q quit", "m method", "n block", "sparsity", "zoom", "b bench", "? help", "^p palette"):
            assert words in footer


async def test_the_palette_runs_actions_of_every_owner() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        commands = RegistryCommands(app.screen)
        actions = {action.id: action for action in REGISTRY}
        await commands._run(actions["method.next"])
        assert app.workspace.choice.method == "optimal"
        await commands._run(actions["map.cursor_down"])
        assert app.explore.query_one(BlockMap).cursor[0] > 0
        await commands._run(actions["app.help"])
        assert isinstance(app.screen, HelpScreen)
        shown = [hit async for hit in commands.discover()]
        elsewhere = [action for action in REGISTRY if action.owner in ("compare", "benchmark", "history")]
        assert len(shown) == len(REGISTRY) - len(elsewhere) - 1
        found = [hit async for hit in commands.search("sparsity up")]
        assert found


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_every_line_of_the_help_fits(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        texts = list(app.screen.query(".help-text"))
        await until(pilot, lambda: all(text.size.height > 0 for text in texts))
        assert sum(text.size.height for text in texts) == len(help_lines())
        assert (texts[0].region.y == texts[1].region.y) == (size[0] >= 150)
