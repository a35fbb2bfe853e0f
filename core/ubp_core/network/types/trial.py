"""A network in its types, tried on images: which sums fp16 can't hold, and what the types cost."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ubp_core.network.network import Network
from ubp_core.network.reference import run_reference
from ubp_core.network.types.costs import Images, Outputs, TypeCost, type_costs
from ubp_core.network.types.wide_sums import SumWatch
from ubp_core.packed.file import PackedFile

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Trial:
    """How it went."""

    packed: PackedFile
    """The network, with wide sums where it needs them."""
    widened: dict[str, str]
    """Names of the layers that sum in fp32 for that, with the reason in words."""
    costs: tuple[TypeCost, ...]
    """Of each output, against fp32."""


def try_types(packed: PackedFile, full: PackedFile, images: Images, tell: Tell) -> Trial:
    """Watches the sums of every layer, and runs what comes of it by the native runtime, which rounds as a phone does.

    Args:
        packed: the network in its types.
        full: the same in fp32.
        images: what both are given; at least one.
        tell: gets a line before each slow step.
    """
    watch = SumWatch(packed)
    for number, image in enumerate(images):
        tell(f"looking for sums that fp16 can't hold, image {number + 1} of {len(images)}")
        run_reference(packed, [image], watch.observe)
    widened = watch.layers_to_widen()
    packed = with_wide_sums(packed, widened)
    tell("comparing with fp32")
    return Trial(packed, widened, type_costs(run_natively(packed, images), run_natively(full, images)))


def with_wide_sums(packed: PackedFile, names: Collection[str]) -> PackedFile:
    """The network with the sums of these layers in fp32."""
    layers = tuple(replace(layer, wide_sums=layer.wide_sums or layer.name in names) for layer in packed.layers)
    return replace(packed, layers=layers)


def run_natively(packed: PackedFile, images: Images) -> list[Outputs]:
    """All outputs for each image."""
    with TemporaryDirectory(prefix="ubp-") as folder:
        packed.save(path := Path(folder, "network.ubp"))
        with Network.load(path) as network:
            runs = [network.run(image) for image in images]
    return [run if isinstance(run, tuple) else (run,) for run in runs]
