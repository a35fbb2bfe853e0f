"""The layer table: choices per layer, marks, order, filter, totals; by keys and by mouse."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from tui_world import click, make_app, make_model, screen_text, settle, until

from ubp_core import importance, select_blocks
from ubp_core.report import layer_cost
from ubp_tui.app import UbpApp
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.patterns import matches
from ubp_tui.renderables.layers.rows import COLUMNS, GAP, GIVE_WAY, GIVE_WAY_MIXED, fit_columns
from ubp_tui.renderables.layers.strips import TableLayout
from ubp_tui.widgets.layers.layer_table import GUTTER, LayerTable
from ubp_tui.widgets.layers.network_foot import NetworkFoot

PRUNABLE = ("block.0.expand", "block.1.conv", "head")


def table_of(app: UbpApp) -> LayerTable:
    return app.explore.query_one(LayerTable)


async def type_into(pilot: Pilot[int], text: str) -> None:
    names = {".": "full_stop", "*": "asterisk"}
    await pilot.press(*(names.get(char, char) for char in text))


async def test_marks_by_key(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("space", "j", "j", "space")
        assert app.workspace.marks.names == ("block.0.expand", "block.1.conv")
        assert "2 marked" in screen_text(app)
        await pilot.press("i")
        assert app.workspace.marks.names == ("head",)
        await pilot.press("a")
        assert app.workspace.marks.names == PRUNABLE
        await pilot.press("a")
        assert app.workspace.marks.names == ()
        await pilot.press("asterisk")
        await type_into(pilot, "block.*")
        await pilot.press("enter")
        await until(pilot, lambda: app.workspace.marks.names == ("block.0.expand", "block.1.conv"))


async def test_marks_order_and_layers_by_mouse(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        table = table_of(app)
        await click(pilot, table, offset=(1, 5))
        await click(pilot, table, offset=(1, 4))
        assert table.marks.names == ("block.1.conv", "head") and table.highlighted == "block.0.expand"
        await click(pilot, table, offset=(1, 5))
        assert table.marks.names == ("block.1.conv",)
        await click(pilot, table, offset=(GUTTER, 0))
        assert table.shown == tuple(sorted(layer.name for layer in make_model().layers))
        await click(pilot, table, offset=(GUTTER, 0))
        assert table.shown == tuple(sorted((layer.name for layer in make_model().layers), reverse=True))
        await click(pilot, table, offset=(GUTTER, 0))
        assert table.shown == tuple(layer.name for layer in make_model().layers)
        assert table.highlighted == "block.0.expand"


async def test_every_column_sorts(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        table = table_of(app)
        for column in table._layout.columns:
            await pilot.press("s")
            assert table.marks.sort == column.id
            rising = table.shown
            await pilot.press("S")
            assert table.marks.descending and sorted(table.shown) == sorted(rising)
            await pilot.press("S")
        await pilot.press("s")
        assert table.marks.sort == "" and table.shown[0] == "stem"
        app.workspace.set_marks(app.workspace.marks.sort_stepped("retained"))
        kept = [float(table.get_cell(name, "retained")) for name in table.shown[:3]]
        assert kept == sorted(kept) and table.shown[3:] == ("stem", "block.0.spatial")


async def test_the_filter_is_typed_and_given_up(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("slash")
        await type_into(pilot, "block conv")
        await until(pilot, lambda: table_of(app).shown == ("block.0.expand", "block.1.conv"))
        await pilot.press("enter", "a")
        assert app.workspace.marks.names == ("block.0.expand", "block.1.conv")
        await pilot.press("slash", "space", "1", "full_stop")
        await until(pilot, lambda: table_of(app).shown == ("block.1.conv",))
        await until(pilot, lambda: app.workspace.layer == "block.1.conv")
        await pilot.press("backspace", "backspace", "backspace")
        await pilot.press("slash", "z", "z")
        await until(pilot, lambda: "no layer matches" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: len(table_of(app).shown) == 5)
        assert table_of(app).has_focus


async def test_choices_for_one_layer_for_marked_ones_and_for_all() -> None:
    app = make_app()
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(app, pilot)
        await pilot.press("t", "t", "n")
        await settle(app, pilot)
        assert app.workspace.choices.special == {"block.0.expand": Choice("bed", 8, 0.75)}
        assert table_of(app).get_cell("block.0.expand", "block") == "8"
        assert table_of(app).get_cell("head", "block") == "4"
        await pilot.press("i", "t", "t", "right_square_bracket")
        await settle(app, pilot)
        assert {app.workspace.choices.of(name).sparsity for name in PRUNABLE} == {0.8}
        assert app.workspace.choices.of("block.0.expand").block_size == 8
        await pilot.press("t", "t", "m")
        await settle(app, pilot)
        assert {name: app.workspace.choices.of(name).method for name in PRUNABLE} == dict.fromkeys(PRUNABLE, "optimal")
        await pilot.press("u", "u", "u")
        await settle(app, pilot)
        assert app.workspace.choices == LayerChoices(Choice("bed"))
        await pilot.press("U")
        await settle(app, pilot)
        assert app.workspace.choices.of("block.0.expand") == Choice("bed", 8, 0.75)


async def test_a_layer_kept_dense_says_so_and_leaves_the_total() -> None:
    app = make_app()
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(app, pilot)
        await pilot.press("D")
        await settle(app, pilot)
        assert app.workspace.selection is not None and app.workspace.selection.selection is None
        assert table_of(app).get_cell("block.0.expand", "retained") == "kept dense by choice"
        assert_total(app, {name: Choice("bed") for name in PRUNABLE[1:]})
        await pilot.press("D")
        await settle(app, pilot)
        assert_total(app, {name: Choice("bed") for name in PRUNABLE})


def assert_total(app: UbpApp, choices: dict[str, Choice]) -> None:
    """The foot has the library's figures."""
    model = make_model()
    parameters, size, kept, total = model.parameters, 4 * model.parameters, 0.0, 0.0
    for name, choice in choices.items():
        layer = model.layer(name)
        scores = importance(layer.weight)
        selection = select_blocks(scores, choice.block_size, choice.sparsity, choice.method)
        cost = layer_cost(layer, selection)
        parameters -= cost.parameters_before - cost.parameters_after
        size -= cost.bytes_before - cost.bytes_after
        kept, total = kept + selection.retained * float(scores.sum()), total + float(scores.sum())
    facts = {fact.label: fact.value for fact in app.explore.query_one(NetworkFoot).facts}
    before, after = model.parameters, parameters
    assert facts["params"] == f"{before / 1e3:.1f}k → {after / 1e3:.2f}k ({100 * after / before:.0f} %)"
    assert facts["fp32 weights"].endswith(f"({100 * size / (4 * before):.0f} %)")
    assert facts[""] == f"keeps {100 * kept / total:.2f} % of |w|"


