"""From the start to the first model: progress, failures and their remedies, models with nothing in them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tui_world import click, make_app, make_model, make_services, screen_text, settle, until

from ubp_core.errors import BuildError, ModelError
from ubp_core.models import Layer, LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import build_app
from ubp_tui.choices.choice import Choice
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.screens.explore import ExploreScreen
from ubp_tui.work.torch_start import open_torch_libraries


async def test_progress_is_shown_while_the_model_loads() -> None:
    go_on = threading.Event()

    def load(spec: ModelSpec, progress: Callable[[str], None]) -> LoadedModel:
        progress("unpacking the weights")
        assert go_on.wait(20)
        return make_model()

    app = make_app(services=replace(make_services(make_model()), load_model=load))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "unpacking the weights" in screen_text(app))
        assert "Loading small" in screen_text(app)
        await pilot.press("m", "n", "plus", "j", "f", "f")
        go_on.set()
        await settle(app, pilot)
        assert "Loading" not in screen_text(app)
        assert app.workspace.choice.method == "optimal"


async def test_random_weights_are_marked() -> None:
    app = make_app(make_model(random_weights=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        assert "RANDOM WEIGHTS" in screen_text(app)


async def test_a_failed_load_explains_itself_and_ends_with_its_code(size: tuple[int, int]) -> None:
    def load(spec: ModelSpec, progress: Callable[[str], None]) -> LoadedModel:
        raise ModelError("nets/lost.pt: no such file")

    services = replace(make_services(make_model()), load_model=load)
    app = build_app(ModelSpec("lost.pt", weights="nets/lost.pt"), services, Choice("bed"))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await until(pilot, lambda: "nets/lost.pt: no such file" in screen_text(app))
        assert not app.screen.query("#random")
        await pilot.press("escape")
    assert (app.return_code, app.failure) == (2, "nets/lost.pt: no such file")


async def test_random_weights_are_offered_when_trained_ones_fail() -> None:
    def load(spec: ModelSpec, progress: Callable[[str], None]) -> LoadedModel:
        if spec.weights != "random":
            raise ModelError("resnet18: its weights can't be downloaded; try --weights random")
        return make_model(random_weights=True)

    app = make_app(services=replace(make_services(make_model()), load_model=load))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog) and app.screen.query("#random"))
        await click(pilot, "#random")
        await settle(app, pilot)
        assert isinstance(app.screen, ExploreScreen)
        assert "RANDOM WEIGHTS" in screen_text(app)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quitting_is_clean_even_with_a_dialog_open(key: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("question_mark", key) if key == "ctrl+c" else await pilot.press(key)
    assert app.return_code == 0 and not app.failure


async def test_a_missing_library_is_explained_on_the_screen() -> None:
    line = "the native library is missing; reinstall with pip"

    def select(*_: object) -> None:
        raise BuildError(line)

    app = make_app(services=replace(make_services(make_model()), select=select, find_retained=select))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: screen_text(app).count("bed has no blocks for block.0.expand") == 2)
        await until(pilot, lambda: line in screen_text(app))
        await until(pilot, lambda: "3 of 3 layers have no selection" in screen_text(app))


async def test_a_model_without_layers(size: tuple[int, int]) -> None:
    app = make_app(LoadedModel("empty", "a file without weights", False, (), None))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "no layer with weights" in screen_text(app))
        await pilot.press(
            "j", "k", "m", "n", "plus", "minus", "w", "0", "2", "up", "shift+left", "end", "3", "1", "f", "f"
        )
        await pilot.press("right_square_bracket", "question_mark", "escape")
        await pilot.pause()
        assert app.is_running


async def test_a_model_with_nothing_to_prune() -> None:
    weight = np.random.default_rng(1).standard_normal((8, 1, 3, 3), np.float32)
    layer = Layer("only", "depthwise", weight, groups=8, skip_reason="depthwise")
    app = make_app(LoadedModel("dense", "drawn for a test", False, (layer,), None))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("m", "n", "right_square_bracket")
        await settle(app, pilot)
        assert "stays dense: depthwise" in screen_text(app) and "nothing to prune" in screen_text(app)


OPENING = """
import sys
from ubp_tui.work.torch_start import open_torch_libraries
opened = open_torch_libraries()
assert "torch" not in sys.modules
assert opened == (sys.platform in ("linux", "darwin"))
if sys.platform == "linux":
    with open("/proc/self/maps") as maps:
        assert "libtorch_cpu" in maps.read()
import torch
assert float(torch.ones(3) @ torch.ones(3)) == 3.0
assert not open_torch_libraries()
"""


def test_torch_runs_from_the_libraries_that_were_opened_before() -> None:
    subprocess.run([sys.executable, "-c", OPENING], check=True)


def test_where_there_is_no_torch_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not open_torch_libraries()
