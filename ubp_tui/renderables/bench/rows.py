"""The rows of the result table: every device, layer and variant of a benchmark, measured, under way or to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ubp_core.benchmark.figure import FIGURE_WORDS, TIMED, is_measure
from ubp_core.units import format_block, format_percent, format_ratio, format_time
from ubp_core.vocabulary import DENSE
from ubp_tui.bench.job import Plan
from ubp_tui.bench.run import DeviceRun, Retained
from ubp_tui.renderables.bench.text import find_ratio, format_figure, format_spread, name_kind

if TYPE_CHECKING:
    from ubp_core.benchmark import LayerProgress, LayerResult, Variant, VariantResult

STEP_WORDS = {
    "": "pushing",
    "taking turns": "in turns",
    "warming up": "warm-up",
    "counting instructions": "counting",
}
"""What the program does, in the width of a figure."""


@dataclass(frozen=True)
class BenchRow:
    """One row; a heading of a device has no layer."""

    device: str
    """Name of the device."""
    layer: str = ""
    """Name of the layer; empty in a heading."""
    variant: int = 0
    """Number of the variant."""
    cells: tuple[str, ...] = ()
    """Variant, type, figure, ratio to dense of that type, spread, share kept, kind of figure; or a heading's text."""
    live: bool = False
    """Whether its figures are still changing."""

    @property
    def key(self) -> tuple[str, str, int]:
        """What the row is about."""
        return self.device, self.layer, self.variant


def list_rows(
    plan: Plan, runs: Sequence[DeviceRun], packing: str = "", retained: Retained | None = None
) -> list[BenchRow]:
    """All rows.

    Args:
        plan: layers and their variants.
        runs: the devices, in order; a heading stands above each where there are several.
        packing: the layer that is being packed now; empty afterwards.
        retained: what the packed layers keep.
    """
    rows = []
    for run in runs:
        if len(runs) > 1:
            rows.append(BenchRow(run.device, cells=(describe_device(run),)))
        for layer, variants in plan.items():
            if len(runs) == 1 or not run.ended or run.result(layer):  # of a failed device the heading says enough
                rows += layer_rows(run, layer, variants, packing, (retained or {}).get(layer, ()))
    return rows


def layer_rows(
    run: DeviceRun, layer: str, variants: Sequence[Variant], packing: str, retained: Sequence[float]
) -> list[BenchRow]:
    """The rows of one layer on one device."""
    result = run.result(layer)
    if result is not None:
        return [
            BenchRow(run.device, layer, number, cells) for number, cells in enumerate(result_cells(result, run.figure))
        ]
    if layer == run.layer and run.live and run.live.medians_ns and run.figure in TIMED:
        cells_of = live_cells(run.live, variants, run.figure, retained)
        return [BenchRow(run.device, layer, number, cells, live=True) for number, cells in enumerate(cells_of)]
    words = waiting_words(run, layer, packing)
    heads = zip(name_variants(variants), variants, strict=True)
    cells_of = [(name, variant.dtype, words, "", "", "", "") for name, variant in heads]
    return [BenchRow(run.device, layer, number, cells) for number, cells in enumerate(cells_of)]


def waiting_words(run: DeviceRun, layer: str, packing: str) -> str:
    """What happens to a layer that has no figures yet."""
    if run.ended:
        return "-"
    if packing == layer:
        return "packing"
    if layer != run.layer:
        return "waiting"
    step = run.live.step if run.live else ""
    return STEP_WORDS.get(step, "checking")


def result_cells(layer: LayerResult, figure: str) -> list[tuple[str, ...]]:
    """The rows of a measured layer: variant, type, figure, ratio to dense, spread, share kept, kind of figure."""
    names = name_variants(layer.variants)
    return [
        (
            name,
            variant.dtype,
            format_figure(variant) if variant.check == "ok" else "differs",
            format_ratio(find_ratio(layer, variant, figure), layer.unsure(variant)),
            format_spread(variant),
            "-" if variant.retained is None else format_percent(variant.retained),
            name_kind(figure, variant.dtype),
        )
        for name, variant in zip(names, layer.variants, strict=True)
    ]


def live_cells(
    live: LayerProgress, variants: Sequence[Variant], figure: str, retained: Sequence[float]
) -> list[tuple[str, ...]]:
    """The rows of a layer whose variants are taking turns: medians so far."""
    medians = (*live.medians_ns, *[None] * len(variants))[: len(variants)]
    dense = find_dense(live, variants, figure)
    kept = (*map(format_percent, retained), *[""] * len(variants))[: len(variants)]
    return [
        (
            name,
            variant.dtype,
            format_time(median) if median else "in turns",
            format_ratio(dense[variant.dtype] / median) if variant.dtype in dense and median else "",
            "",
            share,
            name_kind(figure, variant.dtype),
        )
        for name, variant, median, share in zip(name_variants(variants), variants, medians, kept, strict=True)
    ]


def find_dense(live: LayerProgress, variants: Sequence[Variant], figure: str) -> dict[str, float]:
    """The median so far of dense, by type; without the types whose dense has not run yet, or says nothing."""
    pairs = zip(variants, live.medians_ns, strict=False)
    found = {variant.dtype: median for variant, median in pairs if variant.method == DENSE and median}
    return {dtype: median for dtype, median in found.items() if is_measure(figure, dtype)}


def name_typed(variants: Sequence[Variant] | Sequence[VariantResult]) -> list[str]:
    """The same names with the type behind them where there are several, for pictures that have no column for it."""
    names, dtypes = name_variants(variants), [variant.dtype for variant in variants]
    several = len({*dtypes}) > 1
    return [f"{name} {dtype}" if several else name for name, dtype in zip(names, dtypes, strict=True)]


def name_variants(variants: Sequence[Variant] | Sequence[VariantResult]) -> list[str]:
    """Names that tell the variants of a layer and one type apart in at most 16 cells."""
    pruned = [variant for variant in variants if variant.method != DENSE]
    sizes = len({(variant.block_size, variant.block_columns) for variant in pruned}) > 1
    sparsities = len({variant.sparsity for variant in pruned}) > 1
    names = []
    for variant in variants:
        name = variant.method
        if variant.method != DENSE:
            name += f" N{format_block(variant.block_size, variant.block_columns)}" if sizes else ""
            name += f" {variant.sparsity:g}".replace(" 0.", " .") if sparsities else ""
        names.append(name)
    return names


def describe_device(run: DeviceRun) -> str:
    """A heading: the device, the kind of its figures, how far it is."""
    figure = FIGURE_WORDS.get(run.figure, run.figure)
    title = f"{run.device} ({run.title})" if run.title else run.device
    share = "" if run.ended or not run.share else f"{100 * run.share:.0f} % "
    return " · ".join(part for part in (title, figure, share + (run.failure or run.words)) if part)
