"""Decide and take away: budgets, plan files and exports, by keys and by mouse, with what ends up on the disk."""

from __future__ import annotations

import csv
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from safetensors.numpy import load_file
from textual.widgets import Button, Checkbox, Input, RadioButton
from tui_world import SIZES, click, make_app, make_model, make_services, screen_text, settle, until

from ubp_core import export
from ubp_core.errors import ExportCancelled
from ubp_core.models.spec import ModelSpec
from ubp_core.packed.file import PackedFile
from ubp_core.plan import LayerPlan, Plan
from ubp_core.vocabulary import DENSE
from ubp_tui.app import UbpApp
from ubp_tui.choices.budget import BudgetRequest, budget_names, share_budget
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.plans import adopt_plan, plan_choices
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.work.exporting import KINDS, VIEWS, ExportJob, name_files, write_files

NEED_MODULE = ("state_dict", "network")
"""Kinds of files that the tests' small model, which has no module, can't have."""
PRUNABLE = ("block.0.expand", "block.1.conv", "head")


def value_of(app: UbpApp, selector: str) -> Input:
    return app.screen.query_one(selector, Input)


def test_kinds_are_those_of_the_library() -> None:
    assert [*KINDS] == [*sorted(export.KINDS, key=[*KINDS].index), *VIEWS]
    assert all(KINDS[kind][0].endswith(ending) for kind, (ending, _) in export.KINDS.items())
    assert len({ending for ending, _ in KINDS.values()}) == len(KINDS), "no two files have one name"


def test_choices_become_a_plan_and_come_back() -> None:
    model = make_model()
    choices = LayerChoices(Choice("bed", 4, 0.75)).with_layers(["head"], method="optimal", block_size=2)
    choices = choices.with_dense(["block.1.conv"], True)
    plan = plan_choices(choices, model, ModelSpec("small", weights="random", seed=5))
    assert plan.layer("stem").because == "stem (3 input channels)"
    assert plan.layer("block.1.conv") == LayerPlan("block.1.conv", because="by choice", fixed=True)
    assert plan.layer("head") == LayerPlan("head", "optimal", 2, 0.75, fixed=True)
    assert plan.model is not None and (plan.model.name, plan.model.seed) == ("small", 5)
    assert adopt_plan(plan, model) == (choices, ())


def test_a_plan_that_prunes_the_stem_or_empties_a_layer_is_adopted_as_far_as_it_goes() -> None:
    plan = Plan((LayerPlan("stem", "bed", 4, 0.5), LayerPlan("head", "bed", 4, 1.0), LayerPlan("block.1.conv", DENSE)))
    choices, left_out = adopt_plan(plan, make_model())
    assert left_out == ("stem",)
    assert choices.dense == {"block.0.expand", "block.1.conv"}
    services = make_services(make_model())
    head = make_model().layer("head")
    assert len(services.select(np.abs(head.weight), choices.of("head"), 1).rows) == 0


def test_a_budget_leaves_dense_and_other_layers_alone() -> None:
    model = make_model()
    choices = LayerChoices().with_dense(["head"], True)
    assert budget_names(model, choices, (), 4) == ("block.0.expand", "block.1.conv")
    assert budget_names(model, choices, ("head", "block.1.conv"), 4) == ("block.1.conv",)
    # A layer of 30 rows has no part in blocks of 32, and is not dense by choice for that.
    assert budget_names(model, choices, (), 32) == ("block.0.expand",)
    wide = share_budget(model, choices, BudgetRequest(("block.0.expand", "block.1.conv"), Choice("bed", 32, 0.5)))
    assert wide.dense == {"head"} and wide.why_dense(model.layer("block.1.conv")) == (
        "has 30 output channels, fewer than a block of 32"
    )
    shared = share_budget(model, choices, BudgetRequest(("block.1.conv",), Choice("bed", 4, 0.5)))
    assert shared.dense == {"head"} and shared.of("block.0.expand") == choices.default
    assert shared.of("block.1.conv") == Choice("bed", 4, 0.5)
    uniform = share_budget(
        model, choices, BudgetRequest(("block.0.expand", "block.1.conv"), Choice("abp", 2, 0.6), "uniform")
    )
    assert uniform.default == Choice("abp", 2, 0.6) and uniform.dense == {"head"} and not uniform.special


@pytest.mark.parametrize("size", SIZES)
async def test_a_budget_by_keys_changes_every_layer_and_is_undone(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        before = app.workspace.choices
        await pilot.press("g")
        await until(pilot, lambda: "all 3 layers that are pruned" in screen_text(app))
        text = screen_text(app)
        for words in ("Sparsity", "Floor", "Ceiling", "OK", "Cancel"):
            assert words in text
        value_of(app, "#budget-sparsity Input").value = "80"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.explore)
        choices = app.workspace.choices
        plan = plan_choices(choices, make_model(), app.workspace.spec)
        kept = sum(round((1 - x.sparsity) * make_model().layer(x.name).parameters / 4) for x in plan.pruned)
        weights = sum(make_model().layer(name).parameters for name in PRUNABLE)
        assert kept == round(0.2 * weights / 4)
        assert len({choices.of(name).sparsity for name in PRUNABLE}) > 1
        assert min(1 - choices.of(name).sparsity for name in PRUNABLE) > 0.04
        await settle(app, pilot)
        await pilot.press("u")
        assert app.workspace.choices == before
        await settle(app, pilot)


