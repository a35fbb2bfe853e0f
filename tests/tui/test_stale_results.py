"""Results that were overtaken are never drawn, with real threads and a selection that waits to be released."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from tui_world import make_app, make_model, make_services, settle, until

from ubp_core import Selection
from ubp_tui.choices.choice import Choice


class HeldSelect:
    """The real selection, but calls for one method wait until they are released."""

    def __init__(self, held: str) -> None:
        self.held = held
        self.release = threading.Event()
        self.began = threading.Event()
        self.calls: list[Choice] = []
        self._select = make_services(make_model()).select

    def __call__(self, importance: NDArray[np.float32], choice: Choice, threads: int | None) -> Selection:
        if threads is None:
            self.calls.append(choice)
            if choice.method == self.held:
                self.began.set()
                assert self.release.wait(20)
        return self._select(importance, choice, threads)


async def test_an_overtaken_selection_is_dropped_and_one_that_waited_is_not_begun() -> None:
    select = HeldSelect("optimal")
    app = make_app(services=replace(make_services(make_model()), select=select))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        drawn: list[Choice] = []
        app.explore.watch(app.explore.query_one("#facts"), "facts", lambda: drawn.append(app.workspace.wanted.choice))
        drawn.clear()
        await pilot.press("m")
        await until(pilot, select.began.is_set)
        await pilot.press("m", "m")
        assert app.workspace.selection is not None and app.workspace.selection.request.choice.method == "bed"
        select.release.set()
        await settle(app, pilot)
        assert app.workspace.selection.request.choice == Choice("abp", 4, 0.75)
        # `unstructured` was overtaken before its turn came, so it was never computed.
        assert [choice.method for choice in select.calls] == ["bed", "optimal", "abp"]
        assert {choice.method for choice in drawn} == {"abp"}


async def test_a_result_that_arrives_late_is_not_drawn() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        late = app.workspace.selection
        assert late is not None
        await pilot.press("n")
        await settle(app, pilot)
        now = app.workspace.selection
        app.workspace.take_selection(late)
        await pilot.pause()
        assert app.workspace.selection is now is not late


async def test_the_background_waits_for_the_layer_on_the_screen() -> None:
    select = HeldSelect("optimal")
    app = make_app(services=replace(make_services(make_model()), select=select))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("m")
        await until(pilot, select.began.is_set)
        await pilot.pause()
        choice = app.workspace.choice

        def measured() -> set[str]:
            return {name for name, of in app.workspace.known.measures if of == choice}

        assert measured() == set()
        select.release.set()
        await settle(app, pilot)
        assert measured() == {"block.0.expand", "block.1.conv", "head"}
