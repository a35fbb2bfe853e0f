"""`export_integers`: from a loaded model, its selections and pictures to a packed network of int8 that was checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ubp_core.errors import ModelError
from ubp_core.models.layers import LoadedModel
from ubp_core.network.exporting import ExportedNetwork, NetworkExporter, largest_difference
from ubp_core.network.types.costs import Images, LayerCost, Outputs, type_costs
from ubp_core.network.types.half import loss_note
from ubp_core.network.types.trial import run_natively
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.packed.layer_packing import add_to_source
from ubp_core.pictures.folder import Pictures, in_batches
from ubp_core.quantisation.exports.worst_layers import find_worst, kept_types
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.network import QuantisedNetwork
from ubp_core.quantisation.node_types import graph_of
from ubp_core.quantisation.packed_network import fitting_in_half, keep_in_half, pack_integers, unpack_integers
from ubp_core.quantisation.quantising import Recipe, check_request, quantise
from ubp_core.selection import Selection
from ubp_core.vocabulary import DEFAULT_CRITERION, INT8

USUAL_PICTURES = 32
"""To calibrate on, where nobody says how many."""
RANDOM_COUNT = 8
"""Arrays of random numbers that stand in for pictures."""
RANDOM_WORDS = "RANDOM numbers, for speed alone"
FOR_SPEED = Recipe(observer="minmax", least_squares=False, correct_bias=False)
"""What is done in no time: with random numbers there is nothing to fit."""
CHECKED = 4
"""Images on which the library is compared with the reference, which is slow."""
NEAR = 0.01
"""Share of the largest number by which outputs behind fp32 and fp16 may always differ from the reference."""
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
    keep_worst: int = 0
    """So many more layers stay out of int8, those that cost most; every layer is quantised twice then."""
    worst_dtype: str = "fp16"
    """In which they stay; in fp32 where fp16 can't hold their weights."""

    @property
    def steps(self) -> int:
        """About how many lines of progress there are, but for one for each layer."""
        looks = 1 if self.recipe.observer == "minmax" else 2
        return len(self.images) * looks + (1 if self.random else len(self.images))

    @classmethod
    def of_pictures(cls, pictures: Pictures, batch: int) -> Calibrating:
        """On pictures that were prepared for the network, so many at a time."""
        return cls(in_batches(pictures.images, batch), str(pictures))

    @classmethod
    def of_random_numbers(cls, input_shape: tuple[int, int, int, int]) -> Calibrating:
        """For tests of speed: the scales are those of no picture."""
        generator = np.random.default_rng(0)
        images = [generator.standard_normal(input_shape, np.float32) for _ in range(RANDOM_COUNT)]
        return cls(images, RANDOM_WORDS, FOR_SPEED, random=True)


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
    network, kept = quantise_and_keep(full.packed, calibrating, tell)
    tell("planning memory")
    made = pack_integers(network, {name: one.groups for name, one in selections.items() if one.groups is not None})
    packed = replace(made.packed, source=source_text(made.packed.source, calibrating.words))
    images = images if len(images) else calibrating.images[: 1 if calibrating.random else None]
    tell("comparing with fp32")
    expected = run_natively(full.packed, images)
    notes = (loss_note(one, other) for one, other in zip(full.packed.layers, network.packed.layers, strict=True))
    return replace(
        full,
        packed=packed,
        arena_bytes=made.plan.size,
        arena_bound=made.plan.lower_bound,
        notes=(*full.notes, *(cost.describe() for cost in kept), *filter(None, notes), *fallback_notes(packed)),
        costs=type_costs(checked_runs(network, packed, images, expected, tell), expected),
        kept=kept,
    )


