"""Weights to pixels and back: properties that must hold at every size, zoom level and place."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ubp_tui.renderables.map.viewport import Viewport

VIEWS = st.tuples(st.integers(1, 3000), st.integers(1, 5000), st.integers(1, 210), st.integers(2, 120))


def every_level(rows: int, columns: int, width: int, height: int, anchor: tuple[int, int]) -> list[Viewport]:
    """The view of a matrix at each of its levels."""
    view = Viewport.fit((rows, columns), width, height)
    return [view.at_level(level, anchor) for level in range(len(view.ladder))]


@given(VIEWS)
def test_the_whole_layer_fits(case: tuple[int, int, int, int]) -> None:
    rows, columns, width, height = case
    view = Viewport.fit((rows, columns), width, height)
    for axis, length in ((view.rows, rows), (view.columns, columns)):
        assert (axis.edges[0], axis.edges[-1]) == (0, length)
        assert (len(axis.edges) - 1) * axis.scale.pixels <= axis.pixels
        assert np.diff(axis.edges).min() >= 1


@settings(max_examples=60)
@given(VIEWS, st.floats(0, 1), st.floats(0, 1))
def test_pixels_and_weights_agree_on_every_level(case: tuple[int, int, int, int], down: float, across: float) -> None:
    rows, columns, _, _ = case
    anchor = int(down * (rows - 1)), int(across * (columns - 1))
    for view in every_level(*case, anchor):
        for axis, weight in ((view.rows, anchor[0]), (view.columns, anchor[1])):
            span = axis.span_of(weight)
            assert span is not None, (view.level, axis, weight)
            first = axis.weight_at(span[0])
            assert first is not None and first <= weight
            assert first == weight or axis.aggregated


@settings(max_examples=60)
@given(VIEWS, st.integers(-4000, 4000), st.integers(-4000, 4000))
def test_panning_stays_within_the_layer(case: tuple[int, int, int, int], down: int, across: int) -> None:
    for view in every_level(*case, (0, 0)):
        moved = view.panned(down, across)
        for axis in (moved.rows, moved.columns):
            assert 0 <= axis.start < axis.length
            assert axis.edges[-1] <= axis.length
            # No needless empty space: either everything is in view from the start, or the view is full.
            assert axis.start == 0 or len(axis.edges) * axis.scale.pixels >= axis.pixels


def test_levels_run_from_the_whole_layer_to_single_weights_with_values() -> None:
    ladder = Viewport.fit((2048, 4608), 140, 80).ladder
    across = [level[1].weights / level[1].pixels for level in ladder]
    assert across == sorted(across, reverse=True)
    assert (ladder[-1][1].pixels, ladder[-1][0].pixels) == (8, 4)
    assert all(level[1].weights == int(level[1].weights) for level in ladder[1:])


def test_panning_there_and_back_changes_nothing() -> None:
    view = Viewport.fit((2048, 4608), 140, 80).at_level(2, (1000, 2000))
    assert view.panned(3, -5).panned(-3, 5) == view


@settings(max_examples=60)
@given(VIEWS, st.integers(1, 210), st.integers(2, 120))
def test_a_resized_view_still_shows_the_cursor(case: tuple[int, int, int, int], width: int, height: int) -> None:
    anchor = case[0] // 2, case[1] // 3
    for view in every_level(*case, anchor):
        resized = view.resized(width, height, anchor)
        assert (resized.columns.pixels, resized.rows.pixels) == (width, height)
        assert resized.rows.span_of(anchor[0]) and resized.columns.span_of(anchor[1])
