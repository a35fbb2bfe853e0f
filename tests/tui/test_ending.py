"""Leaving the app in the middle of something: what runs is ended, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from textual.widgets import Input
from tui_world import PATIENCE, make_app, make_model, make_services, settle, until

from ubp_core.errors import FileError
from ubp_core.models import LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import build_app
from ubp_tui.choices.choice import Choice
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.work.exporting import ExportJob


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_leaving_gives_up_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    begun, ended = Event(), Event()

    def write(job: ExportJob, overwrite: bool, progress: Callable[[str, float], None], cancel: Event) -> None:
        progress("the first file", 0.5)
        begun.set()
        assert cancel.wait(PATIENCE)
        # Nobody answers any more; a thread that waited for that would hold up the process for ever.
        progress("the second file", 0.6)
        ended.set()
        raise FileError("given up")

    monkeypatch.setattr("ubp_tui.dialogs.export.write_files", write)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        app.screen.query_one("#export-folder", Input).value = str(tmp_path)
        await pilot.click("#export-ok")
        await until(pilot, begun.is_set)
        await pilot.press(key)
    assert ended.wait(PATIENCE) and app.return_code == 0
    assert app.session is not None and not list(tmp_path.iterdir())


@pytest.mark.parametrize("keys", ["slash", "asterisk", "r", "l", "g"])
async def test_q_is_a_letter_where_text_is_typed(keys: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press(*keys.split())
        await until(pilot, lambda: isinstance(app.focused, Input))
        line = app.focused
        assert isinstance(line, Input)
        await pilot.press("q")
        await until(pilot, lambda: "q" in line.value)
        assert app.return_code is None
        await pilot.press("ctrl+c")
    assert app.return_code == 0 and app.session is not None


@pytest.mark.parametrize("keys", ["question_mark q", "T q", "L q", "c q", "d q", "h q", "ctrl+p ctrl+c"])
async def test_leaving_works_from_everywhere(keys: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        first, last = keys.split()
        await pilot.press(first)
        await until(pilot, lambda: len(app.screen_stack) > 2 or app.tour.place is not None)
        await pilot.press(last)
    assert app.return_code == 0 and app.session is not None


async def test_leaving_while_the_model_loads() -> None:
    go_on = Event()

    def load(spec: ModelSpec, progress: Callable[[str], None]) -> LoadedModel:
        assert go_on.wait(PATIENCE)
        return make_model()

    app = build_app(ModelSpec("small"), replace(make_services(make_model()), load_model=load), Choice("bed"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.loader.busy)
        await pilot.press("question_mark", "q")
        go_on.set()
    assert app.return_code == 0 and app.session is None
