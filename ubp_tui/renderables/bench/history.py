"""Entries of the history in words: one run, or two side by side. Draws no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from ubp_core.benchmark.figure import FIGURE_WORDS, NO_MEASURE, is_measure
from ubp_tui.renderables.bars import growing_bar
from ubp_tui.renderables.bench.profile import describe_profile
from ubp_tui.renderables.bench.rows import result_cells
from ubp_tui.renderables.bench.text import describe_figure, describe_started, list_types, list_warnings
from ubp_tui.renderables.cells import pad, shorten_name, shown

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchRun, LayerResult
    from ubp_core.history import Comparison


SHOWN: Final = ((0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 5))
"""Columns of results, from wide to narrow."""
LEAST_NAME, MOST_NAME = 12, 34
"""Cells of a layer's name."""
LEAST_BAR, MOST_BAR = 8, 40
"""Cells of a bar."""


def describe_run(run: BenchRun, number: int, width: int) -> list[str]:
    """One entry of the history, in lines for a panel of `width` cells."""
    lines = [f"run {number} · {describe_started(run.started)} UTC · {run.model}"]
    dtypes = [variant.dtype for layer in run.layers for variant in layer.variants]
    lines.append(describe_figure(run.device, run.title, run.figure, dtypes))
    lines += ["", *_list_results(run, width)]
    for layer in run.layers:
        profile = describe_profile(layer, run.figure, width)
        lines += ["", *profile] if profile else []
    lines += ["", *(f"warning: {line}" for line in list_warnings(run.layers, run.failure, len(run.planned)))]
    settings = ", ".join(f"{name} {value}" for name, value in run.settings.items() if value is not None)
    facts = {name: run.facts.get(name) for name in ("soc", "android", "temperature_c", "battery_percent")}
    known = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items() if value not in (None, ""))
    samples = sum(len(variant.samples_ns) for layer in run.layers for variant in layer.variants)
    types = ", ".join(f"{name} {dtype}" for name, dtype in (run.extra.get("types") or {}).items())
    lines += [f"types: {types}"] if types else []
    return [*lines, f"settings: {settings}", f"device: {known}", f"samples kept: {samples}"]


def _list_results(run: BenchRun, width: int) -> list[str]:
    """A heading and a row for every variant, with a bar of its figure where there is room; what says least goes first
    where there is none: the kind of figure, which stands above all of them, and the spread."""
    rows = [
        (layer, index, cells) for layer in run.layers for index, cells in enumerate(result_cells(layer, run.figure))
    ]
    least = (7, 4, 9, 8, 6, 7, max(9, len(run.figure)))
    # By what there is: a count of instructions is longer than a time, and a line that is too long is wrapped.
    columns = [max([cells, *(cell_len(row[place]) for _, _, row in rows)]) for place, cells in enumerate(least)]
    shown = next((some for some in SHOWN if width - _width(columns, some) >= LEAST_NAME), SHOWN[-1])
    name_width = max(LEAST_NAME, min(MOST_NAME, width - _width(columns, shown)))
    room = min(MOST_BAR, width - name_width - _width(columns, shown) - 2)

    def join(name: str, cells: Sequence[str], bar: str = "") -> str:
        padded = [cells[n].ljust(columns[n]) if n < 2 else cells[n].rjust(columns[n]) for n in shown]
        return " ".join([pad(name, name_width), *padded, f" {bar}" if bar else ""]).rstrip()

    lines = [join("layer", ("variant", "type", "measured", "vs dense", "spread", "keeps %", "figure"))]
    for layer, index, cells in rows:
        name = shorten_name(layer.layer, name_width) if index == 0 else ""
        lines.append(join(name, cells, _draw_bar(layer, index, run.figure, room)))
    return lines


def _width(columns: Sequence[int], shown: Sequence[int]) -> int:
    """Cells of some columns, with a blank before each."""
    return sum(columns[number] + 1 for number in shown)


def _draw_bar(layer: LayerResult, index: int, figure: str, room: int) -> str:
    """A variant's figure beside the largest one of its layer; empty where there is none, or no room."""
    good = [variant.check == "ok" and is_measure(figure, variant.dtype) for variant in layer.variants]
    pairs = zip(layer.variants, good, strict=True)
    figures = [variant.median_ns or variant.instructions or 0 if one else 0 for variant, one in pairs]
    return growing_bar(figures[index], max(figures), room) if room >= LEAST_BAR and figures[index] else ""


def _describe_side(run: BenchRun) -> str:
    """Kind and types of a run's figures."""
    types = list_types(variant.dtype for layer in run.layers for variant in layer.variants)
    return ", ".join(filter(None, (FIGURE_WORDS.get(run.figure, run.figure), types)))


def describe_comparison(comparison: Comparison, runs: tuple[BenchRun, BenchRun], width: int) -> list[str]:
    """Two entries side by side."""
    first, second = map(_describe_side, runs)
    texts = [(shown(variant.label), *variant.texts) for variant in comparison.variants]
    # By what there is, so that no line is wrapped.
    cells = [max([least, *(cell_len(row[place]) for row in texts)]) for place, least in enumerate((12, 9, 9, 5))]
    name_width = max(LEAST_NAME, min(MOST_NAME, width - sum(cells) - 13))
    heads = (f"run {comparison.first}", f"run {comparison.second}")
    lines = [
        f"run {comparison.first} ({first}) against run {comparison.second} ({second})",
        "",
        f"{'layer':<{name_width}} {'variant':<{cells[0]}} {heads[0]:>{cells[1]}} {heads[1]:>{cells[2]}}"
        f" {'ratio':>{cells[3]}}  output",
    ]
    for variant, (label, *figures_of) in zip(comparison.variants, texts, strict=True):
        output = "same" if variant.same_output else "differs"
        name = shorten_name(variant.layer, name_width)
        right = " ".join(text.rjust(room) for text, room in zip(figures_of, cells[1:], strict=True))
        lines.append(f"{pad(name, name_width)} {pad(label, cells[0])} {right}  {output}")
    if not comparison.variants:
        lines.append("no layer and variant is in both runs")
    vain = [f"run {n}" for n, run in zip((comparison.first, comparison.second), runs, strict=True) if _is_vain(run)]
    notes = [*comparison.notes, *([f"fp16 is {NO_MEASURE} in {' and '.join(vain)}"] if vain else [])]
    return [*lines, "", *(f"note: {note}" for note in notes)]


def _is_vain(run: BenchRun) -> bool:
    """Whether some of a run's figures say nothing."""
    return not all(is_measure(run.figure, variant.dtype) for layer in run.layers for variant in layer.variants)
