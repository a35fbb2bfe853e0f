"""The part of the explore screen that decides and takes away: budgets, plan files, exports."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from textual import work

from ubp_tui.choices.budget import CRITERION, budget_names, first_request, share_budget
from ubp_tui.choices.choice import ModelRequest
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.plan_files import find_plans
from ubp_tui.choices.plans import adopt_plan, plan_choices
from ubp_tui.dialogs.budget import BudgetDialog
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.export import ExportDialog
from ubp_tui.dialogs.prompt import PromptDialog
from ubp_tui.screens.explore_figures import ExploreFigures
from ubp_tui.work.exporting import ExportJob

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import Plan

CHECKPOINTS = (".safetensors", ".pt", ".pth")
"""Endings of names of models that are files."""


class ExplorePlans(ExploreFigures):
    """A screen whose choices can be shared out, loaded and taken away."""

    model_request: ModelRequest
    """How the model was loaded; it goes into plans."""

    def action_budget(self) -> None:
        """Ask for one sparsity over the marked layers, or all."""
        model, marked = self.model, self.marked
        if model is None:
            return
        choices = self.choices
        names = budget_names(model, choices, marked)
        request = first_request(choices, names, self.layer)
        dialog = BudgetDialog(request, bool(marked), lambda wanted: share_budget(model, choices, wanted))
        self.app.push_screen(dialog, lambda found: None if found is None else self.set_choices(found))

    def action_load_plan(self) -> None:
        """Ask for a plan's file, and take its choices over."""
        model = self.model
        if model is None:
            return

        def check(text: str) -> str:
            return "" if text and Path(text).expanduser().is_file() else f"There is no file {text or 'without a name'}."

        def load(text: str | None) -> None:
            if text:
                self._load_plan(Path(text).expanduser(), model)

        hint = "A YAML file, from `ubp plan` or from e. Offered are those of this folder."
        self.app.push_screen(PromptDialog("Load a plan", hint, check, find_plans(Path())), load)

    @work(thread=True, exclusive=True, group="load_plan", description="read a plan")
    def _load_plan(self, path: Path, model: LoadedModel) -> None:
        """Read and check it, off the event loop."""
        from ubp_core.errors import UbpError
        from ubp_core.plan import Plan

        try:
            plan = Plan.load(path)
            choices, left_out = adopt_plan(plan, model)
        except UbpError as error:
            dialog = ErrorDialog("The plan can't be used", str(error))
            self.call_later(self.app.push_screen, dialog)
            return
        self.call_later(self._adopt, path, plan, choices, left_out)

    def _adopt(self, path: Path, plan: Plan, choices: LayerChoices, left_out: tuple[str, ...]) -> None:
        """Take over what was read."""
        self.set_choices(choices)
        line = f"choices of {path.name}; u takes them back"
        if left_out:
            line += f". {', '.join(left_out[:3])} stays dense here"
        if plan.criterion != CRITERION:
            line += f". Its importance is {plan.criterion}; the app shows and exports {CRITERION}"
        self.notify(line, timeout=6)

    def action_export(self) -> None:
        """Ask what to take away, and where."""
        model = self.model
        if model is None:
            return
        plan = plan_choices(self.choices, model, self.model_request)
        marked = tuple(name for name in self.marked if not plan.layer(name).dense)
        views = self._capture_views()
        figures = self.figures

        def make_job(files: tuple[tuple[str, Path], ...], only_marked: bool) -> ExportJob:
            return ExportJob(plan, model, files, marked if only_marked else None, views, figures)

        self.app.push_screen(ExportDialog(name_export(model, self.choices), len(marked), make_job), self._tell_written)

    def _tell_written(self, paths: tuple[Path, ...] | None) -> None:
        """Say what is there now."""
        if paths:
            names = ", ".join(path.name for path in paths)
            self.notify(f"wrote {names} into {paths[0].parent.resolve()}", timeout=6)

    def _capture_views(self) -> dict[str, Callable[[], str]]:
        """This screen as it is now; the texts are made later, on a worker's thread."""
        size = self.size
        render = self._compositor.render_update(full=True)
        strips = self._compositor.render_strips()
        title = self.app.title

        def draw() -> str:
            console = Console(
                width=size.width,
                height=size.height,
                file=io.StringIO(),
                force_terminal=True,
                color_system="truecolor",
                record=True,
                legacy_windows=False,
                safe_box=False,
            )
            console.print(render)
            return console.export_svg(title=title)

        return {"picture": draw, "text": lambda: "".join(f"{strip.text.rstrip()}\n" for strip in strips)}


def name_export(model: LoadedModel, choices: LayerChoices) -> str:
    """A first name for files: network, method, block size and sparsity."""
    default, budget = choices.default, choices.budget
    pruned = [layer.name for layer in model.prunable if layer.name not in choices.dense]
    known = Path(model.name).stem if Path(model.name).suffix in CHECKPOINTS else model.name
    name = re.sub(r"[^\w.-]+", "-", known.rpartition("/")[2])
    kind = f"{default.method}-{default.block_size}-{100 * default.sparsity:g}" if choices.uniform else "plan"
    if budget is not None and all(map(choices.shares, pruned)):
        kind = f"{budget.choice.method}-{budget.choice.block_size}-{100 * budget.choice.sparsity:g}-global"
    return f"{name.strip('-')}-{kind}"
