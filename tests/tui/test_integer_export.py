"""A network of int8 taken away from the app: the dialog's line for pictures, what is written, stopped and refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from skimage import data
from textual.pilot import Pilot
from textual.widgets import Button, Checkbox, Input, Static
from tui_world import make_services, screen_text, settle, until

from ubp_core.cli.main import main
from ubp_core.models import LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_core.packed.file import PackedFile
from ubp_core.vocabulary import RANDOM_NOTE
from ubp_tui.app import UbpApp, build_app
from ubp_tui.choices.choice import Choice
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.work.exporting import KINDS

SPEC = ModelSpec("mobilenet_v1", weights="random", width=0.25, seed=3, input_size=32)


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return SPEC.load()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures, and a file that is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea", "coffee"):
        Image.fromarray(getattr(data, name)()).resize((60, 40)).save(folder / f"{name}.jpg")
    (folder / "broken.png").write_bytes(b"nothing")
    return folder


async def fill(app: UbpApp, pilot: Pilot[int], folder: Path, pictures: str, *kinds: str) -> None:
    """Turn to int8 and fill the dialog."""
    await settle(app, pilot)
    await pilot.press("z", "z", "e")
    await until(pilot, lambda: isinstance(app.screen, ExportDialog))
    for kind in KINDS:
        app.screen.query_one(f"#export-{kind}", Checkbox).value = kind in kinds
    app.screen.query_one("#export-folder", Input).value = str(folder)
    app.screen.query_one("#export-name", Input).value = "net"
    app.screen.query_one("#export-calibration", Input).value = pictures
    await pilot.pause()


def status(app: UbpApp) -> str:
    """The line above the buttons."""
    return str(app.screen.query_one("#export-status", Static).render())


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_the_network_is_what_the_command_writes_for_the_plan(
    size: tuple[int, int], tmp_path: Path, model: LoadedModel, photos: Path
) -> None:
    app = build_app(SPEC, make_services(model), Choice("bed", 4, 0.5))
    async with app.run_test(size=size) as pilot:
        await fill(app, pilot, tmp_path, str(photos), "plan", "network")
        assert "Pictures" in screen_text(app) and "Export" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog) and app.screen.query(".problem-reason"))
        said = str(app.screen.query_one(".problem-reason", Static).render())
        assert "on the 2 pictures that int8 was calibrated on: output 0 differs" in said
        assert "broken.png: cannot identify image file" in said and "left out" in said
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.explore)
        assert app.workspace.calibration == str(photos)
    command = tmp_path / "command.ubp"
    asked = ["export", "--plan", str(tmp_path / "net.yaml"), "--calibrate", str(photos), "-o", str(command), "-q"]
    assert main(asked) == 0
    assert (tmp_path / "net.network.ubp").read_bytes() == command.read_bytes()
    assert {layer.dtype for layer in PackedFile.load(command).layers} == {"int8"}


async def test_random_numbers_are_named(tmp_path: Path, model: LoadedModel) -> None:
    app = build_app(SPEC, make_services(model), Choice("bed", 4, 0.5))
    async with app.run_test(size=(100, 30)) as pilot:
        await fill(app, pilot, tmp_path, "random", "network")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog) and app.screen.query(".problem-reason"))
        assert RANDOM_NOTE in str(app.screen.query_one(".problem-reason", Static).render())
    assert "RANDOM" in PackedFile.load(tmp_path / "net.network.ubp").source


async def test_pictures_are_asked_for_where_they_are_needed(tmp_path: Path, model: LoadedModel, photos: Path) -> None:
    app = build_app(SPEC, make_services(model), Choice("bed", 4, 0.5))
    async with app.run_test(size=(100, 30)) as pilot:
        await fill(app, pilot, tmp_path, "", "plan", "network")
        assert status(app).startswith("int8: name a folder of pictures") and app.screen.query_one(Button).disabled
        await pilot.press("enter")
        assert not app.screen.running  # type: ignore[attr-defined]
        app.screen.query_one("#export-network", Checkbox).value = False
        await until(pilot, lambda: status(app) == "" and not app.screen.query_one(Button).disabled)
        assert not app.screen.query_one("#export-calibration-field").display
        app.screen.query_one("#export-network", Checkbox).value = True
        for pictures, line in ((tmp_path / "none", "No such file"), (tmp_path / "empty", "no picture in it")):
            (tmp_path / "empty").mkdir(exist_ok=True)
            app.screen.query_one("#export-calibration", Input).value = str(pictures)
            await until(pilot, lambda: not app.screen.query_one(Button).disabled)
            await pilot.press("enter")
            await until(pilot, lambda line=line: line in status(app))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "photos"]


async def test_a_stop_while_pictures_are_looked_at_leaves_no_file(
    tmp_path: Path, model: LoadedModel, photos: Path
) -> None:
    app = build_app(SPEC, make_services(model), Choice("bed", 4, 0.5))
    async with app.run_test(size=(100, 30)) as pilot:
        await fill(app, pilot, tmp_path, str(photos), "plan", "network")
        seen: list[str] = []
        dialog = app.screen
        assert isinstance(dialog, ExportDialog)
        tell = dialog._tell

        def stop(text: str, share: float, cancel: object) -> None:
            seen.append(text)
            if text.startswith("quantising"):
                dialog._cancel.set()  # type: ignore[union-attr]
            tell(text, share, cancel)  # type: ignore[arg-type]

        dialog._tell = stop  # type: ignore[method-assign, assignment]
        await pilot.press("enter")
        await until(pilot, lambda: "cancelled" in status(app))
    assert seen[-1].startswith("quantising") and any(line.startswith("reading picture 1 of 3") for line in seen)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
