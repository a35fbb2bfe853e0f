"""From arrays to pixels to cells: every picture is checked against the arrays it is drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ubp_core import Selection, importance, select_blocks
from ubp_tui.looks import palette
from ubp_tui.renderables.map import raster as map_raster
from ubp_tui.renderables.map.raster import area_sums, draw_map
from ubp_tui.renderables.map.strips import line_segments
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.work.basis import build_basis
from ubp_tui.work.source import COARSE, MapSource, build_source


def draw_weights(rows: int, columns: int) -> NDArray[np.float32]:
    return np.random.default_rng(rows + columns).standard_normal((rows, columns), np.float32)


def make_source(rows: int, columns: int, method: str = "bed", block_size: int = 4) -> tuple[MapSource, Selection]:
    weight = draw_weights(rows, columns)
    scores = importance(weight)
    selection = select_blocks(scores, block_size, 0.7, method)
    return build_source(build_basis(weight, scores), selection), selection


@pytest.mark.parametrize(
    ("method", "block_size"), [("abp", 4), ("bed", 3), ("optimal", 8), ("unstructured", 4), ("bed", 32)]
)
def test_the_source_keeps_what_the_selection_keeps(method: str, block_size: int) -> None:
    source, selection = make_source(67, 41, method, block_size)
    assert source.position is not None
    assert np.array_equal(source.position > 0, selection.mask())
    for row, column in zip(selection.rows.tolist(), selection.columns.tolist(), strict=True):
        for place in range(selection.block_size):
            assert source.block_start(row + place, column) == row
    pruned = np.argwhere(~selection.mask())[0]
    assert source.block_start(*pruned.tolist()) is None and not source.is_kept(*pruned.tolist())


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 64), (67, 41), (130, 9)])
def test_coarse_sums_are_sums(shape: tuple[int, int]) -> None:
    scores = importance(draw_weights(*shape))
    selection = select_blocks(scores, 1, 0.5, "abp")
    source = build_source(build_basis(draw_weights(*shape), scores), selection)
    kept = np.where(selection.mask(), scores, 0)
    for row in range(source.coarse.kept.shape[0]):
        for column in range(source.coarse.kept.shape[1]):
            area = (slice(COARSE * row, COARSE * row + COARSE), slice(COARSE * column, COARSE * column + COARSE))
            assert source.coarse.kept[row, column] == np.count_nonzero(selection.mask()[area])
            assert source.coarse.importance[row, column] == pytest.approx(kept[area].sum(), rel=1e-5)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("limit", [10**9, 0], ids=["direct", "coarse"])
def test_every_pixel_sums_its_own_area(level: int, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_raster, "DIRECT_LIMIT", limit)
    source, selection = make_source(1201, 997)
    view = Viewport.fit(source.shape, 60, 50).at_level(level, (600, 500))
    sums, counts = area_sums(source, view)
    edges = view.rows.edges, view.columns.edges
    if limit == 0 and min(view.rows.scale.weights, view.columns.scale.weights) >= COARSE:
        edges = tuple(rounded(e, length) for e, length in zip(edges, source.shape, strict=True))
    mask = selection.mask()
    for row in range(len(edges[0]) - 1):
        for column in range(len(edges[1]) - 1):
            area = (slice(edges[0][row], edges[0][row + 1]), slice(edges[1][column], edges[1][column + 1]))
            assert counts[row, column] == mask[area].size
            assert sums.kept[row, column] == np.count_nonzero(mask[area])
            expected = source.importance[area][mask[area]].sum()
            assert sums.importance[row, column] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def rounded(edges: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Pixel borders at whole coarse cells; the end of the layer stays the end."""
    cells = (edges + COARSE // 2) // COARSE * COARSE
    cells[-1] = length if edges[-1] == length else cells[-1]
    return np.minimum(cells, length)


def test_whole_layer_shows_pruned_areas_dark_and_kept_ones_coloured() -> None:
    weight = np.zeros((400, 400), np.float32)
    weight[:200] = 1 + draw_weights(200, 400) ** 2
    scores = importance(weight)
    source = build_source(build_basis(weight, scores), select_blocks(scores, 4, 0.5, "bed"))
    image = draw_map(source, Viewport.fit(source.shape, 40, 40))
    assert (image[:20] >= palette.KEPT).all()
    assert (image[20:] == palette.PRUNED).all()


def test_single_weights_show_the_mask_exactly() -> None:
    source, selection = make_source(300, 200)
    view = Viewport.fit(source.shape, 50, 40).at_level(99, (0, 0))
    level = next(
        i
        for i, (down, across) in enumerate(view.ladder)
        if down.weights == across.weights == down.pixels == across.pixels == 1
    )
    view = view.at_level(level, (150, 100))
    image = draw_map(source, view)
    window = selection.mask()[view.rows.start :, view.columns.start :][:40, :50]
    assert np.array_equal(image >= palette.KEPT, window)
    low, high = source.scale
    shown = source.importance[view.rows.start :, view.columns.start :][:40, :50]
    assert np.array_equal(image[window], palette.kept_index((shown[window] - low) / (high - low)))


def test_block_edges_and_the_grid_show_blocks_off_the_grid() -> None:
    source, selection = make_source(48, 30)
    view = Viewport.fit(source.shape, 80, 64).at_level(99, (0, 0))
    across, down = view.columns.scale.pixels, view.rows.scale.pixels
    image = draw_map(source, view)
    assert (across, down) == (8, 4)
    assert any(selection.rows % 4)
    starts = set(zip(selection.rows.tolist(), selection.columns.tolist(), strict=True))
    mask = selection.mask()
    for row in range(16):
        for column in range(10):
            cell = image[row * down : (row + 1) * down, column * across : (column + 1) * across]
            if (row, column) in starts:
                assert (cell[0, :-1] == palette.EDGE).all()
            elif mask[row, column]:
                assert (cell[0, :-1] >= palette.KEPT).all()
            else:
                assert (cell[0] == (palette.GRID if row % 4 == 0 else palette.PRUNED)).all()
            assert (cell[1:, :-1] >= palette.KEPT).all() == mask[row, column]
            if mask[row, column]:
                assert (cell[1:, -1] == palette.EDGE).all()
                assert cell[0, -1] == (palette.GRID_TICK if row % 4 == 0 else palette.EDGE)


def test_an_outlier_does_not_darken_the_rest() -> None:
    weight = draw_weights(200, 200)
    scores = importance(weight)
    calm = build_source(build_basis(weight, scores), None)
    weight[17, 23] = 1e9
    wild = build_source(build_basis(weight, importance(weight)), None)
    assert wild.scale == pytest.approx(calm.scale, rel=0.02)


def test_dense_and_tiny_layers_draw() -> None:
    for shape in ((1, 1), (1, 500), (500, 1), (3, 2)):
        weight = draw_weights(*shape)
        source = build_source(build_basis(weight, importance(weight)), None)
        for level in range(len(Viewport.fit(shape, 30, 20).ladder)):
            image = draw_map(source, Viewport.fit(shape, 30, 20).at_level(level, (0, 0)))
            assert image.shape[0] % 2 == 0 and (image != palette.PRUNED).all()


def test_a_line_of_cells_has_one_segment_per_colour_pair() -> None:
    upper = np.array([palette.PRUNED] * 3 + [palette.KEPT] * 2 + [palette.PRUNED], np.uint8)
    lower = np.array([palette.PRUNED] * 4 + [palette.KEPT] * 2, np.uint8)
    segments = line_segments(upper, lower)
    assert [segment.text for segment in segments] == ["   ", "▀", " ", "▀"]
    style = segments[1].style
    assert style is not None and style.color is not None and style.bgcolor is not None
    assert style.color.triplet == tuple(palette.MAP_COLOURS[palette.KEPT].tolist())
    assert style.bgcolor.triplet == tuple(palette.MAP_COLOURS[palette.PRUNED].tolist())


def test_labels_stand_in_place_of_pixels_and_are_clipped() -> None:
    line = np.full(10, palette.PRUNED, np.uint8)
    segments = line_segments(line, line, [(1, "0.5", palette.FAINT_INK), (8, "-0.25", palette.FAINT_INK)])
    assert "".join(segment.text for segment in segments) == " 0.5    -0"
