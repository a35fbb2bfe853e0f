"""The dialog that spends one budget over many layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, RadioSet, Static
from textual.worker import get_current_worker

from ubp_tui.choices.budget import BudgetRequest
from ubp_tui.choices.choice import MAX_SPARSITY
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.renderables.cells import shown
from ubp_tui.widgets.plan.field import PercentField
from ubp_tui.widgets.plan.tick import Dot, DotSet


class BudgetDialog(ModalScreen[LayerChoices]):
    """Asks for a sparsity, floor and ceiling; its result is the new choices, or None if the user left."""

    BINDINGS = [  # noqa: RUF012 (Textual's own form)
        Binding("escape", "leave", "close"),
        Binding("enter", "accept", "OK"),
    ]

    def __init__(self, request: BudgetRequest, marked: bool, share: Callable[[BudgetRequest], LayerChoices]) -> None:
        """Args: what to begin with, whether its layers are the marked ones, what shares a budget (on a thread)."""
        super().__init__()
        self._request = request
        self._marked = marked
        self._share = share

    def compose(self) -> ComposeResult:
        """Scope, numbers, hint, buttons."""
        request = self._request
        choice, count = request.choice, len(request.names)
        which = f"all {count} layers that are pruned"
        if self._marked:
            which = "the marked layer" if count == 1 else f"the {count} marked layers"
        with Vertical(id="budget", classes="dialog") as panel:
            panel.border_title = "Budget"
            yield Static(f"For {which}: {choice.method}, N = {choice.block}.", id="budget-what", markup=False)
            with DotSet(id="budget-scope", compact=True):
                yield Dot("one budget: blocks stay where they keep most", value=True, id="global")
                yield Dot("every layer at the same sparsity", id="uniform")
            yield PercentField("Sparsity", choice.sparsity, "of the weights go", id="budget-sparsity")
            yield PercentField("Floor", request.floor, "of a layer stay at least", id="budget-floor")
            yield PercentField("Ceiling", request.ceiling, "of a layer stay at most", id="budget-ceiling")
            with DotSet(id="budget-scale", compact=True):
                yield Dot("compare importance as it is", value=request.scale == "raw", id="raw")
                yield Dot("compare it relative to each layer's mean", value=request.scale == "mean", id="mean")
            yield Static("", id="budget-hint", markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button("OK", id="budget-ok", variant="primary", compact=True)
                yield Button("Cancel", id="budget-cancel", compact=True)

    def on_mount(self) -> None:
        """Begin at the sparsity."""
        self.query_one("#budget-sparsity Input").focus()

    @on(RadioSet.Changed, "#budget-scope")
    def _show_scope(self, event: RadioSet.Changed) -> None:
        """Floor, ceiling and scale belong to a budget."""
        for name in ("#budget-floor", "#budget-ceiling", "#budget-scale"):
            self.query_one(name).disabled = event.pressed.id == "uniform"

    @on(Input.Submitted)
    @on(Button.Pressed, "#budget-ok")
    def action_accept(self) -> None:
        """Read the numbers, and begin; while one begin is under way there is no other."""
        if self.query_one("#budget-ok", Button).disabled:
            return
        try:
            request = self._read_request()
        except ValueError as error:
            self.show_hint(str(error))
            return
        self.query_one("#budget-ok", Button).disabled = True
        self.show_hint("finding the price of a block ...")
        self._run(request)

    def _read_request(self) -> BudgetRequest:
        """What is asked for; raises ValueError with a line."""
        shares = [
            self.query_one(f"#budget-{name}", PercentField).read_share() for name in ("sparsity", "floor", "ceiling")
        ]
        if shares[0] > MAX_SPARSITY:
            raise ValueError(f"Sparsity: at most {MAX_SPARSITY:.0%}")
        if shares[1] > shares[2]:
            raise ValueError("Floor: must not be above the ceiling")
        choice = replace(self._request.choice, sparsity=shares[0])
        scope, scale = (self.query_one(name, RadioSet).pressed_button for name in ("#budget-scope", "#budget-scale"))
        assert scope is not None and scope.id is not None and scale is not None and scale.id is not None
        return BudgetRequest(self._request.names, choice, scope.id, shares[1], shares[2], scale.id)

    @work(thread=True, exclusive=True, group="share_budget", description="share a budget among the layers")
    def _run(self, request: BudgetRequest) -> None:
        """Share it, off the event loop."""
        from ubp_core.errors import UbpError

        worker = get_current_worker()
        choices: LayerChoices | None = None
        line = ""
        try:
            choices = self._share(request)
        except (UbpError, MemoryError) as error:
            line = str(error) or "not enough memory"
        if not worker.is_cancelled:
            self.call_later(self._finish, choices, line)

    def _finish(self, choices: LayerChoices | None, line: str) -> None:
        """Answer, or say why not."""
        if choices is not None:
            self.dismiss(choices)
        else:
            self.query_one("#budget-ok", Button).disabled = False
            self.show_hint(line)

    def show_hint(self, line: str) -> None:
        """A line below the fields."""
        self.query_one("#budget-hint", Static).update(shown(line))

    @on(Button.Pressed, "#budget-cancel")
    def action_leave(self) -> None:
        """No answer; what is computed is dropped."""
        self.workers.cancel_node(self)
        self.dismiss()
