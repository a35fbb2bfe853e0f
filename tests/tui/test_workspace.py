"""The workspace, its errands and its loader, without a terminal: every thread's work is done inline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_world import make_model, make_services

from ubp_core import importance, select_blocks
from ubp_core.errors import ModelError
from ubp_core.history import LayerFigures
from ubp_core.models import LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.marks import Marks
from ubp_tui.observing import InlineRunner, Signal, Work
from ubp_tui.work.comparing import pair_of
from ubp_tui.work.curves import plan_curves
from ubp_tui.work.gate import ForegroundGate
from ubp_tui.work.services import Services
from ubp_tui.workspace.cache import ComparisonCache
from ubp_tui.workspace.comparison import SideBySide
from ubp_tui.workspace.comparison_errand import ComparisonErrand
from ubp_tui.workspace.errands import Errands
from ubp_tui.workspace.loading import Loader, LoadFailure
from ubp_tui.workspace.workspace import Workspace

EXPAND, CONV, HEAD = "block.0.expand", "block.1.conv", "head"


class LateRunner(InlineRunner):
    """Begins nothing before it is told to; a name that is run again or cancelled is never begun."""

    def __init__(self) -> None:
        self.waiting: dict[str, Work] = {}

    def run(self, name: str, work: Work, description: str, exclusive: bool = True) -> None:
        self.waiting[name] = work

    def cancel(self, name: str) -> None:
        self.waiting.pop(name, None)

    def finish(self) -> None:
        while self.waiting:
            _, work = self.waiting.popitem()
            work(lambda: False)


def make_workspace(runner: InlineRunner | None = None, services: Services | None = None) -> Workspace:
    """An open workspace whose errands are run."""
    workspace = Workspace(ModelSpec("small"), Choice("bed", 4, 0.75))
    Errands(workspace, services or make_services(make_model()), runner or InlineRunner())
    workspace.open(make_model())
    return workspace


def count(signal: Signal) -> Callable[[], int]:
    """How often a signal was emitted from now on."""
    seen: list[None] = []
    signal.connect(lambda: seen.append(None))
    return lambda: len(seen)


def test_an_opened_model_shows_its_first_prunable_layer_and_its_selection() -> None:
    workspace = make_workspace()
    assert workspace.layer == EXPAND and workspace.settled
    weight = make_model().layer(EXPAND).weight
    expected = select_blocks(importance(weight), 4, 0.75, "bed")
    assert workspace.selection is not None and workspace.selection.selection is not None
    assert workspace.selection.selection.retained == expected.retained
    # What nobody waits for comes when the screen has it.
    assert set(workspace.find_measures()) == {EXPAND} and not workspace.known.points[EXPAND].keys() - {workspace.choice}
    workspace.hold(False)
    assert set(workspace.find_measures()) == {EXPAND, CONV, HEAD}
    assert workspace.sum_up().complete
    assert not plan_curves(workspace.choice, workspace.known.points[EXPAND])


def test_every_edit_is_told_once_and_leaves_a_whole_state() -> None:
    workspace = make_workspace()
    choices, wishes = count(workspace.choices_changed), count(workspace.wish_changed)
    states: list[bool] = []
    workspace.choices_changed.connect(lambda: states.append(workspace.wanted.choice == workspace.choice))
    workspace.step_sparsity(5)
    assert (choices(), wishes()) == (1, 1) and states == [True]
    assert workspace.choice.sparsity == 0.8 and workspace.settled
    workspace.set_choices(workspace.choices)
    workspace.select(EXPAND)
    workspace.select("no such layer")
    assert (choices(), wishes()) == (1, 1)


def test_scopes_marks_and_dense_layers() -> None:
    workspace = make_workspace()
    workspace.set_marks(Marks().with_names([HEAD, "gone"], make_model().layers))
    assert workspace.marks.names == (HEAD,)
    workspace.set_scope("marked")
    workspace.step_method(1)
    assert workspace.choices.of(HEAD).method == "optimal" and workspace.choice.method == "bed"
    workspace.set_scope("layer")
    workspace.step_block(1, (2, 4, 8))
    assert workspace.choice.block_size == 8 and workspace.choices.of(CONV).block_size == 4
    assert workspace.toggle_dense() and workspace.choices.dense == {EXPAND}
    assert workspace.selection is not None and workspace.selection.selection is None
    assert {layer.name for layer in workspace.pruned} == {CONV, HEAD}
    workspace.select("stem")
    assert not workspace.toggle_dense()


@given(st.lists(st.sampled_from(["method", "block", "sparsity", "scope", "dense", "layer"]), max_size=12))
def test_undo_takes_every_change_back(steps: list[str]) -> None:
    workspace = Workspace(ModelSpec("small"), Choice("bed"))
    workspace.open(make_model())
    edits: dict[str, Callable[[], object]] = {
        "method": lambda: workspace.step_method(1),
        "block": lambda: workspace.step_block(1, (2, 4)),
        "sparsity": lambda: workspace.step_sparsity(-1),
        "scope": workspace.step_scope,
        "dense": workspace.toggle_dense,
        "layer": lambda: workspace.select(CONV),
    }
    seen = [workspace.choices]
    for step in steps:
        edits[step]()
        if workspace.choices != seen[-1]:
            seen.append(workspace.choices)
    last = seen[-1]
    for before in reversed(seen[:-1]):
        assert workspace.undo() and workspace.choices == before
    assert not workspace.undo()
    while workspace.redo():
        pass
    assert workspace.choices == last


def test_a_selection_that_was_overtaken_is_not_begun_and_a_late_one_not_shown() -> None:
    runner = LateRunner()
    workspace = make_workspace(runner)
    runner.finish()
    late = workspace.selection
    assert late is not None
    workspace.step_sparsity(5)
    workspace.step_sparsity(5)
    assert not workspace.settled and workspace.selection is late
    runner.finish()
    assert workspace.settled and workspace.selection.request.choice.sparsity == 0.85
    shown = workspace.selection
    workspace.take_selection(late)
    assert workspace.selection is shown
    # What was drawn lately comes back without any thread.
    workspace.undo()
    workspace.undo()
    assert workspace.settled and "select_blocks" not in runner.waiting


def test_why_there_is_no_selection() -> None:
    workspace = make_workspace()
    workspace.change(method="greedy", sparsity=0.0)
    assert workspace.problem is not None and "greedy" in workspace.problem.title and workspace.selection is None
    workspace.change(method="bed", sparsity=0.5)
    assert workspace.problem is None and workspace.settled


def test_what_a_session_prepares_is_limited_to_the_model() -> None:
    workspace = Workspace(ModelSpec("small"), Choice("bed"))
    choices = LayerChoices(Choice("abp")).with_layers([HEAD, "gone"], block_size=8).with_dense([CONV, "gone"], True)
    workspace.prepare(choices, "layer", CONV, True, Marks(("gone", HEAD), "*", "name", True))
    workspace.open(make_model())
    assert workspace.layer == CONV and workspace.by_tap and workspace.scope == "layer"
    assert set(workspace.choices.special) == {HEAD} and workspace.choices.dense == {CONV}
    assert workspace.marks == Marks((HEAD,), "*", "name", True)


def test_figures_follow_the_device() -> None:
    asked: list[str] = []

    def read(model: LoadedModel, device: str) -> LayerFigures:
        asked.append(device)
        return LayerFigures(device)

    services = make_services(make_model())
    bench = replace(services.bench)
    object.__setattr__(bench, "read_figures", read)
    workspace = make_workspace(services=replace(services, bench=bench))
    workspace.follow_device("host")
    assert asked == ["host"] and workspace.figures.device == "host"
    workspace.take_figures("other", LayerFigures("other"))
    assert workspace.figures.device == "host"


def test_two_choices_side_by_side() -> None:
    model, services = make_model(), make_services(make_model())
    workspace = make_workspace()
    sides = SideBySide(model, workspace.known, ComparisonCache(), EXPAND, pair_of(workspace.choice, "optimal"))
    ComparisonErrand(sides, services, InlineRunner(), ForegroundGate())
    compared = count(sides.compared)
    sides.want()
    assert sides.settled and compared() == 1
    comparison = sides.comparison
    assert comparison is not None and comparison.difference is not None
    left, right = (side.selection for side in comparison.sides if side is not None)
    assert left is not None and right is not None and right.retained >= left.retained
    sides.step_layer(1)
    assert sides.layer == CONV and sides.settled
    sides.swap()
    assert [choice.method for choice in sides.choices] == ["optimal", "abp"] and sides.settled
    sides.activate(0)
    sides.step_block(1)
    assert (sides.choices[0].block_size, sides.choices[1].block_size) == (8, 4)


def test_a_loader_tells_steps_and_the_end() -> None:
    from contextlib import nullcontext

    def load(spec: ModelSpec, progress: Callable[[str], None]) -> LoadedModel:
        progress("reading")
        if spec.name == "bad":
            raise ModelError("bad: there is no such network")
        return make_model()

    services = replace(make_services(make_model()), load_model=load)
    loader = Loader(services, InlineRunner(), nullcontext)
    steps, ends = count(loader.progressed), count(loader.ended)
    loader.load(ModelSpec("small"))
    assert (steps(), ends()) == (1, 1) and loader.step == "reading" and not loader.busy
    assert loader.model is not None and loader.failure is None
    loader.load(ModelSpec("bad"))
    assert loader.model is None and loader.failure == LoadFailure("bad: there is no such network", 2)


@pytest.mark.parametrize("pattern", ["", "conv", "*.conv", "3x3"])
def test_marks_are_values(pattern: str) -> None:
    layers = make_model().layers
    marks = Marks().filtered(pattern).with_shown(layers)
    assert set(marks.names) <= {EXPAND, CONV, HEAD}
    assert marks.with_shown(layers).names == () and marks.inverted(layers).names == ()
    assert Marks().sort_stepped("name").sort_stepped("name") == Marks(sort="name", descending=True)
    assert Marks().sort_stepped("name").sort_stepped("name").sort_stepped("name") == Marks()
