"""Progress of `ubp bench` on stderr: a bar per device on a terminal, a line per step elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ubp_core.cli import output
from ubp_core.cli.bench.output import ratio_text, short_label
from ubp_core.printable import printable
from ubp_core.units import format_time

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchProgress, LayerResult

Show = Callable[["BenchProgress"], None]
"""Called from the threads of all devices."""


@contextmanager
def show_progress(devices: Sequence[str]) -> Iterator[Show]:
    """Shows what every device is doing, while the block lasts.

    Args:
        devices: names of the devices that run at once.

    Yields:
        The function to tell.
    """
    if output.is_quiet():
        yield lambda step: None
        return
    if not sys.stderr.isatty():
        yield print_step
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.table import Column

    width = max(map(len, devices))
    columns = (
        TextColumn("{task.fields[name]}", markup=False, table_column=Column(min_width=width, no_wrap=True)),
        BarColumn(16, table_column=Column(min_width=16)),
        TaskProgressColumn(table_column=Column(min_width=4, no_wrap=True)),
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
    )
    console = Console(stderr=True, markup=False, highlight=False)
    with Progress(*columns, console=console, transient=True, expand=True) as progress:
        bars = Bars(progress, devices)
        yield bars.show


class Bars:
    """A bar per device; a layer that is measured leaves a line above them."""

    def __init__(self, progress: Any, devices: Sequence[str]) -> None:
        self.progress = progress
        self.tasks = {device: progress.add_task("waiting", name=printable(device), total=1.0) for device in devices}

    def show(self, step: BenchProgress) -> None:
        """Shows one step."""
        if step.result is not None:
            self.progress.console.print(printable(f"{step.device}: {describe_layer(step.result)}"), soft_wrap=True)
        self.progress.update(self.tasks[step.device], completed=step.share, description=printable(describe_step(step)))


def print_step(step: BenchProgress) -> None:
    """A line per stage and per measured layer; what changes five times a second is left out."""
    if step.live is None:
        end = f": {describe_layer(step.result, name=False)}" if step.result else ""
        print(printable(f"ubp: {step.text}{end}"), file=sys.stderr, flush=True)


def describe_step(step: BenchProgress) -> str:
    """Layer, what the program does, and the figures so far."""
    place = f"{step.layer} ({step.index} of {step.count})" if step.layer else ""
    parts = [place, step.detail or step.stage.value]
    if step.live and step.figure not in ("instructions", "not timed"):
        parts += [" | ".join(format_time(median) for median in step.live.medians_ns)]
    return "  ".join(part for part in parts if part)


def describe_layer(layer: LayerResult, name: bool = True) -> str:
    """The figures of a measured layer in one line."""
    parts = []
    for variant in layer.variants:
        figure = f"{variant.instructions:,} instructions" if variant.instructions else format_time(variant.median_ns)
        against = "" if variant is layer.dense else f" ({ratio_text(layer, variant)})"
        parts.append(f"{short_label(layer, variant)} {figure}{against}")
    return (f"{layer.layer}: " if name else "") + ", ".join(parts)
