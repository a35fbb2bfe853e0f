"""What the app needs from outside, in one object that a factory hands to it.

The command line, the screenshots and the tests build the same app with it; a test may hand in a slow selection or a
small model. Nothing is imported before it is used: torch comes with the first model, on a worker thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ubp_core.installation.building import BackgroundBuild, Report
from ubp_core.models.spec import ModelSpec
from ubp_tui.bench.services import BenchServices, default_bench_services
from ubp_tui.choices.choice import Choice
from ubp_tui.work.grouping import find_groups

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.selection import Selection

LoadModel = Callable[[ModelSpec, Callable[[str], None]], "LoadedModel"]
"""Loads a model; tells its progress in lines."""
Select = Callable[[NDArray[np.float32], Choice, int | None], "Selection"]
"""Selects blocks: importance [R, K], choice, threads."""


@dataclass(frozen=True)
class Services:
    """Everything the app lets others do."""

    load_model: LoadModel
    """Loads the model."""
    find_importance: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    """Importance [R, K] of a weight."""
    select: Select
    """Selects the blocks of a layer."""
    find_retained: Callable[[NDArray[np.float32], Choice, int | None], float]
    """Share of importance kept at one point of a curve; NaN where the method gave up."""
    count_offsets: Callable[[Selection], NDArray[np.int64]]
    """Blocks by r % N."""
    clock: Callable[[], float] = time.perf_counter
    """Seconds, rising."""
    bench: BenchServices = field(default_factory=default_bench_services)
    """Devices, benchmarks and their history."""
    build: Callable[[Report], BackgroundBuild] | None = None
    """What compiles a clone's native code behind the app; None where it is there."""
    log: Path | None = None
    """The log file that the log panel shows; None: there is none."""
    recent: Path | None = None
    """The file of the models that were opened lately; None: none are remembered."""
    tour: Path | None = None
    """The file whose presence says that the tour was begun; None: it does not begin by itself."""


def default_services() -> Services:
    """The real ones: all of them are `ubp_core`."""
    return Services(_load_model, _find_importance, _select, _find_retained, _count_offsets)


def background_threads() -> int:
    """Threads for work that nobody waits for: one core stays free for the keys and the selected layer."""
    return max(1, (os.cpu_count() or 2) - 1)


def _load_model(spec: ModelSpec, progress: Callable[[str], None]) -> LoadedModel:
    """Load it, with torch opened as the app needs it."""
    progress("loading torch")
    from ubp_tui.work.torch_start import open_torch_libraries

    open_torch_libraries()
    return spec.load(progress)


def _find_importance(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Importance by the paper's criterion, |w|.

    Waits for the library of the selection that follows, whose time is told, where a clone still compiles it.
    """
    from ubp_core import importance
    from ubp_core.installation.building import wait_for

    wait_for("host")
    return importance(weight)


def _select(importance: NDArray[np.float32], choice: Choice, threads: int | None) -> Selection:
    """Select through `ubp_core.select_blocks`."""
    from ubp_core import select_blocks

    groups = find_groups(importance) if choice.grouped else None
    asked = (choice.block_size, choice.sparsity, choice.method, threads, choice.block_columns)
    return select_blocks(importance, *asked, groups)


def _find_retained(importance: NDArray[np.float32], choice: Choice, threads: int | None) -> float:
    """One point of `ubp_core.report.retained_curve`."""
    from ubp_core.report import retained_curve

    groups = find_groups(importance) if choice.block_columns > 1 else None
    found = retained_curve(importance, choice.block_size, choice.method, [choice.sparsity], threads, groups)
    return float(found[0])


def _count_offsets(selection: Selection) -> NDArray[np.int64]:
    """The offset histogram of `ubp_core.report`."""
    from ubp_core.report import offset_histogram

    return offset_histogram(selection)
