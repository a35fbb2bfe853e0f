"""What to benchmark: layers with their choices, and their packed files. Asks no device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from ubp_core.process.leftovers import passing_folder
from ubp_tui.bench.options import RunOptions
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices

if TYPE_CHECKING:
    from ubp_core.benchmark import PackedVariants, Variant
    from ubp_core.models import Layer, LoadedModel

Plan = Mapping[str, Sequence["Variant"]]
"""Variants of every layer."""


@dataclass(frozen=True, eq=False)
class NetworkPart:
    """A network that is run from end to end."""

    model: LoadedModel
    """With its module."""
    choices: LayerChoices
    """Block size, sparsity and type of every layer, and which stay dense."""

    def settings_of(self, variant: Variant, layer: str) -> tuple[int, int, float] | None:
        """Block size, columns of a block and sparsity of a layer in a variant; None: it stays dense.

        Exceptions count where the variant has the choice of all other layers, not where it is one of a sweep.
        """
        default = self.choices.default
        if layer in self.choices.dense:
            return None
        columns = default.block_columns if variant.method == "unstructured" else variant.block_columns
        sizes = (variant.block_size, columns, variant.sparsity)
        if sizes != (default.block_size, default.block_columns, default.sparsity):
            return sizes
        own = self.choices.of(layer)
        return own.block_size, own.block_columns, own.sparsity

    def types_of(self, variant: Variant) -> Mapping[str, str]:
        """Layers of another type than a variant's own, by name; exceptions count where that is the network's type."""
        return self.choices.types if variant.dtype == self.choices.dtype else {}


@dataclass(frozen=True, eq=False)
class BenchJob:
    """What to benchmark."""

    layers: tuple[Layer, ...]
    """The layers, at least one; none where the whole network is run."""
    choices: tuple[Choice, ...]
    """Block size and sparsity of every layer's variants but dense; the methods are not used. Of a network one."""
    dtypes: tuple[str, ...]
    """Type of every layer; of a network that of all layers that have none of their own."""
    model: str
    """Name of the network."""
    source: str = ""
    """Where its weights come from."""
    network: NetworkPart | None = None
    """The whole network, where that is to be run instead of layers."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what takes turns: layers, or one word for the network."""
        from ubp_core.benchmark import NETWORK

        if self.network is not None:
            return (NETWORK,)
        return tuple(layer.name for layer in self.layers)

    def variants(self, options: RunOptions) -> dict[str, tuple[Variant, ...]]:
        """The variants of every layer."""
        rows = zip(self.names, self.choices, self.dtypes, strict=True)
        return {name: options.make_variants(choice, dtype) for name, choice, dtype in rows}


class PackedJob:
    """A job's files, for all devices; they go with `close`."""

    def __init__(self, job: BenchJob) -> None:
        """Start without files."""
        self.job = job
        self.stack = ExitStack()
        self.folder = self.stack.enter_context(passing_folder("ubp-tui-"))
        self.layers: list[PackedVariants] = []

    def pack(self, options: RunOptions, on_layer: Callable[[str, int], object], cancel: Event) -> None:
        """Select and pack every layer's variants.

        Args:
            options: which variants.
            on_layer: told the name and number (from 1) of the layer that is next.
            cancel: set it to end.

        Raises:
            UbpError: a layer that can't be packed, or cancelled.
        """
        from ubp_core.benchmark import pack_variants
        from ubp_core.devices import RunCancelled

        variants = self.job.variants(options)
        if self.job.network is not None:
            self._pack_network(self.job.network, variants[self.job.names[0]], on_layer, cancel)
            return
        for number, layer in enumerate(self.job.layers, 1):
            if cancel.is_set():
                raise RunCancelled("cancelled; nothing was running")
            on_layer(layer.name, number)
            folder = self.folder / str(number)
            self.layers.append(pack_variants(layer, variants[layer.name], folder))

    def _pack_network(
        self,
        network: NetworkPart,
        variants: tuple[Variant, ...],
        on_layer: Callable[[str, int], object],
        cancel: Event,
    ) -> None:
        """Capture the network once and write it in every variant."""
        from ubp_core.benchmark import NETWORK, pack_network_variants
        from ubp_core.devices import RunCancelled

        def check(label: str) -> None:
            if cancel.is_set():
                raise RunCancelled("cancelled; nothing was running")

        on_layer(NETWORK, 1)
        side = network.model.input_size
        assert side is not None
        packed = pack_network_variants(
            network.model,
            variants,
            self.folder / NETWORK,
            (1, 3, side, side),
            on_variant=check,
            settings_of=network.settings_of,
            types_of=network.types_of,
        )
        self.layers.append(packed)

    def close(self) -> None:
        """Remove the files."""
        self.stack.close()


def make_job(model: LoadedModel, names: Sequence[str], choices: LayerChoices) -> BenchJob:
    """Look up what to benchmark.

    Args:
        model: the network.
        names: of the layers.
        choices: of all layers.

    Raises:
        ModelError: a layer that stays dense, or whose image is not known; the line says what to do.
    """
    from ubp_core.errors import ModelError

    layers = tuple(model.layer(name) for name in names)
    for layer in layers:
        if not layer.prunable:
            reason = f"{layer.name} stays dense ({layer.skip_reason}), so there is nothing to compare"
            raise ModelError(f"{reason}. Select a layer that has blocks.")
        if layer.output_hw is None and layer.kind != "linear":
            raise ModelError(f"The size of {layer.name}'s image is not known. Start ubp-tui with --arch NAME.")
    chosen, dtypes = tuple(map(choices.of, names)), tuple(map(choices.dtype_of, names))
    return BenchJob(layers, chosen, dtypes, model.name, describe_source(model))


def make_network_job(model: LoadedModel, choices: LayerChoices) -> BenchJob:
    """The whole network, every layer that can be pruned with its own choice.

    Raises:
        ModelError: the network is not known, or nothing in it can be pruned.
    """
    from ubp_core.errors import ModelError

    if model.module is None or model.input_size is None:
        raise ModelError("The network of this checkpoint is not known. Start ubp-tui with --arch NAME.")
    if all(layer.name in choices.dense for layer in model.prunable):
        raise ModelError(f"No layer of {model.name} is pruned, so there is nothing to compare.")
    network = NetworkPart(model, choices)
    return BenchJob((), (choices.default,), (choices.dtype,), model.name, describe_source(model), network)


def describe_source(model: LoadedModel) -> str:
    """Where weights come from, in one line."""
    return f"random weights, {model.source}" if model.random_weights else model.source
