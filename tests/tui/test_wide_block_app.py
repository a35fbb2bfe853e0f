"""Blocks of four columns in the app: chosen, drawn as what they are, compared, kept in plans and sessions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_map_drawing import draw_weights
from test_workspace import CONV, EXPAND, HEAD, make_workspace
from tui_world import click, make_app, make_model, make_services, screen_text, settle, until

from ubp_core import importance, select_blocks, select_global
from ubp_core.models.spec import ModelSpec
from ubp_core.plan import Plan, select_plan
from ubp_tui.choices.budget import BudgetRequest, share_budget
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.plans import adopt_plan, plan_choices
from ubp_tui.looks import palette
from ubp_tui.renderables.formats import kernel_of
from ubp_tui.renderables.map.marks import mark_line, mark_pixels
from ubp_tui.renderables.map.raster import draw_map
from ubp_tui.renderables.map.readout import describe_weight
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.screens.compare import CompareScreen
from ubp_tui.screens.explore_dialogs import name_export
from ubp_tui.session.file import format_session, load_session
from ubp_tui.session.session import Session
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.map.map_pane import MapPane
from ubp_tui.work.basis import build_basis
from ubp_tui.work.comparing import ComparisonRequest, compare_layer
from ubp_tui.work.curves import plan_curves
from ubp_tui.work.grouping import find_groups
from ubp_tui.work.source import MapSource, build_source

WIDE = Choice("optimal", 4, 0.75, 4)


def make_wide_source(rows: int = 24, columns: int = 22) -> MapSource:
    """A layer whose last group is short."""
    weight = draw_weights(rows, columns)
    scores = importance(weight)
    selection = select_blocks(scores, 4, 0.7, block_columns=4)
    assert selection.groups is not None
    basis = build_basis(weight, scores, order=selection.groups.order.astype(np.int64))
    source = build_source(basis, selection)
    assert source.position is not None and np.array_equal(source.position > 0, selection.mask()[:, basis.order])
    return source


def test_blocks_stand_in_one_piece_with_edges_around_and_none_inside() -> None:
    source = make_wide_source()
    assert source.position is not None and source.block_columns == 4
    view = Viewport.fit(source.shape, 22 * 8, 24 * 4).at_level(99, (0, 0))
    image, across, down = draw_map(source, view), view.columns.scale.pixels, view.rows.scale.pixels
    rows, columns = view.rows.edges[:-1].tolist(), view.columns.edges[:-1].tolist()
    seen = 0
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            if not source.is_kept(row, column):
                continue
            group = source.block_span(column)
            assert all(source.block_start(row, other) == source.block_start(row, column) for other in group)
            gap = image[y * down + 1, (x + 1) * across - 1]
            inside = column != group[-1]
            assert (gap == palette.EDGE) != inside, "an edge stands right of the last column, none inside"
            seen += inside
    assert seen > 20


def test_the_cursor_marks_the_whole_width_of_its_block() -> None:
    source = make_wide_source()
    view = Viewport.fit(source.shape, 22 * 8, 24 * 4).at_level(99, (0, 0))
    place = next((r, c) for r in range(8) for c in range(0, 8, 4) if source.block_start(r, c) is not None)
    image, marked = draw_map(source, view), mark_pixels(view, source, place)
    block_rows = [pixel for pixel, colour in marked.items() if colour == palette.MARK]
    upper, lower = mark_line(image, view, marked, place[1], block_rows[0] // 2, source)
    last = view.columns.span_of(source.block_span(place[1])[-1])
    assert last is not None and (upper if block_rows[0] % 2 == 0 else lower)[last[1] - 1] == palette.MARK


def test_the_readout_names_the_true_column_and_the_group() -> None:
    workspace = make_workspace()
    workspace.hold(False)
    workspace.step_columns()
    result = workspace.selection
    assert result is not None and result.selection is not None and result.basis.order is not None
    kernel = kernel_of(result.layer, result.basis)
    start, group = (int(part[0]) for part in result.selection.blocks())
    column = 4 * group + 2
    line = describe_weight(result.source, kernel, start, column)
    true = int(result.basis.order[column])
    assert f"col {true} " in line and line.endswith(f"group {group}") and f"block at {start}" in line
    assert kernel.drawn_column(true) == column and kernel.true_column(column) == true


def test_columns_are_chosen_for_the_scope_and_undone() -> None:
    workspace = make_workspace()
    workspace.hold(False)
    before = workspace.choices
    workspace.step_columns()
    assert workspace.choice == Choice("bed", 4, 0.75, 4)
    assert all(workspace.choices.of(name).block == "4x4" for name in (EXPAND, CONV, HEAD))
    assert workspace.selection is not None and workspace.selection.selection is not None
    assert workspace.selection.selection.block_columns == 4
    measure = workspace.find_measures()[EXPAND]
    assert measure.retained == workspace.selection.selection.retained
    assert measure.rounded == pytest.approx(measure.achieved_sparsity)
    assert workspace.undo() and workspace.choices == before
    workspace.set_scope("layer")
    workspace.step_columns()
    assert workspace.choices.of(EXPAND).block_columns == 4 and workspace.choices.of(HEAD).block_columns == 1
    workspace.step_columns()
    assert workspace.choices == before


def test_curves_are_of_blocks_of_the_same_width() -> None:
    assert {point.block_columns for point in plan_curves(WIDE, ())} == {4}
    services, scores = make_services(make_model()), importance(draw_weights(32, 40))
    groups = find_groups(scores)
    assert find_groups(scores.copy()) is groups, "found once for the same values"
    found = services.find_retained(scores, WIDE, None)
    assert found == select_blocks(scores, 4, 0.75, "optimal", block_columns=4).retained


def test_both_sides_of_a_comparison_stand_in_one_order() -> None:
    layer = make_model().layer(CONV)
    request = ComparisonRequest(1, CONV, (Choice("optimal", 2, 0.5), Choice("optimal", 2, 0.5, 4)))
    comparison = compare_layer(make_services(make_model()), layer, request, (None, None), None)
    left, right = comparison.sides
    assert left is not None and right is not None and left.basis.order is not None
    assert np.array_equal(left.source.weight, right.source.weight)
    assert left.selection is not None and left.selection.block_columns == 1 and left.source.block_columns == 1
    assert comparison.difference is not None
    kept = (left.selection.mask() & right.selection.mask()).sum()  # type: ignore[union-attr]
    assert comparison.difference.shares[3].weights == kept


def test_plans_take_the_columns_along_and_bring_them_back(tmp_path: Path) -> None:
    model = make_model()
    choices = LayerChoices(WIDE).with_layers([HEAD], block_columns=1)
    plan = plan_choices(choices, model, ModelSpec("small"))
    assert plan.block_columns == 4 and plan.layer(HEAD).block_columns == 1 and plan.layer(EXPAND).block_columns == 4
    plan.save(tmp_path / "p.yaml")
    assert adopt_plan(Plan.load(tmp_path / "p.yaml"), model) == (choices, ())
    assert select_plan(plan, model)[EXPAND].block_columns == 4
    assert name_export(model, LayerChoices(WIDE)) == "small-optimal-4x4-75"


def test_a_budget_of_wide_blocks_is_the_library_s() -> None:
    model, names = make_model(), (EXPAND, CONV, HEAD)
    shared = share_budget(model, LayerChoices(), BudgetRequest(names, WIDE, floor=0.05))
    expected = select_global(
        {name: importance(model.layer(name).weight) for name in names}, 4, 0.75, floors=0.05, block_columns=4
    )
    found = select_plan(plan_choices(shared, model, ModelSpec("small")), model)
    assert {name: s.block_count for name, s in found.items()} == {
        name: s.block_count for name, s in expected.layers.items()
    }
    assert all(choice.block_columns == 4 for choice in shared.special.values())


def test_sessions_keep_the_columns(tmp_path: Path) -> None:
    choices = LayerChoices(WIDE).with_layers([HEAD], block_columns=1)
    session = replace(Session(ModelSpec("small")), choices=choices)
    path = tmp_path / "s.yaml"
    path.write_text(format_session(session), encoding="utf-8")
    assert load_session(path).choices == choices
    older = format_session(Session(ModelSpec("small"))).replace("session: 4", "session: 2")
    path.write_text(older.replace(", block_columns: 1", ""), encoding="utf-8")
    assert load_session(path).choices == LayerChoices()


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_the_key_the_control_and_the_palette_s_entry(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        bar = app.explore.query_one(ChoiceBar)
        await pilot.press("K")
        await settle(app, pilot)
        assert bar.choice.block_columns == 4
        assert "K  x4" in screen_text(app) and "75 %" in screen_text(app), "the sparsity has its room beside it"
        await pilot.press("2")
        await settle(app, pilot)
        assert "N=4x4" in screen_text(app) and "by group" in str(app.explore.query_one(MapPane).border_title)
        await click(pilot, bar.query_one("#block-columns"))
        await until(pilot, lambda: app.workspace.choice.block_columns == 1)
        await settle(app, pilot)
        assert "K  x1" in screen_text(app)
        assert "by group" not in str(app.explore.query_one(MapPane).border_title)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_a_side_of_the_compare_screen_has_wide_blocks(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.sides.settled)
        await pilot.press("K")
        screen = app.screen
        assert isinstance(screen, CompareScreen)
        await until(pilot, lambda: screen.sides.settled and screen.sides.choice.block_columns == 4)
        await app.workers.wait_for_complete()
        await until(pilot, lambda: "N=4x4" in screen_text(app) and "K  x4" in screen_text(app))
        assert "75 %" in screen_text(app)
