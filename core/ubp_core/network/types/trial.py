"""A network in its types, tried on images: which sums fp16 can't hold, and what the types cost."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from ubp_core.network.reference import run_reference
from ubp_core.network.types.costs import Images, TypeCost, type_costs
from ubp_core.network.types.wide_sums import SumWatch
from ubp_core.packed.file import PackedFile


@dataclass(frozen=True, eq=False)
class Trial:
    """How it went."""

    packed: PackedFile
    """The network, with wide sums where it needs them."""
    widened: dict[str, str]
    """Names of the layers that sum in fp32 for that, with the reason in words."""
    costs: tuple[TypeCost, ...]
    """Of each output, against fp32."""


def try_types(packed: PackedFile, full: PackedFile, images: Images, tell: Callable[[str], None]) -> Trial:
    """Runs a network on images, and again if it had to be changed.

    Args:
        packed: the network in its types.
        full: the same in fp32.
        images: what both are given; at least one.
        tell: gets a line before each slow step.
    """

    def count(what: str, number: int) -> None:
        tell(f"{what}, image {number + 1} of {len(images)}")

    watch, runs, expected = SumWatch(packed), [], []
    for number, image in enumerate(images):
        count("looking for sums that fp16 can't hold", number)
        runs.append(run_reference(packed, [image], watch.observe))
    if widened := watch.layers_to_widen():
        packed, runs = with_wide_sums(packed, widened), []
    for number, image in enumerate(images):
        count("comparing with fp32", number)
        if widened:
            runs.append(run_reference(packed, [image]))
        expected.append(run_reference(full, [image]))
    return Trial(packed, widened, type_costs(runs, expected))


def with_wide_sums(packed: PackedFile, names: Collection[str]) -> PackedFile:
    """The network with the sums of these layers in fp32."""
    layers = tuple(replace(layer, wide_sums=layer.wide_sums or layer.name in names) for layer in packed.layers)
    return replace(packed, layers=layers)
