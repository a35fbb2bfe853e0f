"""The part of the explore screen that is about choices: for which layers, stepped by keys, undone and redone."""

from __future__ import annotations

from typing import Any

from textual.reactive import reactive

from ubp_tui import messages
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import SCOPES, ChoiceHistory, LayerChoices, Scope
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.screens.explore_marks import ExploreMarks
from ubp_tui.widgets.controls.choice_bar import ChoiceBar
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.work.services import Services


class ExploreChoices(ExploreMarks):
    """A screen with a choice for every layer."""

    choices: reactive[LayerChoices] = reactive(LayerChoices, init=False, repaint=False)
    """What is chosen for every layer."""
    scope: reactive[Scope] = reactive("all", init=False, repaint=False)
    """Which layers a change is meant for."""
    layer: reactive[str] = reactive("", init=False, repaint=False)
    """Name of the layer on the screen; empty before there is one."""

    def __init__(self, services: Services, choice: Choice) -> None:
        """Args: what computes, the first choice for all layers."""
        super().__init__(services)
        self.set_reactive(ExploreChoices.choices, LayerChoices(choice))
        self._past = ChoiceHistory()

    @property
    def choice(self) -> Choice:
        """The choice of the layer on the screen."""
        return self.choices.of(self.layer)

    def set_choices(self, choices: LayerChoices) -> None:
        """Take over choices for all layers; they can be undone."""
        if choices != self.choices:
            self._past.note(self.choices)
            self.choices = choices

    def change(self, **fields: Any) -> None:
        """Change fields of the choice (`method`, `block_size`, `sparsity`) for the layers of the scope."""
        names = self._scope_names()
        if names is None:
            self.set_choices(self.choices.with_default(**fields))
        else:
            self.set_choices(self.choices.with_layers(names, **fields))

    def _scope_names(self) -> tuple[str, ...] | None:
        """Names of the layers of the scope; None for the whole network. Without marks, "marked" is the layer."""
        if self.scope == "all" or not self.layer:
            return None
        return (self.scope == "marked" and self.marked) or (self.layer,)

    def watch_scope(self, scope: Scope) -> None:
        """Show it."""
        self.query_one(ChoiceBar).scope = scope

    def on_choice_changed(self, message: messages.ChoiceChanged) -> None:
        """A control was used."""
        self.change(**message.fields)

    def on_scope_picked(self, message: messages.ScopePicked) -> None:
        """A scope was clicked."""
        self.scope = message.scope

    def action_step_scope(self) -> None:
        """The next scope."""
        self.scope = SCOPES[(SCOPES.index(self.scope) + 1) % len(SCOPES)]

    def action_step_method(self, step: int) -> None:
        """Next or previous method."""
        self.change(method=self.choice.with_method_step(step).method)

    def action_step_block(self, step: int) -> None:
        """Next or previous block size."""
        sizes = self.query_one(ChoiceBar).block_sizes
        known = tuple(sorted({*sizes, self.choice.block_size}))
        self.change(block_size=self.choice.with_block_step(step, known).block_size)

    def action_step_sparsity(self, percent: int) -> None:
        """More or less sparsity."""
        self.change(sparsity=self.choice.with_sparsity_step(percent).sparsity)

    def action_toggle_dense(self) -> None:
        """Keep the layer, or all marked ones, dense; or prune them again."""
        if self.model is None or not self.layer:
            return
        layers = [self.model.layer(name) for name in self._scope_names() or (self.layer,)]
        names = tuple(layer.name for layer in layers if layer.prunable)
        if not names:
            line = f"{layers[0].name} can't be pruned ({layers[0].skip_reason}): it stays dense in any case."
            self.app.push_screen(ErrorDialog("Nothing to change", line, advice="Go to a layer that is pruned (j, k)."))
        else:
            self.set_choices(self.choices.with_dense(names, not set(names) <= self.choices.dense))

    def action_undo(self) -> None:
        """Put the choices before the last change back."""
        earlier = self._past.undo(self.choices)
        if earlier is None:
            self.notify("no earlier choice", timeout=2)
        else:
            self.choices = earlier

    def action_redo(self) -> None:
        """Take an undo back."""
        later = self._past.redo(self.choices)
        if later is not None:
            self.choices = later

    def action_compare(self, kind: str) -> None:
        """Ask for a comparison on the layer on the screen."""
        self.post_message(messages.CompareRequested(kind))

    def return_from(self, layer: str, choice: Choice | None) -> None:
        """Go to a layer, and take over a choice for the layers of the scope."""
        self.query_one(LayerTable).highlight(layer)
        if self.layer != layer:
            self.layer = layer
        if choice is not None:
            self.change(method=choice.method, block_size=choice.block_size, sparsity=choice.sparsity)
