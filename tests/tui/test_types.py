"""The type of weights and arrays in the app: chosen, shown, undone, kept in plans; no block depends on it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_workspace import CONV, EXPAND, HEAD, count, make_workspace
from textual.widgets import Checkbox, Input, Static
from tui_world import SIZES, click, make_app, make_model, make_services, screen_text, settle, until

from ubp_core.cli.main import main
from ubp_core.history import LayerFigures
from ubp_core.history.figures import make_key
from ubp_core.models.spec import ModelSpec
from ubp_core.packed.file import PackedFile
from ubp_core.plan import Plan
from ubp_core.report import layer_cost
from ubp_tui.app import build_app
from ubp_tui.choices.budget import BudgetRequest, share_budget
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.plans import adopt_plan, plan_choices
from ubp_tui.choices.remarks import NOTHING_MARKED, remark_on_types
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.main import _build, build_parser
from ubp_tui.renderables.bench.text import describe_column
from ubp_tui.screens.explore_dialogs import name_export
from ubp_tui.session.start import SessionStart
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.facts.facts_line import FactsLine
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.layers.network_foot import NetworkFoot
from ubp_tui.work.exporting import KINDS

STEM = "stem"
NAMES = tuple(layer.name for layer in make_model().layers)


def test_a_type_changes_no_selection_and_is_undone() -> None:
    workspace = make_workspace()
    workspace.hold(False)
    choices, wishes, drawn = (
        count(signal) for signal in (workspace.choices_changed, workspace.wish_changed, workspace.selection_changed)
    )
    wanted, selection, measures = workspace.wanted, workspace.selection, workspace.find_measures()
    workspace.step_dtype()
    assert (choices(), wishes(), drawn()) == (1, 0, 0)
    assert {workspace.choices.dtype_of(name) for name in NAMES} == {"fp16"} and workspace.dtype == "fp16"
    assert workspace.wanted is wanted and workspace.selection is selection and workspace.find_measures() == measures
    assert workspace.undo() and workspace.dtype == "fp32" and wishes() == 0
    assert workspace.redo() and workspace.dtype == "fp16"
    workspace.step_dtype()
    assert workspace.dtype == "int8" and wishes() == 0
    workspace.step_dtype()
    assert workspace.choices == LayerChoices(Choice("bed"))


def test_a_type_is_for_the_layers_of_the_scope() -> None:
    workspace = make_workspace()
    workspace.set_scope("marked")
    workspace.step_dtype()
    assert workspace.remark == NOTHING_MARKED and workspace.choices.dtypes == ("fp32",)
    workspace.toggle_mark(STEM)
    workspace.toggle_mark(HEAD)
    workspace.step_dtype()
    assert dict(workspace.choices.types) == {STEM: "fp16", HEAD: "fp16"} and workspace.dtype == "fp32"
    workspace.step_dtype()
    workspace.step_dtype()
    assert not workspace.choices.types, "the next type is that after the first marked layer's, not after the screen's"
    workspace.set_scope("layer")
    workspace.step_dtype()
    assert dict(workspace.choices.types) == {EXPAND: "fp16"} and workspace.dtype == "fp16"
    workspace.set_scope("all")
    workspace.step_dtype()
    workspace.step_dtype()
    assert workspace.choices.dtypes == ("fp32",) and not workspace.choices.types


def test_what_the_filter_hides_is_said() -> None:
    layers = make_model().layers
    before = LayerChoices()
    words = remark_on_types(before, before.with_dtype("fp16"), layers, "head")
    assert words == "the filter hides 4 of the 5 changed layers (esc shows all); u takes it back"
    assert remark_on_types(before, before.with_dtype("fp16", [HEAD]), layers, "head") == ""


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["fp32", "fp16"])), st.sampled_from(["fp32", "fp16"]))
def test_types_go_into_plans_and_come_from_them(types: dict[str, str], dtype: str) -> None:
    model, choices = make_model(), LayerChoices(Choice("bed"), dtype=dtype).with_dense([CONV], True)
    for name, own in types.items():
        choices = choices.with_dtype(own, [name])
    plan = plan_choices(choices, model, ModelSpec("small"))
    assert plan.dtype == dtype and {name: plan.dtype_of(name) for name in types} == types
    assert all(plan.layer(name).dtype == choices.types.get(name) for name in NAMES)
    again, left_out = adopt_plan(plan, model)
    assert not left_out and again.dtype == dtype and again.types == choices.types
    assert plan_choices(again, model, ModelSpec("small")) == plan


def test_a_budget_asks_what_layers_take_in_their_types() -> None:
    layers = (replace(x, weight=x.weight * (2 if x.name == HEAD else 1)) for x in make_model().layers)
    model, names = replace(make_model(), layers=tuple(layers)), (EXPAND, CONV, HEAD)

    def share(choices: LayerChoices) -> LayerChoices:
        return share_budget(model, choices, BudgetRequest(names, Choice("optimal", 1, 0.65)))

    # The head keeps most. A block of one weight takes 6 bytes instead of 4, in fp16 4 instead of 2.
    assert share(LayerChoices()).larger == frozenset()
    half = share(LayerChoices(dtype="fp16"))
    assert half.larger == {HEAD} and half.dtypes == ("fp16",)
    own = share(LayerChoices().with_dtype("fp16", [HEAD]))
    assert own.larger == {HEAD} and dict(own.types) == {HEAD: "fp16"}
    changed = share(LayerChoices()).with_dtype("fp16")
    assert changed.budget is not None and all(map(changed.shares, names)), "a type takes no layer out of a budget"
    assert "g shares it anew" in remark_on_types(changed.with_dtype("fp32"), changed, model.layers, "")


@pytest.mark.parametrize("size", SIZES)
async def test_sizes_and_controls_follow_the_type(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        shown = app.workspace.selection
        assert shown is not None and shown.selection is not None

        def fact() -> str:
            return next(f"{fact.label} {fact.value}" for fact in app.explore.query_one(FactsLine).facts[-2:-1])

        full = fact()
        await pilot.press("z")
        await pilot.pause()
        cost = layer_cost(shown.layer, shown.selection, "fp16")
        assert fact().startswith("packed fp16 7.68 kB") and full.startswith("packed fp32 15.4 kB")
        assert f"({100 * cost.bytes_after / cost.bytes_before:.0f} %)" in fact()
        table = app.explore.query_one(LayerTable)
        assert table.get_cell(EXPAND, "dense") == "7.68 kB" and table.get_cell(EXPAND, "dtype") == "fp16"
        assert table.get_cell(STEM, "dense") == f"{2 * make_model().layer(STEM).parameters} B"
        assert "fp16 weights" in screen_text(app) and "fp32 weights" not in screen_text(app)
        assert app.explore.query_one("#dtype", Segments).chosen == "fp16"
        assert app.workspace.selection is shown
        await pilot.press("t", "t", "z", "z", "j", "j")
        await settle(app, pilot)
        assert app.explore.query_one(ChoiceBar).dtype == "fp16" and app.workspace.choices.dtype_of(EXPAND) == "fp32"
        assert "fp32+fp16 weights" in screen_text(app)
        line = next(line for line in screen_text(app).splitlines() if "block.0.expand" in line and "40.9" in line)
        assert " fp32 " in line, "the column of types is there where they differ, also in a narrow terminal"
        total = {fact.label: fact.value for fact in app.explore.query_one(NetworkFoot).facts}["fp32+fp16 weights"]
        assert app.workspace.sum_up().file_bytes[0] == 2 * make_model().parameters + 2 * 3840 and "→" in total


@pytest.mark.parametrize("size", [(60, 20), (79, 24), (80, 24), (160, 48)])
async def test_a_type_is_clicked(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        control = app.explore.query_one("#dtype", Segments)
        cells = [cell for cell in range(control.size.width) if control.option_at(cell) == "fp16"]
        assert control.size.width >= 8 and cells and "fp32" in screen_text(app)
        await click(pilot, control, (cells[-1], 0))
        await until(pilot, lambda: app.workspace.dtype == "fp16")
        await until(pilot, lambda: " fp16 " in screen_text(app).splitlines()[2 if size[0] < 150 else 1])
        assert "75 %" in screen_text(app)


async def test_the_palette_changes_the_type() -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(app, pilot)
        await pilot.press("ctrl+p")
        await pilot.press(*"half precision")
        await until(pilot, lambda: "Pruning: type (z)" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.workspace.dtype == "fp16")


def figures(kind: str, *dtypes: str) -> LayerFigures:
    """The layer of the screen, measured in these types: 1 ms, 2 ms."""
    keys = (make_key(EXPAND, "bed", 4, 0.75, dtype) for dtype in dtypes)
    return LayerFigures("adb:A", kind, values={key: 1e6 * number for number, key in enumerate(keys, 1)})


def test_a_measured_figure_is_of_the_type() -> None:
    workspace = make_workspace()
    workspace.take_figures("", figures("latency", "fp32", "fp16"))
    assert workspace.find_figures() == {EXPAND: 1e6}
    workspace.step_dtype()
    assert workspace.find_figures() == {EXPAND: 2e6}
    workspace.take_figures("", figures("latency", "fp32"))
    assert workspace.find_figures() == {}
    workspace.take_figures("", figures("host time", "fp32", "fp16"))
    assert workspace.find_figures() == {}, "this machine has no fp16 arithmetic"
    workspace.take_figures("", figures("host time, ARM64", "fp32", "fp16"))
    assert workspace.find_figures() == {EXPAND: 2e6}


@pytest.mark.parametrize(
    ("found", "dtypes", "words"),
    [
        (figures("latency", "fp32", "fp16"), ("fp16",), "latency on adb:A, fp16"),
        (figures("latency", "fp32", "fp16"), ("fp32", "fp16"), "latency on adb:A"),
        (figures("host time", "fp32", "fp16"), ("fp32", "fp16"), "host time (fp16: no measure)"),
        (figures("latency", "fp32"), ("fp16",), "nothing measured in fp16 on adb:A"),
        (figures("host time", "fp16"), ("fp16",), "host time, fp16 (fp16: no measure)"),
        (figures("instructions", "fp16"), ("fp16",), "emulated, fp16"),
        (figures("latency"), ("fp16",), "nothing measured on adb:A"),
    ],
)
def test_the_column_says_of_which_type_it_is(found: LayerFigures, dtypes: tuple[str, ...], words: str) -> None:
    assert describe_column(found, dtypes) == words


@pytest.mark.parametrize("size", SIZES)
async def test_a_plan_and_its_files_are_of_the_type_and_come_back(size: tuple[int, int], tmp_path: Path) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("z", "t", "t", "z", "z")  # all but the layer on the screen
        wanted = app.workspace.choices
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        assert "Take away · fp32 and fp16" in screen_text(app)
        for kind in KINDS:
            app.screen.query_one(f"#export-{kind}", Checkbox).value = kind in ("plan", "packed", "table")
        app.screen.query_one("#export-folder", Input).value = str(tmp_path)
        app.screen.query_one("#export-name", Input).value = "net"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.explore)
        await pilot.press("u", "u", "u")
        assert app.workspace.choices.dtypes == ("fp32",)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, PromptDialog))
        app.screen.query_one("#prompt-input", Input).value = str(tmp_path / "net.yaml")
        await pilot.press("enter")
        await until(pilot, lambda: app.workspace.choices == wanted)
        await until(pilot, lambda: app.explore.query_one("#dtype", Segments).chosen == "fp32")
    plan = Plan.load(tmp_path / "net.yaml")
    assert plan.dtype == "fp16" and plan.layer(EXPAND).dtype == "fp32"
    assert {layer.name: layer.dtype for layer in PackedFile.load(tmp_path / "net.ubp").layers} == {
        EXPAND: "fp32", CONV: "fp16", HEAD: "fp16",
    }  # fmt: skip
    with (tmp_path / "net.csv").open(newline="") as stream:
        assert [line["dtype"] for line in csv.DictReader(stream)] == ["fp16", "fp32", "fp16", "fp16", "fp16"]


async def test_the_network_in_fp16_is_what_the_command_writes_and_its_cost_is_said(tmp_path: Path) -> None:
    spec = ModelSpec("mobilenet_v1", weights="random", width=0.25, seed=3, input_size=32)
    app = build_app(spec, make_services(spec.load()), Choice("bed", 4, 0.5))
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(app, pilot)
        await pilot.press("z", "e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        assert app.screen.query_one("#export-name", Input).value == "mobilenet_v1-width-0.25-bed-4-50-fp16"
        app.screen.query_one("#export-network", Checkbox).value = True
        app.screen.query_one("#export-folder", Input).value = str(tmp_path)
        app.screen.query_one("#export-name", Input).value = "net"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog) and app.screen.query(".problem-reason"))
        said = str(app.screen.query_one(".problem-reason", Static).render())
        assert "against fp32, on a random image: output 0 differs by at most" in said and "in the mean" in said
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.explore)
    command = tmp_path / "command.ubp"
    assert main(["export", "--plan", str(tmp_path / "net.yaml"), "-o", str(command), "-q"]) == 0
    assert (tmp_path / "net.network.ubp").read_bytes() == command.read_bytes()
    assert {layer.dtype for layer in PackedFile.load(command).layers} == {"fp16"}


def test_names_of_files_say_the_type() -> None:
    model = make_model()
    assert name_export(model, LayerChoices(Choice("bed"), dtype="fp16")) == "small-bed-4-75-fp16"
    assert name_export(model, LayerChoices(Choice("bed")).with_dtype("fp16", [HEAD])) == "small-plan"


def test_the_command_line_has_a_first_type() -> None:
    options = build_parser().parse_args(["--dtype", "fp16", "--no-session"])
    assert _build(options, SessionStart()).workspace.choices == LayerChoices(dtype="fp16")