def quantise_and_keep(
    full: PackedFile, calibrating: Calibrating, tell: Progress
) -> tuple[QuantisedNetwork, tuple[LayerCost, ...]]:
    """The network in integers, without the layers that were asked for and those found to be the worst."""
    pictures, recipe = [(image,) for image in calibrating.images], calibrating.recipe
    worst: tuple[LayerCost, ...] = ()
    if calibrating.keep_worst:
        worst = find_worst(full, calibrating.images, recipe, calibrating.keep_worst, tell)
    names, halves = frozenset(cost.name for cost in worst), calibrating.halves
    if calibrating.worst_dtype == "fp16":
        halves |= names & fitting_in_half(full)
    network = quantise(full, pictures, replace(recipe, keep=recipe.keep | names), tell)
    return keep_in_half(network, halves), kept_types(worst, halves)


def fallback_notes(packed: PackedFile) -> tuple[str, ...]:
    """A line on what has no form in int8, and is computed in fp32."""
    graph = graph_of(packed)
    names = [node.name for node in graph.nodes if node.op == Op.SOFTMAX]
    return (f"computed in fp32, since int8 has no form of it: {', '.join(names)} (softmax)",) if names else ()


def source_text(source: str, words: str) -> str:
    """Where the weights come from, and on what they were calibrated, in one line that a file may hold."""
    return add_to_source(source, f"int8, calibrated on {words}")


def checked_runs(
    network: QuantisedNetwork, packed: PackedFile, images: Images, expected: Sequence[Outputs], tell: Progress
) -> list[Outputs]:
    """What the library makes of each image from the file, once the reference has made the same of the first ones.

    Args:
        network: what was quantised.
        packed: what it became.
        images: at least one.
        expected: what the network makes of them in fp32.
        tell: gets a line before each slow step.

    Raises:
        ModelError: the file reads back as something else, or the library makes other numbers of it than the reference.
    """
    with TemporaryDirectory(prefix="ubp-") as folder:
        packed.save(path := Path(folder, "network.ubp"))
        read = unpack_integers(PackedFile.load(path))
    runs = run_natively(packed, images)
    allowed = allowed_differences(read, runs, expected)
    for number, image in enumerate(images[:CHECKED]):
        tell(f"running in whole numbers, image {number + 1} of {min(len(images), CHECKED)}")
        reference = run_integers(read, [image])
        if not number and not all(map(same_numbers, reference, run_integers(network, [image]))):
            raise ModelError("the packed network in int8 does not compute what was quantised; please report this")
        for output, (mine, theirs) in enumerate(zip(runs[number], reference, strict=True)):
            if not same_numbers(mine, theirs) and not largest_difference([mine], [theirs]) <= allowed[output]:
                raise ModelError(
                    f"the library makes other numbers of this network in int8 than the reference does (output {output}"
                    f", image {number + 1}); please report this, with the command"
                )
    return runs


def allowed_differences(network: QuantisedNetwork, runs: Sequence[Outputs], expected: Sequence[Outputs]) -> list[float]:
    """How far each output may be from the reference, as a share of its largest number: not at all, if all is integers.

    Behind fp32 and fp16, whose sums depend on their order, a byte may be another one: then by less than int8 itself
    changes it.
    """
    exact = exact_tensors(network)
    costs = type_costs(runs, expected)
    pairs = zip(network.graph.outputs, costs, strict=True)
    return [0.0 if tensor in exact else max(NEAR, cost.largest) for tensor, cost in pairs]


def exact_tensors(network: QuantisedNetwork) -> set[int]:
    """Tensors of a file that only whole numbers, factors and conversions lie behind: they are the same everywhere."""
    graph = network.graph
    exact = set(range(graph.input_count))
    for index, node in enumerate(graph.nodes):
        whole = node.op == Op.CONVERT or network.type_taken(index) == INT8
        if whole and exact.issuperset(node.operands):
            exact.add(graph.output_of(index))
    return exact


def same_numbers(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether all numbers are the same; NaN is NaN."""
    return np.array_equal(one, other, equal_nan=True)


def kept_layers(types: Mapping[str, str] | Sequence[tuple[str, str]]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the layers that stay out of int8, and those among them that are fp16."""
    pairs = dict(types)
    return frozenset(pairs), frozenset(name for name, dtype in pairs.items() if dtype == "fp16")
