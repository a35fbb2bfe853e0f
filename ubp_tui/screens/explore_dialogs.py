"""What the explore screen asks for in dialogs: patterns, places, budgets, plan files, exports."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from ubp_core.vocabulary import DEFAULT_CRITERION, DEFAULT_DTYPE
from ubp_tui.choices.budget import budget_names, first_request, share_budget
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.marks import find_pattern
from ubp_tui.choices.paths import typed_path
from ubp_tui.choices.patterns import suggest_patterns
from ubp_tui.choices.plan_files import find_plans
from ubp_tui.choices.plans import adopt_plan, plan_choices
from ubp_tui.dialogs.budget import BudgetDialog
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.export import ExportDialog, Written
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.observing import Cancelled, Runner
from ubp_tui.renderables.map.readout import list_places, parse_place
from ubp_tui.work.exporting import ExportJob
from ubp_tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import Plan
    from ubp_tui.widgets.map.block_map import BlockMap

CHECKPOINTS = (".safetensors", ".pt", ".pth")
"""Endings of names of models that are files."""
PATTERN_HINT = "Words that must be in the name, kind or shape, or a pattern for the whole name: *.project_conv"
PLAN_HINT = "A YAML file, from `ubp plan` or from e. Offered are those of this folder."


class ExploreDialogs:
    """Asks, and changes the workspace by the answers."""

    def __init__(
        self, screen: Screen[Any], workspace: Workspace, runner: Runner, written: Callable[[], None] = lambda: None
    ) -> None:
        """Args: the screen that the dialogs lie over, what they change, what reads files beside the event loop, who
        hears that files were written."""
        self._written = written
        self._screen, self._workspace, self._runner = screen, workspace, runner

    def ask_pattern(self) -> None:
        """Ask for a pattern and mark what it means."""
        workspace = self._workspace
        if workspace.model is None:
            return
        layers = workspace.model.layers

        def check(pattern: str) -> str:
            known = not pattern or find_pattern(pattern, layers)
            return "" if known else f"No layer that can be pruned matches {pattern!r}. Try fewer words, or *word*."

        def mark(pattern: str | None) -> None:
            if pattern:
                workspace.set_marks(workspace.marks.with_pattern(pattern, layers))

        offers = [(pattern, f"{count} layers") for pattern, count in suggest_patterns(workspace.model.prunable)]
        self._screen.app.push_screen(PromptDialog("Mark layers", PATTERN_HINT, check, offers), mark)

    def ask_place(self, block_map: BlockMap, go: Callable[[], None]) -> None:
        """Ask for a place of the map, put the cursor there, and go to the map."""
        source, kernel = block_map.source, block_map.kernel
        if source is None:
            return

        def check(text: str) -> str:
            try:
                parse_place(text, source.shape)
            except ValueError as error:
                return str(error)
            return ""

        def jump(text: str | None) -> None:
            if text is None:
                return
            row, column = parse_place(text, source.shape)
            at = block_map.cursor
            block_map.move_to(at[0] if row is None else row, at[1] if column is None else kernel.drawn_column(column))
            go()

        hint = f"ROW or ROW COLUMN, or ,COLUMN: rows 0 to {source.shape[0] - 1}, columns 0 to {source.shape[1] - 1}"
        self._screen.app.push_screen(PromptDialog("Go to", hint, check, list_places(source, kernel)), jump)

    def ask_budget(self) -> None:
        """Ask for one sparsity over the marked layers, or all."""
        workspace, model = self._workspace, self._workspace.model
        if model is None:
            return
        choices, marked = workspace.choices, workspace.marks.names
        request = first_request(choices, (), workspace.layer)
        request = replace(request, names=budget_names(model, choices, marked, request.choice.block_size))
        dialog = BudgetDialog(request, bool(marked), partial(share_budget, model, choices))
        self._screen.app.push_screen(dialog, lambda found: None if found is None else workspace.set_choices(found))

    def ask_plan(self) -> None:
        """Ask for a plan's file, and take its choices over."""
        model = self._workspace.model
        if model is None:
            return

        def check(text: str) -> str:
            return "" if text and typed_path(text).is_file() else f"There is no file {text or 'without a name'}."

        def load(text: str | None) -> None:
            if text:
                self.load_plan(typed_path(text), model)

        self._screen.app.push_screen(
            PromptDialog("Load a plan", PLAN_HINT, check, find_plans(Path(), self._workspace.spec.name)), load
        )

    def load_plan(self, path: Path, model: LoadedModel) -> None:
        """Take the choices of a plan's file over, or say why they can't be used."""
        self._runner.run("load_plan", partial(self._read_plan, path, model), "read a plan")

    def _read_plan(self, path: Path, model: LoadedModel, cancelled: Cancelled) -> None:
        """Read and check it, off the event loop."""
        from ubp_core.errors import UbpError
        from ubp_core.plan import Plan

        try:
            plan = Plan.load(path)
            choices, left_out = adopt_plan(plan, model)
        except UbpError as error:
            self._runner.tell(self._screen.app.push_screen, ErrorDialog("The plan can't be used", str(error)))
            return
        self._runner.tell(self._adopt, path, plan, choices, left_out)

    def _adopt(self, path: Path, plan: Plan, choices: LayerChoices, left_out: tuple[str, ...]) -> None:
        """Take over what was read."""
        self._workspace.set_choices(choices)
        line = f"choices of {path.name}; u takes them back"
        if left_out:
            line += f". {', '.join(left_out[:3])} stays dense here"
        if plan.criterion != DEFAULT_CRITERION:
            line += f". Its importance is {plan.criterion}; the app shows and exports {DEFAULT_CRITERION}"
        self._screen.notify(line, timeout=6)

    def ask_export(self, views: dict[str, Callable[[], str]]) -> None:
        """Ask what to take away, and where; `views` make the text of what the screen shows."""
        workspace, model = self._workspace, self._workspace.model
        if model is None:
            return
        plan = plan_choices(workspace.choices, model, workspace.spec)
        marked = tuple(name for name in workspace.marks.names if not plan.layer(name).dense)
        figures = workspace.figures

        def make_job(files: tuple[tuple[str, Path], ...], only_marked: bool, calibration: str) -> ExportJob:
            workspace.calibration = calibration or workspace.calibration
            return ExportJob(plan, model, files, marked if only_marked else None, views, figures, calibration)

        name, dtypes = name_export(model, workspace.choices), workspace.choices.dtypes
        dialog = ExportDialog(name, len(marked), dtypes, workspace.calibration, make_job)
        self._screen.app.push_screen(dialog, self._tell_written)

    def _tell_written(self, written: Written | None) -> None:
        """Say what is there now; what to know of a network stays until it was read."""
        if not written:
            return
        self._written()
        names = ", ".join(path.name for path in written.paths)
        line = f"wrote {names} into {written.paths[0].parent.resolve()}"
        self._screen.notify(line, timeout=6)
        if written.notes:
            self._screen.app.push_screen(ErrorDialog("What to know of the network", "\n".join(written.notes)))


def name_export(model: LoadedModel, choices: LayerChoices) -> str:
    """A first name for files: network, method, block size and sparsity."""
    default, budget = choices.default, choices.budget
    pruned = [layer.name for layer in model.prunable if layer.name not in choices.dense]
    known = Path(model.name).stem if Path(model.name).suffix in CHECKPOINTS else model.name
    name = re.sub(r"[^\w.-]+", "-", known.rpartition("/")[2])
    kind = f"{default.method}-{default.block}-{100 * default.sparsity:g}" if choices.uniform else "plan"
    if budget is not None and all(map(choices.shares, pruned)):
        kind = f"{budget.choice.method}-{budget.choice.block}-{100 * budget.choice.sparsity:g}-global"
    return f"{name.strip('-')}-{kind}" + (f"-{choices.dtype}" if choices.dtype != DEFAULT_DTYPE else "")