async def test_what_was_computed_is_not_computed_again() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        first = app.workspace.selection
        await pilot.press("n")
        await settle(app, pilot)
        await pilot.press("N")
        await pilot.pause()
        now = app.workspace.selection
        assert first is not None and now is not None and now.source is first.source
        assert not [worker for worker in app.workers if worker.group in ("select_blocks", "measure_layers")]


@pytest.mark.parametrize(("mixed", "order"), [(False, GIVE_WAY), (True, GIVE_WAY_MIXED)])
@pytest.mark.parametrize("width", [20, 40, 57, 76, 100, 140, 200])
def test_columns_fit_and_leave_in_order(width: int, mixed: bool, order: tuple[str, ...]) -> None:
    columns, name = fit_columns(width, 40, mixed=mixed)
    used = name + sum(column.width + GAP for column in columns if column.id != "name")
    assert used <= max(width, name) and columns[0].id == "name"
    left_out = [column.id for column in COLUMNS if column not in columns]
    assert set(left_out) == set(order[: len(left_out)])


@pytest.mark.parametrize("width", [60, 80, 97, 100, 160])
def test_short_names_leave_titles_whole_with_and_without_the_arrow(width: int) -> None:
    layout = TableLayout.fit(width, 1, "", mixed=False)
    titles = " ".join(column.title for column in layout.columns).split()
    for column in (*layout.columns, None):
        line = layout.header(column.id if column else "", descending=False)
        assert len(line) <= width and line.replace("▴", " ").split() == titles
        assert not column or f"▴{column.title}" in line


def test_patterns_mean_names_kinds_and_shapes() -> None:
    layer = make_model().layer("block.1.conv")
    for pattern in ("", "block", "1.conv 3x3", "*.conv", "block.?.conv", "CONV 30x24"):
        assert matches(pattern, layer), pattern
    for pattern in ("linear", "conv.*", "block expand"):
        assert not matches(pattern, layer), pattern
