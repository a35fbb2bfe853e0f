"""The scatter marks figures of few or unlike turns by `?`, as the table does, and only those."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import pytest
from bench_world import BENCH_SIZES, tiny_model
from canned_bench import CannedBench, canned_bench
from textual.widgets import Static
from tui_world import make_services, screen_text, settle, until

from ubp_core.benchmark import BenchProgress, BenchRun
from ubp_core.benchmark.figure import FEW_TURNS, FEWEST, UNSURE_WORDS
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.bench.job import PackedJob
from ubp_tui.bench.options import RunOptions
from ubp_tui.choices.choice import Choice

PRUNED = ("abp", "bed", "optimal")


@dataclass(frozen=True)
class Turns(CannedBench):
    """A device on which every variant takes some turns, always as long, but for one on a busy machine."""

    count: int = FEWEST
    """Turns of every variant."""
    busy: str = ""
    """The method whose turns differ; empty: none."""

    def run(
        self,
        packed: PackedJob,
        device: str,
        options: RunOptions,
        on_progress: Callable[[BenchProgress], object],
        cancel: Event,
    ) -> BenchRun:
        """The canned run with these turns."""
        run = super().run(packed, device, options, on_progress, cancel)
        (layer,) = run.layers
        variants = tuple(
            replace(
                variant,
                samples_ns=tuple(
                    (variant.median_ns or 0) * (3 if variant.method == self.busy and turn % 2 else 2)
                    for turn in range(self.count)
                ),
            )
            for variant in layer.variants
        )
        return replace(run, layers=(replace(layer, variants=variants),))


def scatter_text(app: UbpApp) -> str:
    """What the plot shows."""
    region = app.benchmark.query_one("#result-scatter").region
    lines = screen_text(app).splitlines()[region.y : region.bottom]
    return "\n".join(line[region.x : region.right] for line in lines)


@pytest.mark.parametrize("size", BENCH_SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("count", "busy", "unsure"),
    [(FEW_TURNS - 1, "", PRUNED), (FEW_TURNS, "", ()), (FEWEST, "", ()), (FEWEST, "bed", ("bed",))],
)
async def test_points_of_few_or_unlike_turns_have_a_question_mark(
    size: tuple[int, int], count: int, busy: str, unsure: tuple[str, ...], tmp_path: Path
) -> None:
    canned = canned_bench(tmp_path / "history.sqlite")
    bench = Turns(canned.server, canned.settings, canned.history, count=count, busy=busy)
    app = build_app(ModelSpec("small"), replace(make_services(tiny_model()), bench=bench), Choice("bed"))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("b")
        await until(pilot, lambda: any(run.ended and run.number for run in app.queue.runs.values()))
        if not app.benchmark.query_one("#result-scatter").region.area:
            await pilot.press("p")
        await until(pilot, lambda: all(method in scatter_text(app) for method in PRUNED))
        text = scatter_text(app)
        assert {method for method in PRUNED if f"{method}?" in text} == {*unsure}
        assert text.count("?") == 2 * len(unsure), "a sign in place of the shape, and one behind the name"
        rows = [line for line in screen_text(app).splitlines() if "latency" in line and "x" in line]
        assert {method for method in PRUNED if any(f" {method} " in row and "x?" in row for row in rows)} == {*unsure}
        warnings = str(app.benchmark.query_one("#result-warnings", Static).render())
        assert (UNSURE_WORDS in warnings) == bool(unsure)
