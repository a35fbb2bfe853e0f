"""What a benchmark found: immutable values with every sample, and their form as JSON records."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from ubp_core.benchmark.figure import Ratio, pair_ratio
from ubp_core.benchmark.profile import ProfileStep
from ubp_core.vocabulary import DEFAULT_BLOCK_COLUMNS, DEFAULT_DTYPE, DENSE


@dataclass(frozen=True)
class VariantResult:
    """One variant of one layer."""

    label: str
    method: str
    block_size: int
    sparsity: float
    """Requested; 0 where dense."""
    kernel: str
    """The code that ran."""
    check: str
    """"ok" or "differs": the output against a plain loop, on the device."""
    checksum: str
    """CRC-32 of the output."""
    samples_ns: tuple[int, ...] = ()
    """Every run; empty where nothing may be timed."""
    min_ns: float | None = None
    median_ns: float | None = None
    p90_ns: float | None = None
    instructions: int | None = None
    """Executed ARM64 instructions of one run of the operator, in the emulator; no time."""
    retained: float | None = None
    """Share of the importance that it keeps."""
    file_bytes: int = 0
    """Size of the packed file of this one layer, or network."""
    multiply_adds: int = 0
    """That the kernel does."""
    celsius_before: float | None = None
    celsius_after: float | None = None
    moved: bool = False
    """Clock, temperature or the times themselves changed during the runs."""
    notes: tuple[str, ...] = ()
    profile: tuple[ProfileStep, ...] = ()
    """Of a network: its steps. Empty where nothing is timed."""
    dtype: str = DEFAULT_DTYPE
    """Of weights and arrays, one of STORED_DTYPES."""
    block_columns: int = DEFAULT_BLOCK_COLUMNS
    """Of a block, as asked for; of no meaning where the block size is 0."""


@dataclass(frozen=True)
class LayerResult:
    """One layer: variants that took turns in one run."""

    layer: str
    input_shape: str
    output_shape: str
    variants: tuple[VariantResult, ...]
    warnings: tuple[str, ...] = ()
    """Why the figures are not to be trusted; empty where nothing speaks against them."""
    weight_shape: str = ""
    """Of the layer's weight, such as "96x40x1x1"; empty where a network was run, and in records of old versions."""

    @property
    def dense(self) -> VariantResult | None:
        """The baseline: the first dense variant."""
        return next((variant for variant in self.variants if variant.method == DENSE), None)

    def baseline(self, variant: VariantResult) -> VariantResult | None:
        """What a variant is compared with: the dense one of its own type."""
        same = (one for one in self.variants if (one.method, one.dtype) == (DENSE, variant.dtype))
        return next(same, None)

    def ratio(self, variant: VariantResult) -> Ratio | None:
        """How many times faster than dense of its own type, turn by turn, with an interval; None where nothing was
        timed."""
        place = next((place for place, one in enumerate(self.variants) if one is variant), None)
        return self._compare(variant) if place is None else self._ratios[place]

    @cached_property
    def _ratios(self) -> tuple[Ratio | None, ...]:
        """Of all variants, once: there may be a million turns, and the app draws a result again and again."""
        return tuple(map(self._compare, self.variants))

    def _compare(self, variant: VariantResult) -> Ratio | None:
        dense = self.baseline(variant)
        return None if dense is None else pair_ratio(dense.samples_ns, variant.samples_ns)

    def speedup(self, variant: VariantResult) -> float | None:
        """The same without the interval."""
        ratio = self.ratio(variant)
        return None if ratio is None else ratio.value

    def unsure(self, variant: VariantResult) -> bool:
        """Whether the interval is wide; of dense itself it is none."""
        ratio = None if variant is self.baseline(variant) else self.ratio(variant)
        return ratio is not None and ratio.wide

    def fewer_instructions(self, variant: VariantResult) -> float | None:
        """How many times fewer instructions than dense of its own type; None where they were not counted."""
        dense = self.baseline(variant)
        if dense is None or not dense.instructions or not variant.instructions:
            return None
        return dense.instructions / variant.instructions


@dataclass(frozen=True)
class BenchRun:
    """One comparison on one device, whole or as far as it came."""

    device: str
    kind: str
    """"host", "emulator" or "adb"."""
    figure: str
    """What its times may be called, or what it has in their place; a key of FIGURE_WORDS."""
    title: str
    """The device for people."""
    started: str
    """UTC, ISO 8601."""
    model: str
    """The network that the layers come from."""
    settings: dict[str, Any]
    facts: dict[str, Any]
    layers: tuple[LayerResult, ...] = ()
    planned: tuple[str, ...] = ()
    """Names of all layers that were asked for."""
    failure: str = ""
    """Why it ended early; empty where it ran to its end."""
    seconds: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)
    """Where weights and selections come from, as the caller knows it."""

    @property
    def complete(self) -> bool:
        """Whether every layer was measured."""
        return not self.failure

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every layer's warnings, each once."""
        return tuple(dict.fromkeys(line for layer in self.layers for line in layer.warnings))

    def with_layer(self, layer: LayerResult) -> BenchRun:
        """The same with one more layer."""
        return replace(self, layers=(*self.layers, layer))

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> BenchRun:
        """The run of a record that `to_record` made."""
        layers = []
        for layer in record["layers"]:
            variants = tuple(read_variant(variant) for variant in layer["variants"])
            layers.append(LayerResult(**{**tupled(layer, "warnings"), "variants": variants}))
        return cls(**{**tupled(record, "planned"), "layers": tuple(layers)})


def read_variant(record: dict[str, Any]) -> VariantResult:
    """A variant of a record; older ones have no profile."""
    profile = tuple(ProfileStep(**step) for step in record.get("profile", ()))
    return VariantResult(**{**tupled(record, "samples_ns", "notes"), "profile": profile})


def tupled(record: dict[str, Any], *names: str) -> dict[str, Any]:
    """A copy with some lists as tuples."""
    return {**record, **{name: tuple(record[name]) for name in names}}
