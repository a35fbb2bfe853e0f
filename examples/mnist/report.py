"""Tables and plots of the finished runs: Markdown and plotext on stdout, a PNG by matplotlib. Trains nothing."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]

COLUMNS = ("unstructured", "abp", "greedy", "bed", "optimal")
NAMES = {"mobilenet_v1_025": "MobileNetV1 0.25", "small_resnet": "small ResNet"}
STYLES = {
    "unstructured": ("#7f7f7f", ":", "x"),
    "abp": ("#d55e00", "--", "s"),
    "greedy": ("#e69f00", "-.", "^"),
    "bed": ("#0072b2", "-", "o"),
    "optimal": ("#009e73", "-", "d"),
}
"""Colour, line and marker of each method: told apart without colour too."""


def load_results(file: Path, mend: bool = False) -> list[Row]:
    """All finished runs.

    Args:
        file: one JSON object a line; missing: no runs.
        mend: cut off a last line that a killed process left unfinished.
    """
    if not file.exists():
        return []
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if mend and whole != text:
        file.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]


def print_tables(rows: list[Row]) -> None:
    """Markdown: accuracy after and before fine-tuning, retained importance, time of the selection."""
    seeds = len({row["seed"] for row in rows})
    cpu = sum(row["cpu_seconds"] for row in rows)
    print(f"{len(rows)} runs, {seeds} seeds, {cpu:.0f} s of processor time without the pre-training\n")
    for network in _present(rows, "network"):
        dense = [100 * row["accuracy"] for row in rows if row["network"] == network and row["method"] == "dense"]
        if dense:
            print(f"{NAMES[network]}, dense: {_spread(dense, 2)} %\n")
    print("Test accuracy after fine-tuning, %:\n")
    _print_table(rows, lambda row: 100 * row["accuracy"], 2)
    print("\nAccuracy minus that of abp in the same seed, way and N, points; mean ± standard error:\n")
    _print_differences(rows)
    untuned = [row for row in rows if row["accuracy_untuned"] is not None]
    print("\nTest accuracy right after pruning, batch norm recalibrated, nothing trained, %:\n")
    _print_table(untuned, lambda row: 100 * row["accuracy_untuned"], 2)
    print("\nRetained importance, %:\n")
    _print_table(rows, lambda row: 100 * row["retained"], 2)
    print("\nProcessor time of all mask updates of a run, ms:\n")
    _print_table(rows, lambda row: 1e3 * row["selection_seconds"], 1)


def _print_table(rows: list[Row], value: Callable[[Row], float], digits: int) -> None:
    """Mean and standard deviation over the seeds, a line for each network, way, N and s."""
    cells = _cells(rows, value)
    print(f"| network | masks | N | s | {' | '.join(COLUMNS)} |")
    print(f"| --- | --- | ---: | ---: |{' ---: |' * len(COLUMNS)}")
    keys = sorted({key[:4] for key in cells if key[4] != "unstructured"}, key=lambda k: (k[0], k[1] != "one-shot", k))
    for network, mode, size, sparsity in keys:
        texts = []
        for method in COLUMNS:
            found = cells.get((network, mode, 1 if method == "unstructured" else size, sparsity, method))
            texts.append(_spread(found, digits) if found else "-")
        print(f"| {NAMES[network]} | {mode} | {size} | {sparsity:g} | {' | '.join(texts)} |")


def _print_differences(rows: list[Row]) -> None:
    """Paired with abp, over both ways, both N and all seeds; a line for each network and s."""
    accuracy = {_pair_key(row): 100 * row["accuracy"] for row in rows}
    methods = [method for method in COLUMNS if method not in ("unstructured", "abp")]
    print(f"| network | s | pairs | {' | '.join(f'{m} - abp' for m in methods)} |")
    print(f"| --- | ---: | ---: |{' ---: |' * len(methods)}")
    for network in _present(rows, "network"):
        for sparsity in sorted({row["sparsity"] for row in rows if row["sparsity"] > 0}):
            keys = [key for key in accuracy if key[:3] == (network, sparsity, "abp")]
            texts = []
            for method in methods:
                others = [(network, sparsity, method, *key[3:]) for key in keys]
                found = [accuracy[o] - accuracy[k] for o, k in zip(others, keys, strict=True) if o in accuracy]
                error = statistics.stdev(found) / len(found) ** 0.5 if len(found) > 1 else 0.0
                texts.append(f"{statistics.mean(found):+.2f} ± {error:.2f}" if found else "-")
            print(f"| {NAMES[network]} | {sparsity:g} | {len(keys)} | {' | '.join(texts)} |")


def _pair_key(row: Row) -> tuple[Any, ...]:
    return tuple(row[field] for field in ("network", "sparsity", "method", "mode", "block_size", "seed"))


def print_plots(rows: list[Row]) -> None:
    """Accuracy over sparsity in the terminal: one plot for each network, way and N."""
    import plotext

    for network, mode, size in _panels(rows):
        plotext.clear_figure()
        plotext.plot_size(76, 18)
        plotext.title(f"{NAMES[network]}, {mode}, N = {size}: test accuracy (%) over sparsity")
        for method in COLUMNS:
            points = _curve(rows, network, mode, size, method)
            if points:
                plotext.plot([s for s, _, _ in points], [m for _, m, _ in points], label=method, marker="braille")
        plotext.theme("clear")
        plotext.show()


def save_plot(rows: list[Row], file: Path) -> None:
    """The same as a picture: a line of panels for each network, error bars of one standard deviation."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    panels = _panels(rows)
    networks = _present(rows, "network")
    across = max(1, len(panels) // len(networks))
    figure, axes = pyplot.subplots(len(networks), across, figsize=(3.6 * across, 3.4 * len(networks)), squeeze=False)
    for axis, (network, mode, size) in zip(axes.flat, panels, strict=False):
        _draw_panel(axis, rows, network, mode, size)
    for line in axes:
        lowest = min(axis.get_ylim()[0] for axis in line)
        highest = max(axis.get_ylim()[1] for axis in line)
        for axis in line:
            axis.set_ylim(lowest, highest)
        line[0].set_ylabel("test accuracy, %")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def _draw_panel(axis: Any, rows: list[Row], network: str, mode: str, size: int) -> None:
    dense = [100 * row["accuracy"] for row in rows if row["network"] == network and row["method"] == "dense"]
    if dense:
        axis.axhline(statistics.mean(dense), color="black", linewidth=1, label="dense")
    for index, method in enumerate(COLUMNS):
        points = _curve(rows, network, mode, size, method)
        colour, line, marker = STYLES[method]
        shift = (index - 2) * 0.0016  # so that error bars don't cover each other
        axis.errorbar(
            [s + shift for s, _, _ in points], [m for _, m, _ in points], [d for _, _, d in points],
            color=colour, linestyle=line, marker=marker, markersize=4, capsize=2, linewidth=1.3, label=method,
        )  # fmt: skip
    axis.set_title(f"{NAMES[network]}, {mode}, N = {size}", fontsize=10)
    axis.set_xlabel("sparsity")
    axis.set_xticks(sorted({row["sparsity"] for row in rows if row["sparsity"] > 0}))
    axis.grid(alpha=0.25)


def _panels(rows: list[Row]) -> list[tuple[str, str, int]]:
    """Network, way and N of each plot."""
    sizes = sorted({row["block_size"] for row in rows if row["block_size"] > 1})
    modes = [mode for mode in ("one-shot", "gradual") if mode in _present(rows, "mode")]
    return [(network, mode, size) for network in _present(rows, "network") for mode in modes for size in sizes]


def _curve(rows: list[Row], network: str, mode: str, size: int, method: str) -> list[tuple[float, float, float]]:
    """Sparsity, mean accuracy and its deviation in per cent."""
    cells = _cells(rows, lambda row: 100 * row["accuracy"])
    size = 1 if method == "unstructured" else size
    found = {key[3]: values for key, values in cells.items() if (*key[:3], key[4]) == (network, mode, size, method)}
    return [(s, statistics.mean(v), statistics.stdev(v) if len(v) > 1 else 0.0) for s, v in sorted(found.items())]


def _cells(rows: Iterable[Row], value: Callable[[Row], float]) -> dict[tuple[str, str, int, float, str], list[float]]:
    """Values over the seeds, by network, way, N, s and method; without dense."""
    cells: dict[tuple[str, str, int, float, str], list[float]] = defaultdict(list)
    for row in rows:
        if row["method"] != "dense":
            key = (row["network"], row["mode"], row["block_size"], row["sparsity"], row["method"])
            cells[key].append(value(row))
    return cells


def _present(rows: list[Row], field: str) -> list[str]:
    return sorted({row[field] for row in rows})


def _spread(values: list[float], digits: int) -> str:
    """Mean and standard deviation."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values):.{digits}f}"
