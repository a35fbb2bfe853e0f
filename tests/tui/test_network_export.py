"""The whole network taken away from the app: the file that `ubp export --plan` writes, stopped, and refused."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input
from tui_world import PATIENCE, SIZES, make_model, make_services, screen_text, settle, until

from ubp_core.cli.main import main
from ubp_core.models import LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_core.network import exporting
from ubp_core.packed.file import PackedFile
from ubp_tui.app import UbpApp, build_app
from ubp_tui.choices.choice import Choice
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.work.exporting import KINDS

SPEC = ModelSpec("mobilenet_v1", weights="random", width=0.25, seed=3, input_size=32)


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return SPEC.load()


def make_app(model: LoadedModel, choice: Choice) -> UbpApp:
    return build_app(SPEC, make_services(model), choice)


async def export(app: UbpApp, pilot: Pilot[int], folder: Path, *kinds: str) -> None:
    """Ask for files, and begin to write them."""
    await pilot.press("e")
    await until(pilot, lambda: isinstance(app.screen, ExportDialog))
    for kind in KINDS:
        app.screen.query_one(f"#export-{kind}", Checkbox).value = kind in kinds
    app.screen.query_one("#export-folder", Input).value = str(folder)
    app.screen.query_one("#export-name", Input).value = "net"
    await pilot.pause()
    await pilot.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_the_network_is_what_the_command_writes_for_the_plan(
    size: tuple[int, int], tmp_path: Path, model: LoadedModel
) -> None:
    app = make_app(model, Choice("bed", 4, 0.5))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        choices = app.workspace.choices.with_layers(["blocks.3.pointwise"], method="abp", block_size=8)
        app.workspace.set_choices(choices.with_dense(["blocks.5.pointwise"], True))
        await settle(app, pilot)
        await export(app, pilot, tmp_path, "plan", "network")
        said = "wrote net.yaml, net.network.ubp into "
        await until(pilot, lambda: any(toast.message.startswith(said) for toast in app._notifications))
        await settle(app, pilot)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.network.ubp", "net.yaml"]
    command = tmp_path / "command.ubp"
    assert main(["export", "--plan", str(tmp_path / "net.yaml"), "-o", str(command), "-q"]) == 0
    assert (tmp_path / "net.network.ubp").read_bytes() == command.read_bytes()
    packed = PackedFile.load(command)
    assert packed.graph is not None and packed.layer("blocks.3.pointwise").block_size == 8
    assert packed.layer("blocks.5.pointwise").dense and not packed.layer("blocks.4.pointwise").dense
    assert (packed.graph.tensors[0].height, packed.graph.tensors[0].width) == (32, 32)


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_stop_while_the_network_is_captured_leaves_no_file(
    key: str, tmp_path: Path, model: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, capture = Event(), Event(), exporting.capture

    def slow(*arguments: object) -> object:
        begun.set()
        assert go_on.wait(PATIENCE)
        return capture(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(exporting, "capture", slow)
    app = make_app(model, Choice("bed"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await export(app, pilot, tmp_path, "plan", "packed", "network")
        await until(pilot, lambda: begun.is_set() and "capturing the network" in screen_text(app))
        await pilot.press(key)
        if key == "escape":
            await until(pilot, lambda: "stopping ..." in screen_text(app))
        go_on.set()
        if key == "escape":
            await until(pilot, lambda: "cancelled" in screen_text(app))
            assert isinstance(app.screen, ExportDialog) and not app.screen.running
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.explore)
            assert app.return_code is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("known", "choice", "line"),
    [
        (False, Choice("bed"), "small is a checkpoint of an unknown network: --arch NAME tells which one it is"),
        (True, Choice("bed", 3), "layers.blocks.0.pointwise: blocks of 3 can't be packed: kernels have 1, 2, 4, 8, 16"),
    ],
)
async def test_what_cannot_be_exported_is_said_and_nothing_is_written(
    known: bool, choice: Choice, line: str, tmp_path: Path, model: LoadedModel
) -> None:
    app = make_app(model if known else make_model(), choice)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await export(app, pilot, tmp_path, "plan", "network")
        status = app.screen.query_one("#export-status")
        await until(pilot, lambda: str(status.render()) == line)
        assert not list(tmp_path.iterdir())
        assert all(word in screen_text(app) for word in line.split())
