"""A budget made in the app: its file says what was decided, the app and the commands read it and solve it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.widgets import Input, RadioButton
from tui_world import click, make_app, make_model, make_services, screen_text, settle, until

from ubp_core.budgets import LARGER_PACKED
from ubp_core.cli.main import main
from ubp_core.models import LoadedModel, load_model
from ubp_core.models.spec import ModelSpec
from ubp_core.packed.file import PackedFile
from ubp_core.plan import Plan, remake_plan
from ubp_core.pruning import BlockPruner
from ubp_core.vocabulary import METHODS
from ubp_tui.app import build_app
from ubp_tui.choices.budget import BudgetRequest, budget_names, first_request, share_budget
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import KEPT, Budget, LayerChoices
from ubp_tui.choices.plans import adopt_plan, plan_choices
from ubp_tui.choices.remarks import remark_on_change
from ubp_tui.screens.explore_dialogs import name_export
from ubp_tui.session.file import format_session, load_session, save_session
from ubp_tui.session.session import Session

NAMES = ("block.0.expand", "block.1.conv", "head")
REQUEST = ModelSpec("small")
MOBILE = ModelSpec("mobilenet_v1", "random", width=0.25, input_size=64)


@pytest.fixture(scope="module")
def mobile() -> LoadedModel:
    """A network that commands can load by name."""
    return load_model("mobilenet_v1", weights="random", width=0.25, input_size=64)


def same_layers(first: LayerChoices, second: LayerChoices) -> bool:
    """Whether both say the same on every layer of the small network."""
    return first.dense == second.dense and all(first.of(n) == second.of(n) or n in first.dense for n in NAMES)


@settings(max_examples=25)
@given(
    st.sampled_from(METHODS[:1] + METHODS[2:]),
    st.sampled_from((1, 2, 4)),
    st.sampled_from((0.4, 0.75, 0.9)),
    st.sampled_from(((0.0, 1.0), (0.05, 1.0), (0.05, 0.7))),
    st.sampled_from(("raw", "mean")),
    st.sets(st.sampled_from(NAMES), min_size=1),
    st.frozensets(st.sampled_from(NAMES[:2]), max_size=1),
)
def test_the_plan_of_a_budget_says_what_was_decided(
    tmp_path_factory: pytest.TempPathFactory,
    method: str,
    size: int,
    sparsity: float,
    limits: tuple[float, float],
    scale: str,
    names: set[str],
    dense: frozenset[str],
) -> None:
    model = make_model()
    before = LayerChoices(Choice("bed", 4, 0.5), dense=dense)
    wanted = tuple(name for name in NAMES if name in names - dense) or ("head",)
    shared = share_budget(
        model, before, BudgetRequest(wanted, Choice(method, size, sparsity), "global", *limits, scale)
    )
    plan = plan_choices(shared, model, REQUEST)
    assert (plan.scope, plan.method, plan.sparsity) == ("global", method, sparsity)
    assert plan.block_size == (1 if method == "unstructured" else size)
    assert (plan.floor, plan.ceiling, plan.scale) == (*limits, scale)
    larger = {layer.name for layer in plan.layers if layer.because == LARGER_PACKED}
    assert larger <= shared.dense and {layer.name for layer in plan.pruned if not layer.fixed} | larger == {*wanted}
    assert {layer.name for layer in plan.layers if layer.fixed} == {*NAMES} - {*wanted}
    # Solving it again finds the same, from the file as well.
    path = tmp_path_factory.mktemp("p") / "plan.yaml"
    plan.save(path)
    assert remake_plan(Plan.load(path), model) == plan
    adopted, left_out = adopt_plan(Plan.load(path), model)
    assert same_layers(adopted, shared) and adopted.budget == shared.budget and not left_out
    assert plan_choices(adopted, model, REQUEST) == plan


def test_a_layer_that_is_changed_leaves_the_budget() -> None:
    model = make_model()
    shared = share_budget(model, LayerChoices(), BudgetRequest(NAMES, Choice("optimal", 4, 0.8), floor=0.1))
    assert all(map(shared.shares, NAMES)) and name_export(model, shared) == "small-optimal-4-80-global"
    changed = shared.with_layers(["head"], block_size=2)
    plan = plan_choices(changed, model, REQUEST)
    assert plan.scope == "global" and [x.name for x in plan.pruned if x.fixed] == ["head"]
    assert name_export(model, changed) == "small-plan"
    again = adopt_plan(remake_plan(plan, model), model)[0]
    assert again.of("head") == changed.of("head") and again.of("block.1.conv") != changed.of("block.1.conv")
    # Dense layers are no part of it; what is put back is; what changes all layers ends it.
    dense = shared.with_dense(["head"], True)
    assert not dense.shares("head") and dense.with_dense(["head"], False) == shared
    assert shared.with_default(sparsity=0.5).budget is None
    assert shared.with_dense(NAMES, True).budget is None
    assert plan_choices(shared.with_default(method="abp"), model, REQUEST).scope == "uniform"


def test_an_emptied_layer_and_limits_of_single_layers_stay_in_the_file() -> None:
    model = make_model()
    shared = share_budget(model, LayerChoices(), BudgetRequest(NAMES, Choice("optimal", 4, 0.8)))
    plan = plan_choices(shared, model, REQUEST)
    head = replace(plan.layer("head"), floor=0.0, ceiling=0.0, sparsity=1.0)
    edited = replace(plan, layers=(*plan.layers[:-1], head))
    adopted = adopt_plan(edited, model)[0]
    assert adopted.of("head").sparsity < 1 and plan_choices(adopted, model, REQUEST) == edited


def test_the_dialog_goes_on_with_the_budget_of_the_layer_on_the_screen() -> None:
    asked = Choice("optimal", 4, 0.8)
    shared = share_budget(make_model(), LayerChoices(), BudgetRequest(NAMES[:2], asked, "global", 0.1, 0.9, "mean"))
    assert first_request(shared, NAMES, NAMES[0]) == BudgetRequest(NAMES, asked, "global", 0.1, 0.9, "mean")
    assert first_request(shared, NAMES, "head") == BudgetRequest(NAMES, Choice(), "global", 0.05)


def test_a_layer_that_would_grow_stays_dense_until_another_budget(tmp_path: Path) -> None:
    model, little, more = make_model(), Choice("optimal", 1, 0.35), Choice("optimal", 1, 0.5)
    shared = share_budget(model, LayerChoices(), BudgetRequest(NAMES, little))
    assert shared.budget is not None and shared.budget.larger == shared.dense == {NAMES[0]}
    layer = model.layer(NAMES[0])
    assert shared.why_dense(layer) == LARGER_PACKED and not shared.prunes(layer)
    names = [layer.name for layer in model.prunable]
    assert f"1 layer stays dense: {LARGER_PACKED}" in remark_on_change(LayerChoices(), shared, model.prunable, "")
    # The session and its plan say so; the next budget is for this layer too.
    save_session(Session(REQUEST, shared), tmp_path / "s.yaml")
    assert load_session(tmp_path / "s.yaml").choices == shared == shared.limited_to(names)
    assert budget_names(model, shared, (), 1) == NAMES
    again = share_budget(model, shared, BudgetRequest(NAMES, more))
    assert not again.dense and all(map(again.shares, NAMES))
    assert "left" not in remark_on_change(
        again, share_budget(model, again, BudgetRequest(NAMES, little)), model.prunable, ""
    )
    # What changes all layers ends the budget: nobody said that this layer stays dense.
    changed = shared.with_default(sparsity=0.8)
    assert changed.budget is None and not changed.dense and changed.of(NAMES[0]).sparsity == 0.8
    kept = shared.with_dense(["head"], True).with_default(sparsity=0.8)
    assert kept.dense == {"head"} and kept.why_kept("head") == KEPT
    # What the user says counts.
    pruned = shared.with_dense([NAMES[0]], False)
    assert pruned.prunes(layer) and not pruned.shares(NAMES[0])
    by_choice = shared.with_dense([NAMES[1]], True)
    assert by_choice.why_dense(model.layer(NAMES[1])) == KEPT and budget_names(model, by_choice, (), 1) == (
        NAMES[0],
        NAMES[2],
    )
    # Also where no budget is left in an edited plan.
    edited = replace(plan_choices(shared, model, REQUEST), scope="uniform")
    assert adopt_plan(edited, model)[0].why_dense(layer) == KEPT
    everything = share_budget(model, LayerChoices(), BudgetRequest(NAMES, little, grow=True))
    assert not everything.dense and plan_choices(everything, model, REQUEST).grow


def test_a_session_keeps_the_budget(tmp_path: Path) -> None:
    model, path = make_model(), tmp_path / "s.yaml"
    shared = share_budget(model, LayerChoices(), BudgetRequest(NAMES[:2], Choice("bed", 2, 0.8), "global", 0.1))
    assert shared.budget is not None
    limits = MappingProxyType({"block.0.expand": (0.2, None), "block.1.conv": (None, 0.995)})
    session = Session(REQUEST, shared.with_budget(replace(shared.budget, limits=limits)))
    save_session(session, path)
    assert load_session(path) == session
    text = format_session(session)
    (asked,) = (line for line in text.splitlines() if line.startswith("  asked: "))
    assert asked == (
        "  asked: {method: bed, block_size: 2, sparsity: 0.8, block_columns: 1, floor: 0.1, ceiling: 1.0, scale: raw, "
        "grow: false}"
    )
    assert "  layers: [block.0.expand, block.1.conv]" in text and "    block.0.expand: {floor: 0.2}" in text
    # A plan may prune a layer further than the slider goes.
    sparse = Session(REQUEST, LayerChoices().with_layers(["head"], sparsity=0.998))
    save_session(sparse, path)
    assert load_session(path) == sparse


async def test_a_session_brings_the_budget_back() -> None:
    shared = share_budget(make_model(), LayerChoices(), BudgetRequest(NAMES, Choice("bed", 2, 0.8), "global", 0.1))
    assert shared.budget is not None
    stranger = replace(shared.budget, parts=MappingProxyType({**shared.budget.parts, "elsewhere": Choice("bed")}))
    session = Session(REQUEST, shared.with_budget(stranger))
    app = build_app(REQUEST, make_services(make_model()), Choice("bed"), session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        assert app.workspace.choices == shared
        await pilot.press("g")
        await until(pilot, lambda: "bed, N = 2" in screen_text(app))
        shown = [field.value for field in app.screen.query(Input)]
        assert shown == ["80", "10", "100"] and app.screen.query_one("#raw", RadioButton).value


async def test_from_the_app_to_the_commands_and_back(
    mobile: LoadedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = build_app(MOBILE, make_services(mobile), Choice("bed"))
    path = tmp_path / "plan.yaml"
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("g")
        await until(pilot, lambda: "Sparsity" in screen_text(app))
        app.screen.query_one("#budget-sparsity Input", Input).value = "80"
        await click(pilot, "#mean")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.screen is app.explore and app.workspace.choices.budget is not None)
        decided = app.workspace.choices
        plan_choices(decided, mobile, app.workspace.spec).save(path)
        await pilot.press("right_square_bracket")
        assert app.workspace.choices.budget is None
        app.explore.dialogs.load_plan(path, mobile)
        await until(pilot, lambda: app.workspace.choices.budget == decided.budget)
        await settle(app, pilot)
    text = path.read_text()
    for line in ("scope: global ", "method: bed", "sparsity: 0.8", "floor: 0.05 ", "ceiling: 1.0 ", "scale: mean "):
        assert f"\n{line}" in text
    assert "fixed: true" not in text
    assert main(["plan", "show", str(path)]) == 0
    assert "one budget: bed, N = 4, s = 0.8" in capsys.readouterr().out
    again = tmp_path / "again.yaml"
    assert main(["plan", "again", str(path), "-o", str(again)]) == 0
    assert again.read_text() == text
    assert main(["prune", str(path), "--packed", str(tmp_path / "net.ubp")]) == 0
    plan = Plan.load(path)
    packed = {layer.name: layer.sparsity for layer in PackedFile.load(tmp_path / "net.ubp").layers}
    assert packed == {layer.name: layer.sparsity for layer in plan.pruned}
    # `ubp train` hands the file of its `plan:` to the pruner.
    assert mobile.module is not None
    pruner = BlockPruner(mobile.module, plan=path)
    pruner.update_masks()
    assert {name: layer.sparsity for name, layer in pruner.selections.items()} == packed


async def test_a_plan_of_another_importance_is_taken_over_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "l2.yaml"
    replace(plan_choices(LayerChoices(Choice("abp", 2, 0.5)), make_model(), REQUEST), criterion="l2").save(path)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        assert app.workspace.model is not None
        app.explore.dialogs.load_plan(path, app.workspace.model)
        await until(pilot, lambda: app.workspace.choice == Choice("abp", 2, 0.5))
        await until(pilot, lambda: any("importance is l2" in note.message for note in app._notifications))
        await settle(app, pilot)


def test_names_of_files_keep_the_whole_name_of_the_network(mobile: LoadedModel) -> None:
    assert name_export(mobile, LayerChoices()) == "mobilenet_v1-width-0.25-optimal-4-75"
    checkpoint = replace(mobile, name="nets/my net.safetensors")
    assert name_export(checkpoint, LayerChoices()) == "my-net-optimal-4-75"


def test_budgets_are_values() -> None:
    parts = MappingProxyType({"head": Choice("bed", 4, 0.9), "gone": Choice("bed")})
    assert Budget(Choice("bed"), parts).limited_to({"head"}).parts == {"head": Choice("bed", 4, 0.9)}
    assert make_app().workspace.choices.budget is None
