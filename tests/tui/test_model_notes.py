"""Checkpoints as they are: what was left out of one is said when it is opened, once, and stays in the log; layers of
every kind are shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch
from hostile import raw_signs
from rich.cells import cell_len
from textual.app import App
from textual.widgets import Input
from tui_world import SIZES, make_model, make_services, screen_text, settle, until

from ubp_core.models import LoadedModel, load_model
from ubp_core.models.layers import Kind
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.choices.patterns import KINDS, matches
from ubp_tui.dialogs.open_model import OpenDialog
from ubp_tui.renderables.notes import CELLS, MOST, describe_notes

ODD = ("b.weight", "c\x1b[31m.weight", "enc[/enc].weight")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of one layer, and three weights that are no plain floating point."""
    path = tmp_path_factory.mktemp("models") / "mine.pth"
    weight = torch.randn(32, 16, 3, 3)
    odd = (weight.to_sparse(), torch.complex(weight, weight), weight.to(torch.int8))
    torch.save({"a.weight": torch.randn(16, 16, 3, 3), **dict(zip(ODD, odd, strict=True))}, path)
    return path


def said(app: App[int]) -> list[tuple[str, str]]:
    """Titles and texts of what stands in the corner."""
    return [(note.title, note.message) for note in app._notifications if " on " in note.title]


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_left_out_is_said_on_opening(
    size: tuple[int, int], file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ubp_tui")
    model = load_model(str(file))
    assert len(model.notes) == 3, "a reason of its own for each"
    app = build_app(ModelSpec(str(file)), make_services(model))
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: said(app))
        ((title, text),) = said(app)
        assert title == "3 notes on mine.pth"
        for name, reason in zip(ODD, ("sparse", "complex64", "int8"), strict=True):
            shown = name.replace("\x1b", "?")
            assert f"left out: {shown} (" in text and reason in text
        await until(pilot, lambda: "3 notes on mine.pth" in screen_text(app))
        drawn = screen_text(app)
        assert "enc[/enc].weight" in drawn and not raw_signs(drawn)
        await settle(app, pilot)
        await pilot.press("]", "c", "escape")
        await settle(app, pilot)
        assert len(said(app)) == 1, "told once"
    logged = [record.getMessage() for record in caplog.records]
    assert [line for line in logged if "left out" in line] == [f"mine.pth: {note}" for note in model.notes]


async def test_a_model_that_is_opened_later_has_its_own_notes_and_others_none(file: Path) -> None:
    def load(spec: ModelSpec, progress: Callable[[str], None]) -> LoadedModel:
        return make_model() if spec.name == "small" else replace(make_model(), name=spec.name, notes=("left out: x",))

    app: UbpApp = build_app(ModelSpec("small"), replace(make_services(make_model()), load_model=load))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        assert not said(app)
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OpenDialog))
        app.screen.query_one(Input).value = "other"
        await pilot.press("enter")
        await until(pilot, lambda: said(app) == [("1 note on other", "left out: x · L has this in full")])
        await settle(app, pilot)


async def test_a_layer_of_every_kind_can_be_shown_and_found() -> None:
    assert {*KINDS} == {*get_args(Kind)}
    first, *others = make_model().layers[1:]
    layers = (replace(first, kind="transposed", skip_reason="transposed convolution"), *others)
    model = replace(make_model(), layers=layers)
    app = build_app(ModelSpec("small"), make_services(model))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        assert "dense: transposed convolution" in screen_text(app)
    assert matches("transposed", layers[0]) and not matches("transposed", layers[1])


def test_many_and_long_notes_are_cut_with_their_count() -> None:
    long = f"left out: {'very.' * 60}long.name and 7 more (sparse)"
    model = replace(make_model(), name="n\x1b]0;x" * 20, notes=(long, *map(str, range(MOST))))
    title, text = describe_notes(model)
    first, *others = text.split(" · ")
    assert title.startswith(f"{MOST + 1} notes on n?]0;x") and len(title) < 60
    assert first.startswith("left out: very.") and first.endswith("long.name and 7 more (sparse)")
    assert cell_len(first) <= CELLS
    assert others == [*map(str, range(MOST - 1)), "1 more", "L has this in full"]
    assert describe_notes(make_model()) == ("", "")
