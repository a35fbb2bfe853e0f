"""What to benchmark: layers with their choices, and their packed files. Asks no device."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from ubp_tui.bench_options import RunOptions
from ubp_tui.state import Choice

if TYPE_CHECKING:
    from ubp_core.benchmark import PackedVariants, Variant
    from ubp_core.models import Layer, LoadedModel


@dataclass(frozen=True, eq=False)
class BenchJob:
    """What to benchmark."""

    layers: tuple[Layer, ...]
    """The layers, at least one."""
    choices: tuple[Choice, ...]
    """Block size and sparsity of every layer's variants but dense; the methods are not used."""
    model: str
    """Name of the network."""
    source: str = ""
    """Where its weights come from."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers."""
        return tuple(layer.name for layer in self.layers)

    def variants(self, options: RunOptions) -> dict[str, tuple[Variant, ...]]:
        """The variants of every layer."""
        pairs = zip(self.names, self.choices, strict=True)
        return {name: options.make_variants(choice) for name, choice in pairs}


class PackedJob:
    """A job's files, for all devices; they go with `close`."""

    def __init__(self, job: BenchJob) -> None:
        """Start without files."""
        self.job = job
        self.folder = tempfile.TemporaryDirectory(prefix="ubp-tui-")
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
        for number, layer in enumerate(self.job.layers, 1):
            if cancel.is_set():
                raise RunCancelled("cancelled; nothing was running")
            on_layer(layer.name, number)
            folder = Path(self.folder.name) / str(number)
            self.layers.append(pack_variants(layer, variants[layer.name], folder))

    def close(self) -> None:
        """Remove the files."""
        self.folder.cleanup()


def make_job(model: LoadedModel, names: Sequence[str], choose: Callable[[str], Choice]) -> BenchJob:
    """Look up what to benchmark.

    Args:
        model: the network.
        names: of the layers.
        choose: the choice of a layer.

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
    source = f"random weights, {model.source}" if model.random_weights else model.source
    return BenchJob(layers, tuple(choose(name) for name in names), model.name, source)
