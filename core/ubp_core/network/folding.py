"""Makes normalisation and zero padding part of the convolutions around them."""

from __future__ import annotations

from dataclasses import replace

from ubp_core.errors import ModelError
from ubp_core.network.draft import Draft, LayerWeights
from ubp_core.packed.format import Op


def fold_scales(draft: Draft) -> None:
    """A factor and an offset for each channel behind a layer go into its rows and its bias.

    They remain, as a depthwise 1x1 convolution, where the layer's result is used elsewhere too, where there is no
    layer, and where zeros lie between the two: the offset is all that there is in that border.
    """
    for step in [step for step, weights in draft.layer_steps() if weights.is_scale]:
        before = draft.maker(step.inputs[0])
        if before is None or before.weights is None or draft.uses(before.output) != 1:
            continue
        assert step.weights is not None
        if step.weights.is_padded:
            continue
        if len(before.inputs) > 1 or before.activation != "none":
            continue
        weights = with_scale(before.weights, step.weights)
        draft.merge(before, step, weights=weights)


def with_scale(weights: LayerWeights, scale: LayerWeights) -> LayerWeights:
    """A layer with the factors and offsets that come behind it."""
    name = weights.name if not weights.is_scale else scale.name
    return replace(weights, name=name, scale=weights.scale * scale.scale, bias=weights.bias * scale.scale + scale.bias)


def fold_pads(draft: Draft, model: str) -> None:
    """Zeros around an image become the padding of the convolutions that read it.

    Raises:
        ModelError: something else reads it, or there are more zeros above than below, or left than right.
    """
    for step in [step for step in draft.steps if step.op is None]:
        users = draft.users(step.output)
        above, below, left, right = step.pads
        reads = all(user.op == Op.LAYER and user.inputs[0] == step.output and len(user.inputs) == 1 for user in users)
        if not reads or step.output in draft.outputs:
            raise ModelError(f"{model} can't be exported: pad at {step.place} is not in front of a convolution")
        if below < above or right < left:
            raise ModelError(
                f"{model} can't be exported: pad at {step.place} has more zeros above than below, or left than right"
            )
        for user in users:
            assert user.weights is not None
            old = user.weights
            weights = replace(
                old,
                padding=(old.padding[0] + above, old.padding[1] + left),
                extra_padding=(old.extra_padding[0] + below - above, old.extra_padding[1] + right - left),
            )
            draft.swap(user, replace(user, inputs=step.inputs, weights=weights))
        draft.steps.remove(step)
        del draft.values[step.output]
