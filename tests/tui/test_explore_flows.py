"""What a user does on the explore screen, at every size; figures are compared with `ubp_core` called directly."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from tui_world import click, make_app, make_model, screen_text, settle, until

from ubp_core import importance, select_blocks
from ubp_tui.app import UbpApp
from ubp_tui.choices.choice import Choice
from ubp_tui.renderables.formats import kernel_of
from ubp_tui.renderables.map.readout import describe_weight
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.controls.sparsity_slider import SparsitySlider
from ubp_tui.widgets.facts.facts_line import FactsLine
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.work.curves import plan_curves

Size = tuple[int, int]


def assert_shows(app: UbpApp, layer: str, choice: Choice) -> None:
    """The screen's state is that of this layer and choice, with the library's figures."""
    explore, workspace = app.explore, app.workspace
    assert (workspace.layer, workspace.choice) == (layer, choice)
    expected = select_blocks(
        importance(make_model().layer(layer).weight), choice.block_size, choice.sparsity, choice.method
    )
    result = workspace.selection
    assert result is not None and result.selection is not None
    assert result.selection.retained == expected.retained
    assert (result.source.position > 0).tolist() == expected.mask().tolist()  # type: ignore[operator]
    facts = {fact.label: fact.value for fact in explore.query_one(FactsLine).facts}
    assert facts["retained"] == f"{100 * expected.retained:.2f} %"
    assert f"retained {100 * expected.retained:.2f} %" in screen_text(app)


async def click_option(app: UbpApp, pilot: Pilot[int], control: str, option: str) -> None:
    """Click an option of a control."""
    segments = app.explore.query_one(control, Segments)
    first, _ = segments._offsets()[segments.options.index(option)]
    await click(pilot, segments, offset=(first + 1, 0))


async def test_the_first_prunable_layer_is_shown(size: Size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        assert_shows(app, "block.0.expand", Choice("bed"))
        text = screen_text(app)
        assert "block.0.expand" in text and "drawn for a test"[:8] in text and "RANDOM" not in text


async def test_layers_by_key_and_by_click(size: Size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("j", "j")
        await settle(app, pilot)
        assert_shows(app, "block.1.conv", Choice("bed"))
        await pilot.press("down")
        await settle(app, pilot)
        assert_shows(app, "head", Choice("bed"))
        await click(pilot, LayerTable, offset=(4, 2))
        await settle(app, pilot)
        assert_shows(app, "block.0.expand", Choice("bed"))
        await pilot.press("k")
        await settle(app, pilot)
        assert app.workspace.layer == "stem"
        assert "stem (3 input channels)" in screen_text(app)
        assert app.workspace.selection is not None and app.workspace.selection.source.position is None


async def test_choices_by_key(size: Size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        for keys, choice in (
            (("m",), Choice("optimal", 4, 0.75)),
            (("n",), Choice("optimal", 8, 0.75)),
            (("right_square_bracket",), Choice("optimal", 8, 0.8)),
            (("left_curly_bracket",), Choice("optimal", 8, 0.79)),
            (("N", "N"), Choice("optimal", 2, 0.79)),
            (("m",), Choice("unstructured", 2, 0.79)),
            (("m",), Choice("abp", 2, 0.79)),
            (("left_square_bracket", "right_curly_bracket"), Choice("abp", 2, 0.75)),
        ):
            await pilot.press(*keys)
            await settle(app, pilot)
            assert_shows(app, "block.0.expand", choice)


async def test_choices_by_mouse(size: Size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await click_option(app, pilot, "#method", "abp")
        await settle(app, pilot)
        assert_shows(app, "block.0.expand", Choice("abp", 4, 0.75))
        await click_option(app, pilot, "#block-size", "8")
        await settle(app, pilot)
        assert_shows(app, "block.0.expand", Choice("abp", 8, 0.75))
        slider = app.explore.query_one(SparsitySlider)
        first, length = slider._track
        await click(pilot, slider, offset=(first + length // 2, 0))
        await settle(app, pilot)
        sparsity = round(length // 2 / (length - 1), 2)
        assert_shows(app, "block.0.expand", Choice("abp", 8, sparsity))


async def test_the_table_and_the_total_follow_the_choice(size: Size) -> None:
    app = make_app()
    model = make_model()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("n")
        await settle(app, pilot)
        table = app.explore.query_one(LayerTable)
        kept = total = 0.0
        for layer in model.prunable:
            scores = importance(layer.weight)
            expected = select_blocks(scores, 8, 0.75, "bed")
            assert table.get_cell(layer.name, "retained") == f"{100 * expected.retained:.2f}"
            kept, total = kept + expected.retained * scores.sum(), total + scores.sum()
        assert table.get_cell("block.0.spatial", "retained") == "depthwise"
        assert f"keeps {100 * kept / total:.2f} % of |w|" in screen_text(app)


async def test_curves_hold_every_method_and_are_computed_once(size: Size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        points = app.workspace.known.points["block.0.expand"]
        for method in ("abp", "bed", "optimal", "unstructured"):
            expected = select_blocks(importance(make_model().layer("block.0.expand").weight), 4, 0.5, method)
            assert points[Choice(method, 4, 0.5)] == pytest.approx(expected.retained)
        assert set(points) == set(plan_curves(Choice("bed"), set()))
        await pilot.press("3")
        await until(pilot, lambda: "Retained importance over sparsity, N=4" in screen_text(app))
        assert f"optimal {100 * points[Choice('optimal', 4, 0.75)]:.2f}" in screen_text(app)


async def test_cursor_and_readout_follow_keys_and_clicks(size: Size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("j", "j", "2")
        await settle(app, pilot)
        block_map = app.explore.query_one(BlockMap)
        await until(pilot, lambda: block_map.has_focus)
        await pilot.press("w", "down", "down", "right")
        assert block_map.cursor == (2, 1)
        await pilot.press("end")
        assert block_map.cursor == (2, 24 * 9 - 1)
        await pilot.press("home", "up")
        assert block_map.cursor == (1, 0)
        result = app.workspace.selection
        assert result is not None
        x, y = block_map.ruler_width + 8 * 3 + 2, 1 + 2 * 2 + 1
        await click(pilot, block_map, offset=(x, y))
        assert block_map.cursor == (2, 3)
        readout = describe_weight(result.source, kernel_of(result.layer), 2, 3)
        value = float(make_model().layer("block.1.conv").weight.reshape(30, -1)[2, 3])
        assert "(in 0 ky 1 kx 0)" in readout and f"w {value:.4f}" in readout
        await until(pilot, lambda: readout in screen_text(app))
        assert f"{value:7.4f}" in screen_text(app)


async def test_zoom_and_pan_by_keys_wheel_and_drag(size: Size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("j", "j", "2")
        await settle(app, pilot)
        block_map = app.explore.query_one(BlockMap)
        await until(pilot, lambda: block_map.has_focus)
        view = block_map.view
        assert view is not None and view.level == 0
        await pilot.press("w")
        assert block_map.view is not None and block_map.view.level == len(view.ladder) - 1
        await pilot.press("shift+right")
        start = block_map.view.columns.start
        assert start == view.columns.pixels // 2 // 8
        await pilot.mouse_down(block_map, offset=(block_map.ruler_width + 17, 5))
        await pilot.hover(block_map, offset=(block_map.ruler_width + 1, 5))
        await pilot.mouse_up(block_map, offset=(block_map.ruler_width + 1, 5))
        assert block_map.view.columns.start == start + 2
        assert block_map.cursor == (0, 0)
        await pilot.press("minus")
        assert block_map.view.level == len(view.ladder) - 2
        await pilot.press("0")
        assert block_map.view == view
        await pilot.press("plus")
        assert block_map.view.level == 1


async def test_the_view_stays_when_the_choice_changes_and_leaves_with_the_layer() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("2", "w", "n")
        await settle(app, pilot)
        block_map = app.explore.query_one(BlockMap)
        assert block_map.view is not None and block_map.view.level > 0
        await pilot.press("j", "j")
        await settle(app, pilot)
        assert block_map.view.level == 0 and block_map.cursor == (0, 0)


async def test_only_one_pane_in_the_compact_layout_and_all_in_the_wide_one(size: Size) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        panes = {
            key: app.explore.query_one(name)
            for key, name in (("1", "#layers-pane"), ("2", "#map-pane"), ("3", "#curves-pane"))
        }
        for key, pane in panes.items():
            await pilot.press(key)
            await pilot.pause()
            shown = [name for name, other in panes.items() if other.region.area]
            assert pane.region.area and shown == ([key] if size[0] < 110 else ["1", "2", "3"])
        await pilot.press("2")
        await until(pilot, lambda: app.explore.query_one(BlockMap).has_focus)
        await pilot.press("f")
        await pilot.pause()
        assert panes["2"].region.width == size[0] and not panes["1"].region.area


async def test_tabs_of_the_compact_layout_can_be_clicked() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await click_option(app, pilot, "#view-tabs-choice", "map")
        await pilot.pause()
        assert app.explore.query_one("#map-pane").region.area and not app.explore.query_one("#layers-pane").region.area


async def test_greedy_that_runs_out_says_so_and_shows_no_other_picture() -> None:
    app = make_app(choice=Choice("greedy", 16, 0.0))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "greedy has no blocks for" in screen_text(app))
        assert app.workspace.selection is None and app.explore.query_one(BlockMap).source is None
        await pilot.press("m")
        await settle(app, pilot)
        assert_shows(app, "block.0.expand", Choice("bed", 16, 0.0))