async def test_a_budget_by_mouse_for_the_marked_layers_and_what_it_refuses() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("a")
        marked = app.workspace.marks.names
        assert marked == PRUNABLE
        await pilot.press("space", "g")
        marked = app.workspace.marks.names
        await until(pilot, lambda: "the 2 marked layers" in screen_text(app))
        value_of(app, "#budget-floor Input").value = "60"
        await click(pilot, "#budget-ok")
        await until(pilot, lambda: "floors: together they keep" in screen_text(app))
        value_of(app, "#budget-floor Input").value = "many"
        await click(pilot, "#budget-ok")
        await until(pilot, lambda: "Floor: need 0 to 100 per cent, not many" in screen_text(app))
        await click(pilot, "#uniform")
        await until(pilot, lambda: app.screen.query_one("#uniform", RadioButton).value)
        assert app.screen.query_one("#budget-floor").disabled
        value_of(app, "#budget-floor Input").value = "5"
        value_of(app, "#budget-sparsity Input").value = "33"
        await click(pilot, "#budget-ok")
        await until(pilot, lambda: app.screen is app.explore)
        assert {app.workspace.choices.of(name).sparsity for name in marked} == {0.33}
        assert app.workspace.choices.default.sparsity == 0.75
        await pilot.press("g", "escape")
        await until(pilot, lambda: app.screen is app.explore)


@pytest.mark.parametrize("size", SIZES)
async def test_export_writes_asks_before_it_replaces_and_loads_again(size: tuple[int, int], tmp_path: Path) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("t", "t", "m")  # this layer gets another method
        await settle(app, pilot)
        wanted = app.workspace.choices
        await pilot.press("e")
        await until(pilot, lambda: "Take away" in screen_text(app))
        for ending, _ in KINDS.values():
            assert ending in screen_text(app)
        assert "Cancel" in screen_text(app)
        for kind in KINDS:
            app.screen.query_one(f"#export-{kind}", Checkbox).value = kind not in NEED_MODULE
        value_of(app, "#export-folder").value = str(tmp_path)
        value_of(app, "#export-name").value = "net"
        (tmp_path / "net.csv").write_text("mine")
        await pilot.pause()
        value_of(app, "#export-name").focus()
        await pilot.press("enter")
        await until(pilot, lambda: "net.csv is there already" in screen_text(app))
        assert (tmp_path / "net.csv").read_text() == "mine"
        assert str(app.screen.query_one("#export-ok", Button).label) == "Replace"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.explore)
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
            f"net{ending}" for kind, (ending, _) in KINDS.items() if kind not in NEED_MODULE
        )
        assert [layer.name for layer in PackedFile.load(tmp_path / "net.ubp").layers] == list(PRUNABLE)
        with (tmp_path / "net.csv").open(newline="") as stream:
            assert [line["layer"] for line in csv.DictReader(stream)] == [layer.name for layer in make_model().layers]
        assert (tmp_path / "net.svg").read_text("utf-8").startswith("<svg")
        assert "block.0.expand" in (tmp_path / "net.txt").read_text("utf-8")
        assert "Take away" not in (tmp_path / "net.txt").read_text("utf-8")

        await pilot.press("D")
        assert app.workspace.choices != wanted
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, PromptDialog))
        value_of(app, "#prompt-input").value = str(tmp_path / "net.yaml")
        await pilot.press("enter")
        await until(pilot, lambda: app.workspace.choices == wanted)
        await settle(app, pilot)


async def test_a_bad_plan_is_explained_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("plan: 1\nlayers:\n  conv1: {method: bed}\n")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        before = app.workspace.choices
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, PromptDialog))
        value_of(app, "#prompt-input").value = str(tmp_path / "none.yaml")
        await pilot.press("enter")
        await until(pilot, lambda: "There is no file" in screen_text(app))
        value_of(app, "#prompt-input").value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: "layers.conv1: small has no such layer" in screen_text(app))
        assert isinstance(app.screen, ErrorDialog)
        await pilot.press("escape")
        assert app.workspace.choices == before


@pytest.mark.parametrize("key", ["e", "l"])
async def test_a_user_that_there_is_not_has_no_folder(key: str) -> None:
    """While `~name/` is typed, most of its beginnings are nobody's."""
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, ExportDialog | PromptDialog))
        field = value_of(app, "#export-folder" if key == "e" else "#prompt-input")
        field.value = "~nobody-of-this-name"
        field.focus()
        await pilot.press("enter")
        said = (
            "~nobody-of-this-name: there is no such folder" if key == "e" else "There is no file ~nobody-of-this-name."
        )
        await until(pilot, lambda: said in screen_text(app))


async def test_a_running_export_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialog tells the worker, and stays until it has stopped."""
    begun, stopped = Event(), Event()

    def slow(job: ExportJob, overwrite: bool, progress: object, cancel: Event) -> None:
        begun.set()
        assert cancel.wait(20)
        stopped.set()
        raise ExportCancelled("cancelled; files that were finished before stay")

    monkeypatch.setattr("ubp_tui.dialogs.export.write_files", slow)
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        value_of(app, "#export-folder").value = str(tmp_path)
        await pilot.pause()
        await click(pilot, "#export-ok")
        await until(pilot, begun.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: stopped.is_set() and "cancelled; files" in screen_text(app))
        assert isinstance(app.screen, ExportDialog)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.explore)
        assert not list(tmp_path.iterdir())


def test_only_the_marked_layers_are_pruned_in_the_weights(tmp_path: Path) -> None:
    from ubp_core.models import load_model

    model = load_model("mobilenet_v1", weights="random", width=0.25)
    plan = plan_choices(LayerChoices(), model, ModelSpec("mobilenet_v1", "random", width=0.25))
    files = name_files(str(tmp_path), "x", ["state_dict", "table"])
    write_files(ExportJob(plan, model, files, ("blocks.7.pointwise",), {}), False, lambda text, share: None, Event())
    state = load_file(tmp_path / "x.safetensors")
    zeros = {name for name, value in state.items() if name.endswith("pointwise.weight") and not value.all()}
    assert zeros == {"blocks.7.pointwise.weight"}
