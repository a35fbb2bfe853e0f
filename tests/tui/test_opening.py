"""Another model: after a failure, by its key and by the palette; what is remembered of models, and what is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.widgets import DirectoryTree, Input, Static
from tui_world import make_model, make_services, screen_text, settle, until

from ubp_core.errors import ModelError
from ubp_core.models import LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.open_model import OpenDialog
from ubp_tui.opening import ModelCommands
from ubp_tui.session.recent import MOST, describe_spec, note_recent, read_recent


def load(spec: ModelSpec, progress: Callable[[str], None]) -> LoadedModel:
    """Only these two can be loaded."""
    if spec.name not in ("small", "other"):
        raise ModelError(f"{spec.name}: unknown network; small and other are known")
    model = make_model()
    return replace(model, name=spec.name, layers=model.layers if spec.name == "small" else model.layers[1:])


def app_on(name: str, recent: Path | None = None) -> UbpApp:
    """The app, begun on a model."""
    return build_app(ModelSpec(name), replace(make_services(make_model()), load_model=load, recent=recent))


def reason(app: UbpApp) -> str:
    """What an error dialog says, however long its lines are."""
    return str(app.screen.query_one(".problem-reason", Static).render())


async def test_a_model_that_cannot_be_loaded_makes_way_for_another(size: tuple[int, int]) -> None:
    app = app_on("nosuch")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog) and "Open another" in screen_text(app))
        assert "Quit" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, OpenDialog))
        await pilot.press(*"other", "enter")
        await settle(app, pilot)
        assert app.workspace.spec == ModelSpec("other") and app.workspace.model is not None
    assert not app.failure


async def test_another_model_begins_anew_and_a_failure_leaves_the_one_that_is_open() -> None:
    app = app_on("small")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        app.workspace.change(sparsity=0.5)
        app.workspace.set_scope("layer")
        app.workspace.change(sparsity=0.25)
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OpenDialog))
        await pilot.press(*"nosuch", "enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        header = screen_text(app).splitlines()[0]
        assert "nosuch" in header and "keeps" not in header and "drawn for a test" not in header
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.explore and "block.0.expand" in screen_text(app))
        assert "drawn for a test" in screen_text(app) and "of |w|" in screen_text(app).splitlines()[0]
        assert app.workspace.spec == ModelSpec("small") and app.workspace.choice.sparsity == 0.25
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OpenDialog))
        await pilot.press(*"other", "enter")
        await until(pilot, lambda: app.workspace.spec.name == "other")
        await settle(app, pilot)
        assert not app.workspace.choices.special and app.workspace.choices.default.sparsity == 0.5
        assert app.workspace.model is not None and len(app.workspace.model.layers) == 4


async def test_the_palette_and_the_dialog_offer_models_of_late_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a[b.pth").touch()
    (tmp_path / "no.txt").touch()
    recent = tmp_path / "state" / "recent.json"
    note_recent(recent, ModelSpec("other"))
    app = app_on("small", recent)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        hits = [hit async for hit in ModelCommands(app.screen).discover()]
        assert [str(hit.prompt) for hit in hits] == ["Open small", "Open other"]
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OpenDialog))
        await until(pilot, lambda: "a[b.pth" in screen_text(app))
        assert "no.txt" not in screen_text(app)
        assert app.screen.query_one(Input).has_focus
        app.screen.query_one("#open-recent").focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.workspace.spec.name == "other")
        await settle(app, pilot)
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OpenDialog))
        tree = app.screen.query_one(DirectoryTree)
        await until(pilot, lambda: len(tree.root.children) == 2)
        tree.focus()
        tree.move_cursor(tree.root.children[-1])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog) and "a[b.pth" in reason(app))
    assert [spec.name for spec in read_recent(recent)] == ["other", "small"]


SPECS = st.builds(
    ModelSpec, st.text(max_size=8), st.sampled_from(["default", "random"]), st.none() | st.text(max_size=4)
)


@settings(max_examples=20)
@given(st.lists(SPECS, max_size=2 * MOST))
def test_models_of_late_come_back_each_once_and_the_last_first(
    tmp_path_factory: pytest.TempPathFactory, specs: list[ModelSpec]
) -> None:
    path = tmp_path_factory.mktemp("state") / "recent.json"
    for spec in specs:
        note_recent(path, spec)
    assert list(read_recent(path)) == list(dict.fromkeys(reversed(specs)))[:MOST]


@pytest.mark.parametrize(
    "text", ["", "{", '{"name": "x"}', '{"version": 0, "models": []}', '{"version": 1}', "[" * 100000, "\x00", "3"]
)
def test_a_damaged_list_is_no_list_and_is_kept(text: str, tmp_path: Path) -> None:
    path, aside = tmp_path / "recent.json", tmp_path / "recent.refused.json"
    path.write_text(text)
    assert read_recent(path) == () and read_recent(tmp_path / "nosuch") == () and read_recent(None) == ()
    line = note_recent(path, ModelSpec("x"))
    assert line.startswith(f"{path}: is damaged") and str(aside) in line
    assert aside.read_text() == text and read_recent(path) == (ModelSpec("x"),)
    assert note_recent(path, ModelSpec("y")) == ""


@pytest.mark.parametrize("text", ["[1]", '[{"name": 3}]', '[{"nam": "x"}]', '{"version": 1, "models": [[]]}'])
def test_what_is_no_model_is_passed_over(text: str, tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    path.write_text(text)
    assert read_recent(path) == () and note_recent(path, ModelSpec("x")) == ""
    assert read_recent(path) == (ModelSpec("x"),)


def test_the_list_of_the_first_version_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    shutil.copyfile(Path(__file__).with_name("older") / "recent-models.json", path)
    models = (ModelSpec("mobilenet_v1"), ModelSpec("resnet18", "random", input_size=64))
    assert read_recent(path) == models
    assert note_recent(path, ModelSpec("x")) == "" and read_recent(path) == (ModelSpec("x"), *models)
    assert json.loads(path.read_text())["version"] == 1 and len(list(tmp_path.iterdir())) == 1


async def test_a_newer_list_is_left_as_it_is_and_the_app_opens(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    text = '{"version": 2, "models": {"later": []}}'
    path.write_text(text)
    app = app_on("small", path)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await until(pilot, lambda: any("written by a newer" in note.message for note in app._notifications))
        assert app.workspace.model is not None and [hit async for hit in ModelCommands(app.screen).discover()] == []
    assert path.read_text() == text and [entry.name for entry in tmp_path.iterdir()] == ["recent.json"]


def test_what_is_unusual_is_said() -> None:
    assert describe_spec(ModelSpec("x")) == "x"
    assert describe_spec(ModelSpec("x", "random", input_size=32)) == "x, weights random, input size 32"
