"""Errors reach the user in one form: a dialog for what was asked for, a panel for a state, a hint in a dialog."""

from __future__ import annotations

import numpy as np
import pytest
from textual.widgets import Static
from tui_world import make_app, make_model, screen_text, settle, until

from ubp_core import importance, select_blocks
from ubp_core.errors import CandidatesExhausted, SelectionError
from ubp_core.models import Layer, LoadedModel
from ubp_tui.app import UbpApp
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.problem import explain_empty, explain_failure
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.keys.registry import REGISTRY, key_of
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.problem_panel import ProblemPanel


def seen(app: UbpApp, *words: str) -> bool:
    """Whether all words stand on the screen in this order, whatever lines and frames lie between them."""
    text = " ".join(screen_text(app).replace("│", " ").split())
    place = 0
    for word in words:
        place = text.find(word, place)
        if place < 0:
            return False
    return True


async def test_a_choice_without_blocks_is_explained_in_full_in_place_of_the_map(size: tuple[int, int]) -> None:
    app = make_app(choice=Choice("greedy", 16, 0.1))
    async with app.run_test(size=size) as pilot:
        panel = app.explore.query_one(ProblemPanel)
        await until(pilot, lambda: panel.problem is not None)
        await pilot.press("2")
        assert panel.problem is not None and panel.problem.title == "greedy has no blocks for block.0.expand"
        await until(pilot, lambda: seen(app, "greedy takes the best window first", "it placed", "blocks that N = 16"))
        await until(pilot, lambda: seen(app, "Take bed or optimal, which never run out (m), or prune more (])."))
        # Steps through such states open no dialog, and a choice with blocks brings the map back.
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert app.screen is app.explore
        await pilot.press("m")
        await settle(app, pilot)
        assert not seen(app, "greedy takes the best")


async def test_a_layer_of_which_nothing_stays_says_so() -> None:
    app = make_app(choice=Choice("bed", 32, 0.75))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        assert app.explore.query_one(ProblemPanel).problem is None
        app.explore.query_one(LayerTable).highlight("block.1.conv")
        await settle(app, pilot)
        assert seen(app, "block.1.conv stays dense", "has N = 32 rows, and the layer has 30", "Take N = 16 or less")
        await pilot.press("N")
        await settle(app, pilot)
        assert not seen(app, "Nothing stays of") and app.workspace.choice.block_size == 16


def test_the_reason_names_the_numbers_and_the_keys() -> None:
    layer = Layer("small.one", "linear", np.ones((4, 8), np.float32))
    scores = importance(layer.weight)

    def explain(size: int, sparsity: float) -> str:
        choice = Choice("bed", size, sparsity)
        try:
            problem = explain_empty(select_blocks(scores, size, sparsity, "bed"), layer, choice)
        except SelectionError as error:
            problem = explain_failure(error, layer, choice)
        return "" if problem is None else f"{problem.title} {problem.reason} {problem.remedy}"

    assert explain(4, 0.5) == ""
    assert "the layer has 4: no block fits. Take N = 4 or less (N)" in explain(8, 0.5)
    assert "s = 99 % leaves 0.32 of 32 weights, less than half a block of N = 2. Prune less ([)" in explain(2, 0.99)
    failure = explain_failure(CandidatesExhausted(1234, 5678), layer, Choice("greedy", 4, 0.1))
    assert "it placed 1,234 of the 5,678 blocks" in failure.reason and "(m)" in failure.remedy
    assert "memory" in explain_failure(MemoryError(), layer, Choice("bed")).reason


def test_sentences_take_their_keys_from_the_registry() -> None:
    assert {action.id: key_of(action.id) for action in REGISTRY}["app.help"] == "?"
    with pytest.raises(KeyError):
        key_of("no.such")


async def test_a_model_without_layers_is_a_state() -> None:
    app = make_app(LoadedModel("empty", "drawn for a test", False, (), 32))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.workspace.model is not None)
        await pilot.press("2")
        await until(pilot, lambda: seen(app, "no layer with weights", "no linear layer", "name another model"))


async def test_a_pattern_that_means_nothing_stays_in_its_dialog() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("asterisk", *"spatial", "enter")
        assert isinstance(app.screen, PromptDialog)
        await until(pilot, lambda: seen(app, "No layer that can be pruned matches 'spatial'"))
        await pilot.press(*["backspace"] * 7, *"head", "enter")
        assert app.workspace.marks.names == ("head",)


@pytest.mark.parametrize("key", ["D", "c", "b"])
async def test_what_a_layer_that_stays_dense_can_not_do_is_said_in_the_dialog(key: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("home")
        await until(pilot, lambda: app.workspace.layer == "stem")
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await until(pilot, lambda: seen(app, "stem", "Close"))
        await pilot.click("#close")
        await until(pilot, lambda: not isinstance(app.screen, ErrorDialog))


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_a_long_reason_is_wrapped_and_scrolls_with_its_buttons(size: tuple[int, int]) -> None:
    app = make_app(make_model())
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        line = "the file [bad] can't be used: " + "because of something long " * 12 + "and that is the end"
        app.push_screen(ErrorDialog("A long [title]", line))
        await until(pilot, lambda: seen(app, "A long [title]", "the file [bad]", "the end", "Close"))
        assert app.screen.query_one(".problem-remedy", Static).display is False
