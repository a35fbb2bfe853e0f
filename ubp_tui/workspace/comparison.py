"""Two choices on one layer side by side: what is compared, and what came out. No Textual, no thread, no disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ubp_tui.choices.choice import Choice, offered_block_sizes
from ubp_tui.observing import Signal
from ubp_tui.work.comparing import Comparison, ComparisonRequest, Pair, pair_of
from ubp_tui.workspace.cache import ComparisonCache, ResultCache

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel


class SideBySide:
    """One comparison screen's state. Edits are meant for the active side."""

    def __init__(self, model: LoadedModel, known: ResultCache, pairs: ComparisonCache, layer: str, pair: Pair) -> None:
        """Args: the model, what is known of single sides and of comparisons, a prunable layer, the two choices."""
        self.model, self.known, self.pairs = model, known, pairs
        self.choices = pair
        """Left and right."""
        self.active = 1
        """The side that is changed: 0 left, 1 right."""
        self.layer = layer
        """Name of the layer."""
        self.by_tap = False
        """Whether columns stand by tap of the kernel."""
        self.comparison: Comparison | None = None
        """What is on the screen."""
        self.request = ComparisonRequest(0, layer, pair)
        """What is to be on the screen."""
        self.wish_changed = Signal()
        """Another comparison is wanted."""
        self.active_changed = Signal()
        self.compared = Signal()
        """Another comparison is there."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers that can be compared."""
        return tuple(layer.name for layer in self.model.prunable)

    @property
    def settled(self) -> bool:
        """Whether the comparison that is wanted is on the screen."""
        return self.comparison is not None and self.comparison.request.key == self.request.key

    def want(self) -> None:
        """Wish for the comparison of the moment; it is there at once if it was made lately."""
        self.request = ComparisonRequest(self.request.number + 1, self.layer, self.choices, self.by_tap)
        self.wish_changed.emit()

    def take(self, comparison: Comparison) -> None:
        """A comparison is there: what was computed is kept, and shown unless it was overtaken."""
        for side in comparison.sides:
            if side is not None:
                self.known.keep(side)
        self.pairs.keep(comparison)
        if comparison.request.key == self.request.key:
            self.comparison = comparison
            self.compared.emit()

    def change(self, place: int, **fields: object) -> None:
        """Change fields of one side's choice."""
        changed = replace(self.choices[place], **fields)  # type: ignore[arg-type]
        self.set_choices((changed, self.choices[1]) if place == 0 else (self.choices[0], changed))

    def set_choices(self, choices: Pair) -> None:
        """Compare other choices."""
        if choices != self.choices:
            self.choices = choices
            self.want()

    def activate(self, place: int) -> None:
        """Mean the left (0) or the right (1) side from now on."""
        if place != self.active:
            self.active = place
            self.active_changed.emit()

    @property
    def choice(self) -> Choice:
        """The active side's."""
        return self.choices[self.active]

    def step_method(self, step: int) -> None:
        """Next or previous method."""
        self.change(self.active, method=self.choice.with_method_step(step).method)

    def step_block(self, step: int) -> None:
        """Next or previous block size."""
        sizes = offered_block_sizes(self.choice)
        self.change(self.active, block_size=self.choice.with_block_step(step, sizes).block_size)

    def step_columns(self) -> None:
        """The other number of columns of a block."""
        self.change(self.active, block_columns=self.choice.with_other_columns().block_columns)

    def step_sparsity(self, percent: int) -> None:
        """More or less sparsity."""
        self.change(self.active, sparsity=self.choice.with_sparsity_step(percent).sparsity)

    def swap(self) -> None:
        """Left becomes right."""
        self.set_choices((self.choices[1], self.choices[0]))

    def copy_side(self) -> None:
        """Give the active side the choice of the other."""
        other = self.choices[1 - self.active]
        self.set_choices((other, other))

    def compare_optimal(self) -> None:
        """Aligned against the best unaligned blocks, at the active side's block size and sparsity."""
        self.set_choices(pair_of(self.choice, "optimal"))

    def step_layer(self, rows: int) -> None:
        """Next or previous prunable layer."""
        layer = self.names[min(max(self.names.index(self.layer) + rows, 0), len(self.names) - 1)]
        if layer != self.layer:
            self.layer = layer
            self.want()

    def toggle_taps(self) -> None:
        """Columns by tap, or by channel."""
        self.by_tap = not self.by_tap
        self.want()
