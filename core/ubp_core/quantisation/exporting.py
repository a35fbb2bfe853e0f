"""`export_integers`: from a loaded model, its selections and pictures to a packed network of int8 that was checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ubp_core.errors import ModelError
from ubp_core.models.layers import LoadedModel
from ubp_core.network.exporting import ExportedNetwork, NetworkExporter
from ubp_core.network.types.costs import Images, Outputs, type_costs
from ubp_core.network.types.half import loss_note
from ubp_core.network.types.trial import run_natively
from ubp_core.packed.file import PackedFile
from ubp_core.packed.layer_packing import add_to_source
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.network import QuantisedNetwork
from ubp_core.quantisation.packed_network import keep_in_half, pack_integers, unpack_integers
from ubp_core.quantisation.quantising import Recipe, check_request, quantise
from ubp_core.selection import Selection
from ubp_core.vocabulary import DEFAULT_CRITERION

RANDOM_COUNT = 8
"""Arrays of random numbers that stand in for pictures."""
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Calibrating:
    """What a network is calibrated on, and how it is quantised."""

    images: Images
    """[batch, channels, height, width] each, prepared as the network takes them."""
    words: str
    """What they are, such as "16 pictures"; goes into the file."""
    recipe: Recipe = field(default_factory=Recipe)
    halves: frozenset[str] = frozenset()
    """Layers among those that the recipe keeps which are stored in fp16."""
    random: bool = False
    """Whether the images are random numbers."""

    @classmethod
    def of_random_numbers(cls, input_shape: tuple[int, int, int, int]) -> Calibrating:
        """For tests of speed: the scales are those of no picture."""
        generator = np.random.default_rng(0)
        images = [generator.standard_normal(input_shape, np.float32) for _ in range(RANDOM_COUNT)]
        return cls(images, "RANDOM numbers, for speed alone", random=True)


def export_integers(
    model: LoadedModel | nn.Module,
    selections: Mapping[str, Selection],
    input_shape: tuple[int, int, int, int],
    calibrating: Calibrating,
    criterion: str = DEFAULT_CRITERION,
    progress: Progress | None = None,
    images: Images = (),
) -> ExportedNetwork:
    """Exports in fp32, quantises layer after layer, packs, plans and checks. Writes nothing.

    Args:
        model: as `export_network` takes it; so are selections, input_shape and criterion.
        calibrating: pictures, and how.
        progress: gets a line before each slow step.
        images: [batch, channels, height, width] each, on which the result is compared with fp32; those that it was
            calibrated on where there are none.

    Raises:
        ModelError: as `export_network` and `quantise`.
        SelectionError: a weight of a layer in fp16 that this type can't hold.
    """
    tell = progress or (lambda line: None)
    tell("capturing the network")
    full = NetworkExporter(model, input_shape).export(selections, criterion, tell)
    return with_integers(full, selections, calibrating, tell, images)


def with_integers(
    full: ExportedNetwork,
    selections: Mapping[str, Selection],
    calibrating: Calibrating,
    progress: Progress | None = None,
    images: Images = (),
) -> ExportedNetwork:
    """The same network in int8, with what that costs; arguments and errors as of `export_integers`.

    Args:
        full: in fp32, and checked; made with these selections.
    """
    tell = progress or (lambda line: None)
    check_request(full.packed, calibrating.recipe)
    network = quantise(full.packed, [(image,) for image in calibrating.images], calibrating.recipe, tell)
    network = keep_in_half(network, calibrating.halves)
    tell("planning memory")
    made = pack_integers(network, {name: one.groups for name, one in selections.items() if one.groups is not None})
    packed = replace(made.packed, source=source_text(made.packed.source, calibrating.words))
    images = images if len(images) else calibrating.images[: 1 if calibrating.random else None]
    runs = check_runs(network, packed, images, tell)
    tell("comparing with fp32")
    notes = (loss_note(one, other) for one, other in zip(full.packed.layers, network.packed.layers, strict=True))
    return replace(
        full,
        packed=packed,
        arena_bytes=made.plan.size,
        arena_bound=made.plan.lower_bound,
        notes=(*full.notes, *filter(None, notes)),
        costs=type_costs(runs, run_natively(full.packed, images)),
    )


def source_text(source: str, words: str) -> str:
    """Where the weights come from, and on what they were calibrated, in one line that a file may hold."""
    return add_to_source(source, f"int8, calibrated on {words}")


def check_runs(network: QuantisedNetwork, packed: PackedFile, images: Images, tell: Progress) -> list[Outputs]:
    """What the file makes of each image, by the reference, once it reads back as the network that was quantised.

    Raises:
        ModelError: the file makes something else of an image.
    """
    with TemporaryDirectory(prefix="ubp-") as folder:
        packed.save(path := f"{folder}/network.ubp")
        read = unpack_integers(PackedFile.load(path))
    runs: list[Outputs] = []
    for number, image in enumerate(images):
        tell(f"running in whole numbers, image {number + 1} of {len(images)}")
        runs.append(run_integers(read, [image]))
    expected = run_integers(network, [images[0]])
    if not all(map(same_numbers, runs[0], expected)):
        raise ModelError("the packed network in int8 does not compute what was quantised; please report this")
    return runs


def same_numbers(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether all numbers are the same; NaN is NaN."""
    return np.array_equal(one, other, equal_nan=True)


def kept_layers(types: Mapping[str, str] | Sequence[tuple[str, str]]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the layers that stay out of int8, and those among them that are fp16."""
    pairs = dict(types)
    return frozenset(pairs), frozenset(name for name, dtype in pairs.items() if dtype == "fp16")
