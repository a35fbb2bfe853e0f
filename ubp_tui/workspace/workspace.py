"""What is open, what the user has decided about it, and what is known of it. No Textual, no thread, no disk.

For the event loop only. Every edit leaves a whole state and then emits the signals of what changed; observers read the
state and decide when to draw. Results come back through the `take_` methods: what answers an earlier wish is kept where
it is worth it, and never shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ubp_core.history.figures import LayerFigures
from ubp_core.vocabulary import DTYPES
from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.choices.layer_choices import SCOPES, ChoiceHistory, LayerChoices, Scope
from ubp_tui.choices.marks import Marks
from ubp_tui.choices.problem import Problem
from ubp_tui.choices.remarks import NOTHING_MARKED, remark_on_change, remark_on_types
from ubp_tui.work.measuring import LayerMeasure
from ubp_tui.work.selecting import LayerResult
from ubp_tui.workspace.cache import ResultCache
from ubp_tui.workspace.state import WorkspaceState

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


class Workspace(WorkspaceState):
    """One model with the choices for its layers."""

    # What is open

    def prepare(self, choices: LayerChoices, scope: Scope, layer: str, by_tap: bool, marks: Marks) -> None:
        """What the model that is opened next begins with; layers that it does not have are forgotten then."""
        self.choices, self.scope, self.layer, self.by_tap, self.marks = choices, scope, layer, by_tap, marks

    def open(self, model: LoadedModel) -> None:
        """Take over a loaded model; without another word its first prunable layer is on the screen."""
        names = [layer.name for layer in model.layers]
        first = (model.prunable or model.layers)[:1]
        self.model, self.known, self._past = model, ResultCache(), ChoiceHistory()
        self.selection, self.problem, self.held = None, None, True
        self.choices = self.choices.limited_to(names)
        self.marks = self.marks.with_names(self.marks.names, model.layers)
        self.layer = self.layer if self.layer in names else "".join(layer.name for layer in first)
        self._renew_wish()
        self.opened.emit()
        self.scope_changed.emit()
        if self.layer:
            self.wish_changed.emit()

    def select(self, layer: str) -> None:
        """Bring another layer to the screen, if the model has it."""
        if layer != self.layer and self.find(layer) is not None:
            self.layer = layer
            self._renew_wish()
            self.wish_changed.emit()

    def toggle_taps(self) -> None:
        """Arrange the map's columns by tap of the kernel, or by channel again."""
        self.by_tap = not self.by_tap
        self._renew_wish()
        self.wish_changed.emit()

    def set_marks(self, marks: Marks) -> None:
        """Mark, filter or sort."""
        if marks != self.marks:
            self.marks = marks
            self.marks_changed.emit()

    def toggle_mark(self, name: str) -> None:
        """Mark a layer, or unmark it."""
        self.set_marks(self.marks.toggled(name, self.layers))

    def hold(self, held: bool) -> None:
        """Leave for later what nobody waits for, or go on with it."""
        self.held = held
        self.held_changed.emit()

    # Choices

    def set_choices(self, choices: LayerChoices) -> None:
        """Take over choices for all layers; they can be undone."""
        if choices != self.choices:
            self._past.note(self.choices)
            self._put(choices)

    def change(self, **fields: Any) -> None:
        """Change fields of the choice (its method, say) for the layers of the scope."""
        names, before = self._scope_names(), self.choices
        if names is None:
            self.set_choices(before.with_default(**fields))
        elif not names:
            self.say(NOTHING_MARKED)
        else:
            self.set_choices(before.with_layers(names, **fields))
        if self.choices != before and self.model is not None:
            self.say(remark_on_change(before, self.choices, self.model.prunable, self.marks.pattern))

    def set_dtype(self, dtype: str) -> None:
        """Give the layers of the scope a type; blocks stay as they are selected."""
        names, before = self._scope_names(), self.choices
        if names == ():
            self.say(NOTHING_MARKED)
            return
        self.set_choices(before.with_dtype(dtype, names))
        if self.choices != before:
            self.say(remark_on_types(before, self.choices, self.layers, self.marks.pattern))

    def step_dtype(self) -> None:
        """The next type after that of the layer on the screen, or of the first marked one where these are meant."""
        names = self._scope_names() or (self.layer,)
        now = DTYPES.index(self.choices.dtype_of(names[0]))
        self.set_dtype(DTYPES[(now + 1) % len(DTYPES)])

    def step_method(self, step: int) -> None:
        """Next or previous method."""
        self.change(method=self.meant.with_method_step(step).method)

    def step_block(self, step: int, sizes: Iterable[int]) -> None:
        """Next or previous one of the block sizes that are offered."""
        known = tuple(sorted({*sizes, self.meant.block_size}))
        self.change(block_size=self.meant.with_block_step(step, known).block_size)

    def step_columns(self) -> None:
        """The other number of columns of a block."""
        self.change(block_columns=self.meant.with_other_columns().block_columns)

    def step_sparsity(self, percent: int) -> None:
        """More or less sparsity."""
        self.change(sparsity=self.meant.with_sparsity_step(percent).sparsity)

    def toggle_dense(self) -> bool:
        """Keep the layers of the scope dense, or prune them again; of the whole network only the layer on the screen.

        Returns:
            False where none of them can be pruned in any case; that no layer is marked is said in a remark.
        """
        scope = self._scope_names()
        if scope == ():
            self.say(NOTHING_MARKED)
            return True
        found = map(self.find, scope or (self.layer,))
        names = {layer.name for layer in found if layer is not None and layer.prunable}
        if names:
            self.set_choices(self.choices.with_dense(names, not names <= self.choices.dense))
        return bool(names)

    def set_scope(self, scope: Scope) -> None:
        """Mean other layers by changes from now on."""
        if scope != self.scope:
            self.scope = scope
            self.scope_changed.emit()

    def step_scope(self) -> None:
        """The next scope."""
        self.set_scope(SCOPES[(SCOPES.index(self.scope) + 1) % len(SCOPES)])

    def undo(self) -> bool:
        """Put the choices before the last change back; False where there are none."""
        return self._put(self._past.undo(self.choices))

    def redo(self) -> bool:
        """Take an undo back; False where there is none."""
        return self._put(self._past.redo(self.choices))

    def _put(self, choices: LayerChoices | None) -> bool:
        """Change the choices, and with them what is wanted; other types alone select no other blocks."""
        if choices is None:
            return False
        before, self.choices = self.choices, choices
        if choices.selects_as(before):
            self.choices_changed.emit()
            return True
        self._renew_wish()
        self.choices_changed.emit()
        self.wish_changed.emit()
        return True

    def _scope_names(self) -> tuple[str, ...] | None:
        """Names of the layers of the scope, which may be none; None for the whole network."""
        if self.scope == "all" or not self.layer:
            return None
        return self.marks.names if self.scope == "marked" else (self.layer,)

    def say(self, remark: str) -> None:
        """Leave a remark on what was done, if there is anything to say."""
        self.remark = remark
        if remark:
            self.remarked.emit()

    # Results

    def _renew_wish(self) -> None:
        """Wish for the selection of the layer on the screen; another picture stays until it is there."""
        kept = self.choices.why_kept(self.layer)
        self.wanted = SelectionRequest(self.wanted.number + 1, self.layer, self.choice, kept, self.by_tap)

    def take_selection(self, result: LayerResult) -> None:
        """A selection is there; it is dropped if it was overtaken."""
        if result.request == self.wanted:
            self.selection, self.problem = result, None
            self.known.keep(result)
            self.selection_changed.emit()

    def take_failure(self, request: SelectionRequest, problem: Problem) -> None:
        """There is no selection; the picture of another choice does not stay."""
        if request == self.wanted:
            self.selection, self.problem = None, problem
            self.selection_changed.emit()

    def take_measure(self, choice: Choice, measure: LayerMeasure) -> None:
        """The figures of a layer; they are kept even if the choice has changed by now."""
        self.known.keep_measure(choice, measure)
        self.measures_grew.emit()

    def take_point(self, layer: str, choice: Choice, retained: float) -> None:
        """A point of a curve, of another layer than that on the screen perhaps.

        Args:
            layer: its name.
            choice: method, block size and sparsity of the point.
            retained: share kept, 0..1; NaN where the method gave up.
        """
        self.known.points.setdefault(layer, {})[choice] = retained
        if layer == self.layer:
            self.curve_grew.emit()

    def follow_device(self, name: str) -> None:
        """Want the figures of a device, read anew; an empty name stands for the device of the last run."""
        self.device = name
        self.device_changed.emit()

    def take_figures(self, device: str, figures: LayerFigures) -> None:
        """What the history has for a device, unless another one is followed by now."""
        if device == self.device:
            self.figures = figures
            self.figures_changed.emit()
