"""The layers whose integers cost a network most, by measurement: each alone in int8, all others in fp32."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from ubp_core.errors import ModelError
from ubp_core.network.types.costs import Images, LayerCost, Outputs
from ubp_core.network.types.trial import run_natively
from ubp_core.packed.file import PackedFile
from ubp_core.quantisation.packed_network import pack_integers
from ubp_core.quantisation.quantising import Recipe, quantise_each

MOST_PICTURES = 16
"""That layers are measured on: for every layer, the library runs all of them once."""
Tell = Callable[[str], None]


def find_worst(packed: PackedFile, images: Images, recipe: Recipe, count: int, tell: Tell) -> tuple[LayerCost, ...]:
    """The layers to keep out of int8, the one that costs most first.

    A layer is measured at the network's outputs, with all others in fp32. Put back from a network in int8 it would
    meet biases behind it that were corrected for its errors, and seem to make things worse. What the layers behind it
    would make good of its errors is not seen, so that of two layers that cost alike one may be the better choice.

    Args:
        packed: in fp32.
        images: that it is calibrated on; `MOST_PICTURES` of them, evenly, are what layers are measured on.
        recipe: how it is quantised; layers that it keeps are none of the worst.
        count: so many.
        tell: gets a line before each slow step.

    Raises:
        ModelError: there are fewer layers that could be in int8; and as `quantise`.
    """
    layers = [layer.name for layer in packed.layers if layer.name not in recipe.keep]
    if count > len(layers):
        raise ModelError(
            f"{len(layers)} layers could be in int8, so the {count} worst can't stay out of it; ask for fewer"
        )
    alone = quantise_each(packed, [(image,) for image in images], recipe, tell)
    kept = min(len(images), MOST_PICTURES)
    chosen = [images[i * len(images) // kept] for i in range(kept)]
    expected = run_natively(packed, chosen)
    found = []
    for place, (name, network) in enumerate(alone.items()):
        tell(f"measuring what int8 costs {name}, layer {place + 1} of {len(alone)}")
        error = output_error(run_natively(pack_integers(network).packed, chosen), expected)
        found.append(LayerCost(name, "fp32", error))
    return tuple(sorted(found, key=lambda cost: -cost.error)[:count])


def output_error(runs: Sequence[Outputs], expected: Sequence[Outputs]) -> float:
    """Norm of the differences over that of the numbers expected, all images together; the mean square of outputs."""
    shares = []
    for mine, theirs in zip(zip(*runs, strict=True), zip(*expected, strict=True), strict=True):
        wanted = np.concatenate(theirs).astype(np.float64)
        difference = np.concatenate(mine).astype(np.float64) - wanted
        shares.append(float(np.linalg.norm(difference) / (np.linalg.norm(wanted) or 1.0)))
    return float(np.sqrt(np.mean(np.square(shares))))


def kept_types(costs: Collection[LayerCost], halves: Collection[str]) -> tuple[LayerCost, ...]:
    """The costs with the types in which their layers are kept in the end."""
    return tuple(replace(cost, dtype="fp16" if cost.name in halves else "fp32") for cost in costs)
