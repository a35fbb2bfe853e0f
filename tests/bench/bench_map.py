"""Measures the block map on large layers: repaint per zoom level, change to shown, and the app's first frame.

    python tests/bench/bench_map.py

Prints medians and worst cases in milliseconds. A repaint is the whole way: raster, strips, compositor and the bytes for
the terminal. Change to shown runs from the key press to the frame with the new selection, on the running app, while the
layer table and the curves are computed in the background.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time

import numpy as np
from textual.pilot import Pilot

from ubp_core.models import Layer, LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.choices.choice import Choice
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.work.services import Services, default_services

SHAPES = {"2048 x 4608": (2048, 512, 3, 3), "512 x 4608 (ResNet-50's largest)": (512, 512, 3, 3)}
SIZE = (200, 50)
REPEATS = 15


def build_model(shape: tuple[int, ...]) -> LoadedModel:
    """One layer of Gaussian weights."""
    draw = np.random.default_rng(0).standard_normal
    layer = Layer("layer", "conv", draw(shape, np.float32))
    return LoadedModel("gaussian", "drawn here", True, (layer,), None)


def build_services(shape: tuple[int, ...]) -> Services:
    """The real services, with a model that is there at once."""
    real, model = default_services(), build_model(shape)
    return Services(
        lambda request, progress: model, real.find_importance, real.select, real.find_retained, real.count_offsets
    )


async def wait_for_result(app: UbpApp, choice: Choice) -> None:
    """Wait until the selection of a choice is on the screen."""
    while app.workspace.selection is None or app.workspace.selection.request.choice != choice:
        await asyncio.sleep(0.001)


def repaint(app: UbpApp) -> tuple[float, float]:
    """Draw the map from nothing and render it for the terminal; wall and processor time in milliseconds."""
    block_map = app.explore.query_one(BlockMap)
    started = time.perf_counter(), time.thread_time()
    block_map._redraw()
    for strip in block_map.render_lines(block_map.size.region):
        strip.render(app.console)
    return 1e3 * (time.perf_counter() - started[0]), 1e3 * (time.thread_time() - started[1])


async def measure_repaints(app: UbpApp, pilot: Pilot[int], when: str) -> None:
    """Print the repaint time of every zoom level, in the middle of the layer and after a pan."""
    block_map = app.explore.query_one(BlockMap)
    block_map.move_to(1000, 2300)
    block_map.zoom(-99)
    assert block_map.view is not None
    print(f"repaint {when}, map of {block_map.size.width} x {block_map.size.height} cells")
    for level in range(len(block_map.view.ladder)):
        assert block_map.view is not None
        times = []
        for repeat in range(REPEATS):
            block_map.view = block_map.view.panned(2 if repeat % 2 else -2, 3 if repeat % 2 else -3)
            times.append(repaint(app))
        scale = block_map.view.columns.scale
        wall, processor = zip(*times, strict=True)
        print(
            f"  level {level} ({scale.weights / scale.pixels:7.3f} weights across a pixel)  "
            f"median {statistics.median(wall):5.1f} ms  worst {max(wall):5.1f} ms  "
            f"cpu median {statistics.median(processor):5.1f} ms"
        )
        block_map.zoom(1)
        await pilot.pause(0)


async def measure_changes(app: UbpApp) -> None:
    """Print how long a change of method, block size or sparsity takes until it is drawn."""
    workspace = app.workspace
    for name, key in (("sparsity", "right_square_bracket"), ("block size", "n"), ("method", "m")):
        times = []
        for _ in range(5):
            before = workspace.choice
            started = time.perf_counter()
            app.simulate_key(key)
            while workspace.choice == before:
                await asyncio.sleep(0.001)
            await wait_for_result(app, workspace.choice)
            repaint(app)
            times.append(1e3 * (time.perf_counter() - started))
        print(f"change of {name:10} to shown: median {statistics.median(times):4.0f} ms  worst {max(times):4.0f} ms")


def measure_start() -> None:
    """Print the time to the help text and to the first frame of the real app, each the best of five processes."""
    first_frame = (
        "import asyncio, sys; from ubp_tui.app import build_app; from ubp_core.models.spec import ModelSpec\n"
        "app = build_app(ModelSpec('efficientnet_lite0'))\n"
        "async def run():\n"
        "    async with app.run_test(size=(120, 36)):\n"
        "        import os; os._exit(0)\n"
        "asyncio.run(run())\n"
    )
    for name, command in (("ubp-tui --help", ["-m", "ubp_tui", "--help"]), ("first frame", ["-c", first_frame])):
        times = []
        for _ in range(5):
            started = time.perf_counter()
            subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - started)
        print(f"{name}: best {min(times):.2f} s  median {statistics.median(times):.2f} s")


async def run(shape: tuple[int, ...]) -> None:
    """Measure on the running app."""
    app = build_app(ModelSpec("gaussian"), build_services(shape), Choice("optimal", 4, 0.75))
    async with app.run_test(size=SIZE) as pilot:
        await wait_for_result(app, app.workspace.choice)
        await measure_repaints(app, pilot, "while curves are computed")
        await measure_changes(app)
        await pilot.pause()  # what the last change cancelled is gone then
        await app.workers.wait_for_complete()
        await measure_repaints(app, pilot, "with nothing else to do")


if __name__ == "__main__":
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; cpu: of the drawing thread alone")
    for title, shape in SHAPES.items():
        print(f"layer of {title}")
        asyncio.run(run(shape))
    measure_start()
