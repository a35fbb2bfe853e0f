"""The compare screen: figures against masks compared by hand, locked pictures, stale results, keys and mouse."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from tui_world import click, make_app, make_model, make_services, screen_text, settle, until

from ubp_core import Selection, importance, select_blocks
from ubp_tui.app import UbpApp
from ubp_tui.choices.choice import Choice
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.looks import palette
from ubp_tui.renderables.map.class_stack import CLASS_INDEX, STACK, draw_stacks
from ubp_tui.renderables.map.difference import draw_difference, sign_areas
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.screens.compare import CompareScreen
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.work.basis import BINS, build_basis
from ubp_tui.work.difference import BOTH, LEFT, NEITHER, RIGHT, build_difference
from ubp_tui.work.source import MapSource, build_source


def make_sources(rows: int, columns: int, seed: int, left: Choice, right: Choice) -> tuple[MapSource, MapSource]:
    """Two selections of one layer, laid out."""
    weight = np.random.default_rng(seed).standard_normal((rows, columns), np.float32)
    basis = build_basis(weight, importance(weight))
    sources = [
        build_source(basis, select_blocks(basis.importance, c.block_size, c.sparsity, c.method)) for c in (left, right)
    ]
    return sources[0], sources[1]


CHOICES = st.builds(
    Choice, st.sampled_from(("abp", "bed", "optimal", "unstructured")), st.sampled_from((1, 2, 4)), st.floats(0, 0.95)
)


@settings(max_examples=25)
@given(st.integers(4, 70), st.integers(1, 80), st.integers(0, 9), CHOICES, CHOICES)
def test_classes_and_their_importance_are_those_of_the_masks(
    rows: int, columns: int, seed: int, left: Choice, right: Choice
) -> None:
    sources = make_sources(rows, columns, seed, left, right)
    difference = build_difference(*sources)
    scores = sources[0].importance.astype(np.float64)
    masks = [np.asarray(source.position) > 0 for source in sources]
    expected = {
        BOTH: masks[0] & masks[1],
        LEFT: masks[0] & ~masks[1],
        RIGHT: ~masks[0] & masks[1],
        NEITHER: ~masks[0] & ~masks[1],
    }
    for kind, mask in expected.items():
        share = difference.shares[kind]
        assert share.weights == mask.sum() and (difference.classes == kind).tolist() == mask.tolist()
        assert share.importance == pytest.approx(float(scores[mask].sum()), rel=1e-6, abs=1e-9)
        assert share.weight_share == mask.mean()
        assert difference.histogram[kind].tolist() == np.bincount(sources[0].bins[mask], minlength=BINS).tolist()
    assert sum(share.importance_share for share in difference.shares.values()) == pytest.approx(1)


@pytest.mark.parametrize("level", [0, 1, 99])
def test_the_picture_has_the_size_of_the_view(level: int) -> None:
    sources = make_sources(150, 260, 1, Choice("abp"), Choice("optimal"))
    view = Viewport.fit((150, 260), 60, 40).at_level(level, (70, 100))
    image = draw_difference(build_difference(*sources), view)
    assert image.shape[1] <= 60 and image.shape[0] <= 40 and len(image) % 2 == 0 and len(np.unique(image)) >= 4


def test_every_class_has_a_sign_of_its_own() -> None:
    shares = {LEFT: [1, 0, 0, 0, 0.3], RIGHT: [0, 1, 0, 0, 0.3], BOTH: [0, 0, 1, 0, 0.4]}
    signs = sign_areas({kind: np.array([row], np.float32) for kind, row in shares.items()})
    assert signs.tolist() == [["<", ">", "=", " ", "x"]]


def test_stacks_show_every_class_in_its_place_and_share() -> None:
    counts = np.zeros((4, 3))
    counts[BOTH, 1], counts[RIGHT, 1], counts[LEFT, 1], counts[NEITHER, 1] = 40, 30, 20, 10
    counts[NEITHER, 2] = 1e-3
    image = draw_stacks(counts, 20)
    assert image.shape == (20, 3) and (image[:, 0] == palette.OUTSIDE).all()
    expected = [
        index for kind, height in zip(STACK, (8, 6, 4, 2), strict=True) for index in [CLASS_INDEX[kind]] * height
    ]
    assert image[::-1, 1].tolist() == expected
    # Next to nothing is seen, too.
    assert image[-1, 2] == CLASS_INDEX[NEITHER] and (image[:-1, 2] == palette.OUTSIDE).all()


async def test_values_of_the_sliders_are_in_sight_and_the_histogram_where_there_is_room(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_compare(app, pilot)
        controls = screen_text(app).splitlines()[2]
        assert controls.count("75 %") == (1 if size[0] < 110 else 2) and controls.count("●") == controls.count("75 %")
        assert ("weights by importance, log" in screen_text(app)) == (size[1] >= 50)


async def open_compare(app: UbpApp, pilot: Pilot[int], key: str = "v") -> CompareScreen:
    """Open the screen by its key and wait for the pictures."""
    await settle(app, pilot)
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, CompareScreen))
    screen = app.screen
    assert isinstance(screen, CompareScreen)
    await shown(screen, pilot)
    return screen


async def shown(screen: CompareScreen, pilot: Pilot[int]) -> None:
    """Wait until what is asked for is drawn."""
    await until(
        pilot,
        lambda: screen.sides.settled,
    )
    await pilot.pause()


async def test_one_key_shows_what_aligned_blocks_lose(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        screen = await open_compare(app, pilot)
        assert screen.sides.choices == (Choice("abp", 4, 0.75), Choice("optimal", 4, 0.75))
        scores = importance(make_model().layer("block.0.expand").weight)
        masks = [select_blocks(scores, 4, 0.75, method).mask() for method in ("abp", "optimal")]
        text = screen_text(app)
        both = 100 * float(scores[masks[0] & masks[1]].sum(dtype=np.float64) / scores.sum(dtype=np.float64))
        gain = 100 * float((scores * masks[1]).sum(dtype=np.float64) - (scores * masks[0]).sum(dtype=np.float64))
        gain /= float(scores.sum(dtype=np.float64))
        assert f"{int((masks[0] & masks[1]).sum()):,}" in text and f"{both:.2f} %" in text
        assert f"right keeps {gain:.2f} points more" in text
        for words in ("kept by both", "only left", "only right", "neither", "row 0  col 0", "esc back"):
            assert words in text


async def test_zoom_and_pan_are_locked_by_keys_and_mouse() -> None:
    app = make_app()
    async with app.run_test(size=(130, 40)) as pilot:
        screen = await open_compare(app, pilot)
        maps = list(screen.query(BlockMap))

        def places() -> set[tuple[object, ...]]:
            found = set()
            for picture in maps:
                view = picture.view
                assert view is not None
                scales = view.rows.scale, view.columns.scale
                found.add((scales, view.rows.start, view.columns.start, picture.cursor) if view.level else (0,))
            return found

        assert len(maps) == 3 and places() == {(0,)}
        await pilot.press("w", "down", "right", "right", "shift+down")
        await pilot.pause()
        assert len(places()) == 1 and maps[0].cursor == (1, 2) and maps[0].view is not None and maps[0].view.level
        await pilot._post_mouse_events([MouseScrollDown], "#left-map", button=0)
        await pilot.pause()
        assert len(places()) == 1
        await click(pilot, "#right-map", offset=(12, 4))
        await pilot.pause()
        assert len(places()) == 1 and len({picture.cursor for picture in maps}) == 1 and maps[0].cursor != (1, 2)
        # Another choice on the same layer leaves the place as it is.
        before = places()
        await pilot.press("m")
        await shown(screen, pilot)
        assert places() == before


async def test_each_side_is_changed_by_keys_and_by_mouse() -> None:
    app = make_app()
    async with app.run_test(size=(130, 40)) as pilot:
        screen = await open_compare(app, pilot, "c")
        assert screen.sides.choices == (Choice("bed", 4, 0.75), Choice("optimal", 4, 0.75)) and screen.sides.active == 1
        await pilot.press("n", "right_square_bracket", "space", "M")
        assert screen.sides.choices == (Choice("greedy", 4, 0.75), Choice("optimal", 8, 0.8))
        await pilot.press("x")
        assert screen.sides.choices == (Choice("optimal", 8, 0.8), Choice("greedy", 4, 0.75))
        segments = screen.query_one("#right-choice #method", Segments)
        place = segments._offsets()[segments.options.index("abp")][0] + 1
        await click(pilot, segments, offset=(place, 0))
        await until(pilot, lambda: screen.sides.choices[1].method == "abp")
        assert screen.sides.active == 1
        await click(pilot, "#left-controls .side-name")
        await until(pilot, lambda: screen.sides.active == 0)
        await pilot.press("e")
        assert screen.sides.choices == (Choice("abp", 4, 0.75),) * 2
        await shown(screen, pilot)
        assert "both keep the same share" in screen_text(app)


async def test_leaving_takes_the_layer_along_and_the_choice_only_by_enter() -> None:
    app = make_app()
    async with app.run_test(size=(130, 40)) as pilot:
        screen = await open_compare(app, pilot)
        await pilot.press("j", "n")
        await shown(screen, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.explore)
        await settle(app, pilot)
        assert (app.workspace.layer, app.workspace.choice) == ("block.1.conv", Choice("bed", 4, 0.75))
        screen = await open_compare(app, pilot)
        await pilot.press("n", "enter")
        await until(pilot, lambda: app.screen is app.explore)
        assert app.workspace.choice == Choice("optimal", 8, 0.75)


async def test_tabs_show_one_picture_where_there_is_no_room_for_three() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_compare(app, pilot)
        assert screen.query_one("#difference-map").region.width and not screen.query_one("#left-map").region.width
        await pilot.press("w", "1")
        await until(pilot, lambda: screen.query_one("#left-map").has_focus)
        await pilot.pause()
        view, other = (screen.query_one(f"#{name}-map", BlockMap).view for name in ("left", "difference"))
        assert view is not None and other is not None and view.columns.scale == other.columns.scale
        assert screen.sides.active == 0 and "left · abp" in screen_text(app)


async def test_a_side_without_a_selection_says_why() -> None:
    app = make_app()
    async with app.run_test(size=(130, 40)) as pilot:
        screen = await open_compare(app, pilot)
        screen.sides.change(1, method="greedy", block_size=4, sparsity=0.0)
        await shown(screen, pilot)
        assert screen.sides.comparison is not None and screen.sides.comparison.difference is None
        problem = screen.sides.comparison.problems[1]
        assert problem is not None and "greedy" in problem.title and "No difference: greedy" in screen_text(app)
        await pilot.press("m")
        await shown(screen, pilot)
        assert screen.sides.comparison.difference is not None


async def test_an_overtaken_comparison_is_never_drawn() -> None:
    real, release, began = make_services(make_model()).select, threading.Event(), threading.Event()

    def select(scores: NDArray[np.float32], choice: Choice, threads: int | None) -> Selection:
        if choice == Choice("optimal", 16, 0.75):
            began.set()
            assert release.wait(20)
        return real(scores, choice, threads)

    app = make_app(services=replace(make_services(make_model()), select=select))
    async with app.run_test(size=(130, 40)) as pilot:
        screen = await open_compare(app, pilot)
        drawn: list[Choice] = []
        screen.watch(screen.query_one("#class-table"), "comparison", lambda c: drawn.append(c.request.choices[1]))
        screen.sides.change(1, block_size=16)
        await until(pilot, began.is_set)
        await pilot.press("n")
        release.set()
        await shown(screen, pilot)
        assert Choice("optimal", 16, 0.75) not in drawn and drawn[-1] == Choice("optimal", 32, 0.75)
        # What was made before is shown at once: no thread is asked.
        screen.sides.change(1, block_size=4)
        assert screen.sides.settled and screen.sides.request.choices[1] == Choice("optimal", 4, 0.75)


async def test_a_layer_that_stays_dense_is_not_compared() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("home", "c")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await until(pilot, lambda: "Nothing to compare" in screen_text(app) and "it has no blocks" in screen_text(app))
        await pilot.press("escape")
        assert app.screen is app.explore
