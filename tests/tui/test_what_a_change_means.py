"""A change does what the screen says, or says what it did: empty scopes, hidden layers, a budget that is left."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input
from tui_world import make_app, make_model, settle, until

from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import Budget, LayerChoices
from ubp_tui.choices.marks import Marks
from ubp_tui.choices.patterns import matches
from ubp_tui.choices.remarks import NOTHING_MARKED
from ubp_tui.widgets.controls.sparsity_slider import SparsitySlider
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.workspace.workspace import Workspace

NAMES = [layer.name for layer in make_model().prunable]
EDITS = ("step_method", "step_block", "step_sparsity", "change", "toggle_dense")


def told(app: UbpApp) -> list[str]:
    """What stands in the corner."""
    return [notification.message for notification in app._notifications]


def opened(choices: LayerChoices | None = None) -> Workspace:
    """A workspace with a model, and no errands."""
    workspace = Workspace(ModelSpec("small"), Choice("bed", 4, 0.75))
    workspace.open(make_model())
    if choices is not None:
        workspace.set_choices(choices)
    return workspace


def edit(workspace: Workspace, name: str) -> None:
    """One edit of the scope."""
    if name == "step_method":
        workspace.step_method(1)
    elif name == "step_block":
        workspace.step_block(1, (1, 2, 4, 8))
    elif name == "step_sparsity":
        workspace.step_sparsity(5)
    elif name == "change":
        workspace.change(method="abp", sparsity=0.2)
    else:
        workspace.toggle_dense()


@pytest.mark.parametrize("name", EDITS)
def test_nothing_marked_nothing_changed_and_it_says_why(name: str) -> None:
    workspace = opened()
    workspace.set_scope("marked")
    before = workspace.choices
    edit(workspace, name)
    assert workspace.choices == before and workspace.remark == NOTHING_MARKED
    workspace.set_marks(Marks(("head",)))
    edit(workspace, name)
    assert workspace.choices != before and workspace.choices.of(NAMES[0]) == before.of(NAMES[0])


async def test_the_screen_says_that_nothing_is_marked(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        before = app.workspace.choices
        await pilot.press("t", "right_square_bracket")
        await until(pilot, lambda: told(app) == [NOTHING_MARKED])
        assert app.workspace.scope == "marked" and app.workspace.choices == before


@given(st.sampled_from(["all", "marked", "layer"]), st.sets(st.sampled_from(NAMES)), st.sampled_from(["", "head", "x"]))
def test_layers_out_of_sight_are_never_changed_without_a_word(scope: str, marked: set[str], pattern: str) -> None:
    workspace = opened()
    workspace.set_scope(scope)  # type: ignore[arg-type]
    workspace.set_marks(Marks(pattern=pattern).with_names(marked, make_model().layers))
    before = workspace.choices
    workspace.step_sparsity(5)
    changed = [layer for layer in make_model().prunable if workspace.choices.of(layer.name) != before.of(layer.name)]
    hidden = [layer for layer in changed if not matches(pattern, layer)]
    assert (f"hides {len(hidden)} of the {len(changed)} changed" in workspace.remark) == bool(hidden)
    meant = {"all": set(NAMES), "marked": marked, "layer": {workspace.layer}}[scope]
    assert {layer.name for layer in changed} == meant


def shared(sparsity: float = 0.75) -> LayerChoices:
    """A budget over all layers, of which none has the budget's own sparsity."""
    parts = {name: Choice("bed", 4, 0.1 + 0.2 * place) for place, name in enumerate(NAMES)}
    return LayerChoices(Choice("bed", 4, 0.75)).with_budget(Budget(Choice("bed", 4, sparsity), MappingProxyType(parts)))


def test_a_budget_is_what_the_controls_show_and_leaving_it_is_said() -> None:
    workspace = opened(shared())
    assert workspace.choice.sparsity == pytest.approx(0.1) and workspace.meant.sparsity == 0.75
    workspace.step_sparsity(5)
    assert {workspace.choices.of(name).sparsity for name in NAMES} == {0.8}
    assert "3 layers have left the budget of 75 %" in workspace.remark and "u takes it back" in workspace.remark
    assert workspace.undo() and workspace.choices == shared()
    workspace.set_scope("layer")
    assert workspace.meant == workspace.choice
    workspace.step_sparsity(5)
    assert "1 layer has left the budget" in workspace.remark


async def test_the_strip_shows_the_budget() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        app.workspace.set_choices(shared(0.6))
        await settle(app, pilot)
        slider = app.explore.query_one(SparsitySlider)
        assert slider.sparsity == 0.6
        await pilot.press("t", "t")
        await until(pilot, lambda: slider.sparsity == pytest.approx(0.1))


async def test_escape_clears_a_filter_from_the_table_and_from_its_line() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        table = app.explore.query_one(LayerTable)
        for last in ("enter", "escape"):
            await pilot.press("slash")
            await until(pilot, lambda: isinstance(app.focused, Input))
            await pilot.press(*"head")
            await until(pilot, lambda: table.shown == ("head",))
            await pilot.press(last)
            if last == "enter":
                await until(pilot, lambda: app.focused is table)
                await pilot.press("escape")
            await until(pilot, lambda: len(table.shown) == 5 and app.focused is table)
            assert not app.workspace.marks.pattern


async def test_a_change_of_hidden_layers_is_said_on_the_screen() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        app.workspace.set_marks(Marks(pattern="head"))
        await pilot.press("right_square_bracket")
        await until(
            pilot, lambda: ["the filter hides 2 of the 3 changed layers" in line for line in told(app)] == [True]
        )
