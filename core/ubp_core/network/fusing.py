"""Makes residual additions and activations part of the operation before them, so that no array is walked twice."""

from __future__ import annotations

from ubp_core.network.draft import Draft, Step
from ubp_core.packed.format import Op

FUSING_OPS = (Op.LAYER, Op.ADD, Op.MULTIPLY)
"""Operations that can apply an activation to their result."""


def fuse_addends(draft: Draft) -> None:
    """`layer(x) + y` becomes a layer with an addend, where nothing else uses the layer's own result.

    Of two layers, the one that runs later gets the other's result as its addend.
    """
    for step in [step for step in draft.steps if step.op == Op.ADD]:
        first, second = step.inputs
        if first == second or draft.values[first].chw != draft.values[second].chw:
            continue
        candidates = [layer for value in (first, second) if (layer := plain_layer(draft, value)) is not None]
        if not candidates:
            continue
        layer = max(candidates, key=draft.steps.index)
        addend = second if layer.output == first else first
        draft.merge(layer, step, inputs=(*layer.inputs, addend), activation=step.activation)


def plain_layer(draft: Draft, value: int) -> Step | None:
    """The layer that makes a value, if it has neither addend nor activation and only one step uses the value."""
    maker = draft.maker(value)
    if maker is None or maker.op != Op.LAYER or maker.activation != "none" or len(maker.inputs) > 1:
        return None
    return maker if draft.uses(value) == 1 else None


def fuse_activations(draft: Draft) -> None:
    """An activation goes into the operation before it, where nothing else uses that one's result."""
    for step in [step for step in draft.steps if step.op == Op.ACTIVATION]:
        before = draft.maker(step.inputs[0])
        if before is None or before.op not in FUSING_OPS or before.activation != "none":
            continue
        if draft.uses(before.output) == 1:
            draft.merge(before, step, activation=step.activation)
