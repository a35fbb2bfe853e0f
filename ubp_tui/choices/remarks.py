"""What there is to say after an edit that did more, or less, than the screen shows. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ubp_core.budgets import LARGER_PACKED
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.choices.patterns import matches
from ubp_tui.keys.registry import key_of

if TYPE_CHECKING:
    from ubp_core.models import Layer

NOTHING_MARKED: Final = (
    f"Nothing is changed: no layer is marked. {key_of('layer.mark')} marks the layer under the cursor, "
    f"{key_of('choice.scope')} means other layers."
)
"""Why an edit of the marked layers did nothing."""


def remark_on_change(before: LayerChoices, after: LayerChoices, layers: Sequence[Layer], pattern: str) -> str:
    """What a change of choices left behind or did out of sight; empty where there is nothing to say.

    Args:
        before, after: the choices.
        layers: those that can be pruned.
        pattern: the filter of the layer table.
    """
    larger = after.larger
    left = {layer.name for layer in layers if before.shares(layer.name) and not after.shares(layer.name)} - larger
    parts = []
    if larger and after.budget is not before.budget:
        parts.append(f"{'1 layer stays' if len(larger) == 1 else f'{len(larger)} layers stay'} dense: {LARGER_PACKED}")
    if before.budget is not None and left:
        count = "1 layer has" if len(left) == 1 else f"{len(left)} layers have"
        parts.append(f"{count} left the budget of {100 * before.budget.choice.sparsity:g} %")
    changed = [layer for layer in layers if before.of(layer.name) != after.of(layer.name)]
    return _join([*parts, *_list_hidden(changed, pattern)])


def remark_on_types(before: LayerChoices, after: LayerChoices, layers: Sequence[Layer], pattern: str) -> str:
    """What a change of types did out of sight, or left as it was; arguments as above, but for all layers."""
    parts = []
    budget = after.budget
    if budget is not None and not budget.grow:
        parts.append(f"which layers the budget keeps dense was found before; {key_of('plan.budget')} shares it anew")
    changed = [layer for layer in layers if before.dtype_of(layer.name) != after.dtype_of(layer.name)]
    return _join([*parts, *_list_hidden(changed, pattern)])


def _list_hidden(changed: Sequence[Layer], pattern: str) -> list[str]:
    """A line where the filter hides layers that were changed."""
    hidden = [layer for layer in changed if pattern and not matches(pattern, layer)]
    where = f"the filter hides {len(hidden)} of the {len(changed)} changed layers"
    return [f"{where} ({key_of('view.back')} shows all)"] if hidden else []


def _join(parts: Sequence[str]) -> str:
    """All of it, and the way back."""
    return f"{'; '.join(parts)}; {key_of('choice.undo')} takes it back" if parts else ""
