"""What stands beside the block map says what the selection says: profiles, histograms, minimap, order of columns."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from tui_world import click, make_app, make_model, screen_text, settle, until

from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.renderables.bars import share_per_pixel
from ubp_tui.renderables.map.viewport import Axis, Scale
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.histograms import spread_bins
from ubp_tui.widgets.map.minimap import Minimap
from ubp_tui.work.selecting import prepare_layer
from ubp_tui.work.services import default_services


def test_a_profile_is_the_mean_share_under_each_pixel() -> None:
    shares = np.random.default_rng(3).random(37)
    axis = Axis(37, 12, Scale(weights=37 / 12))
    edges = axis.edges
    expected = [shares[a:b].mean() for a, b in pairwise(edges)]
    assert np.allclose(share_per_pixel(shares, axis), expected)
    magnified = share_per_pixel(shares, Axis(37, 12, Scale(pixels=3), start=5))
    assert np.allclose(magnified, shares[5:9].repeat(3))


def test_spreading_bins_loses_no_weight() -> None:
    counts = np.random.default_rng(4).integers(0, 1000, 64)
    for width in (8, 30, 64, 100):
        assert np.isclose(spread_bins(counts, width).sum(), counts.sum())


def test_shares_histogram_and_order_follow_the_mask() -> None:
    layer = make_model().layers[3]
    services, choice = default_services(), Choice("bed", 4, 0.6)
    for by_tap in (False, True):
        result = prepare_layer(services, layer, SelectionRequest(1, layer.name, choice, by_tap=by_tap))
        assert result.selection is not None
        mask = result.selection.mask()
        if by_tap:
            mask = mask.reshape(30, 24, 9).swapaxes(1, 2).reshape(30, 216)
        source = result.source
        assert source.position is not None
        assert np.array_equal(source.position > 0, mask)
        assert np.allclose(source.row_shares, mask.mean(axis=1))
        assert np.allclose(source.column_shares, mask.mean(axis=0))
        assert source.kept_counts.sum() == mask.sum()
        assert (source.kept_counts <= result.basis.bin_counts).all()


async def test_jump_zoom_and_minimap() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        block_map = app.explore.query_one(BlockMap)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PromptDialog))
        await pilot.press(*"400", "enter")
        await until(pilot, lambda: "there is no row 400: the last one is 95" in screen_text(app))
        await pilot.press(*["backspace"] * 3, *"61,17", "enter")
        await until(pilot, lambda: block_map.cursor == (61, 17))
        await pilot.press("w")
        assert block_map.view is not None and block_map.view.rows.span_of(61) is not None
        before = block_map.view
        minimap = app.explore.query_one(Minimap)
        assert minimap.region.area
        await click(pilot, Minimap, offset=(2, 2))
        assert block_map.view != before
        await pilot.press("p")
        await until(pilot, lambda: not minimap.region.area)
        await pilot.press("p")
        await until(pilot, lambda: minimap.region.area)


async def test_columns_by_tap_name_the_same_weight() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        app.explore.query_one(LayerTable).highlight("block.1.conv")
        await settle(app, pilot)
        block_map = app.explore.query_one(BlockMap)
        block_map.move_to(3, 2 * 9 + 7)
        await until(pilot, lambda: "col 25 (in 2 ky 2 kx 1)" in screen_text(app))
        await pilot.press("o")
        await settle(app, pilot)
        await until(pilot, lambda: "by tap" in screen_text(app))
        block_map.move_to(3, 7 * 24 + 2)
        await until(pilot, lambda: "col 25 (in 2 ky 2 kx 1)" in screen_text(app))
