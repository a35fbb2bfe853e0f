"""Draws screenshots/*.svg and *.png: the real app, on the real network, driven by its keys at fixed sizes.

Run `make screenshots`. The pictures are the same on every run: the clock stands still (so no times are shown), and a
picture is taken only when every worker has finished. Only the benchmarks' times differ: they are really measured, on
this machine, and say so. Names of pictures may follow: only those are drawn.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import cairosvg
from strip_svg import export_svg
from textual.pilot import Pilot

from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.bench.services import default_bench_services
from ubp_tui.choices.choice import Choice
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.work.services import Services, default_services

HERE = Path(__file__).parent
PNG_SCALE = 1.5


@dataclass(frozen=True)
class Shot:
    """One picture."""

    name: str
    """File name without its ending."""
    size: tuple[int, int]
    """Columns and lines of the terminal."""
    layer: str
    """Layer to show."""
    choice: Choice
    """How its blocks are selected."""
    keys: tuple[str, ...] = ()
    """Keys to press."""
    theme: str = "ubp-dark"
    """Theme of the app."""
    runs: int = 0
    """Benchmarks to make before the keys."""
    benchmark_key: str = "b"
    """Of the layer, or `B`, of the network."""
    device: str = ""
    """On which; this machine where none is named."""
    before: tuple[str, ...] = ()
    """Keys to press before the benchmarks."""


EXPAND, PROJECT = "_blocks.4._expand_conv", "_blocks.14._project_conv"
TO_BLOCK = (*["right"] * 3, *["down"] * 6)
"""Keys from the corner to a weight of a block off the grid."""

SHOTS = (
    Shot("explore", (160, 48), PROJECT, Choice("optimal", 4, 0.75)),
    Shot("zoom", (160, 48), EXPAND, Choice("bed", 4, 0.75), ("2", *TO_BLOCK, "plus", "plus", "plus")),
    Shot("weights", (120, 36), EXPAND, Choice("bed", 4, 0.75), ("2", "f", "w", *TO_BLOCK)),
    Shot("compare", (160, 48), EXPAND, Choice("optimal", 4, 0.75), ("v", "plus", "plus", "plus", "plus")),
    Shot("curves", (120, 36), PROJECT, Choice("optimal", 4, 0.75), ("3", "f", "x", "right", "right")),
    Shot("light", (120, 36), PROJECT, Choice("bed", 4, 0.75), theme="ubp-light-safe"),
    Shot("compact_map", (80, 24), PROJECT, Choice("optimal", 8, 0.9), ("2",)),
    Shot("help", (160, 48), PROJECT, Choice("bed"), ("question_mark",)),
    Shot("export", (120, 36), PROJECT, Choice("optimal", 4, 0.75), ("e",)),
    Shot("benchmark", (160, 48), PROJECT, Choice("optimal", 4, 0.75), runs=1),
    Shot(
        "types",
        (160, 48),
        PROJECT,
        Choice("optimal", 4, 0.75),
        runs=1,
        benchmark_key="B",
        device="emulator",
        before=("d", *["z"] * 4, "escape"),
    ),
    Shot("history", (120, 36), PROJECT, Choice("optimal", 4, 0.75), ("escape", "h", "space", "down", "space"), runs=2),
)


async def take(shot: Shot) -> str:
    """Drive the app to one picture.

    Returns:
        The picture as SVG.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = replace(default_bench_services(), history=Path(folder) / "history.sqlite")
        services = replace(default_services(), clock=lambda: 0.0, bench=bench)
        return await drive(shot, services)


async def benchmark(app: UbpApp, pilot: Pilot[int], key: str) -> None:
    """Press the key and wait for the result."""
    await pilot.press(key)
    await pilot.pause()
    while app.queue.waiting or app.queue.running:
        await app.workers.wait_for_complete()
        await pilot.pause()


async def drive(shot: Shot, services: Services) -> str:
    """The same with services."""
    app = build_app(ModelSpec("efficientnet_lite0"), services, shot.choice)
    app.theme = shot.theme
    async with app.run_test(size=shot.size) as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        app.explore.query_one(LayerTable).highlight(shot.layer)
        await pilot.pause()
        for key in shot.before:
            await pilot.press(key)
            await pilot.pause()
        if shot.device:
            app.queue.choose(shot.device)
        for _ in range(shot.runs):
            await benchmark(app, pilot, shot.benchmark_key)
        for key in ("", *shot.keys):
            await pilot.press(*filter(None, [key]))
            await pilot.pause()
            await app.workers.wait_for_complete()
        await pilot.pause()
        return export_svg(app)


def main() -> None:
    """Draw all pictures."""
    for shot in (shot for shot in SHOTS if shot.name in sys.argv[1:] or not sys.argv[1:]):
        svg = asyncio.run(take(shot))
        (HERE / f"{shot.name}.svg").write_text(svg, encoding="utf-8")
        cairosvg.svg2png(bytestring=svg.encode(), write_to=str(HERE / f"{shot.name}.png"), scale=PNG_SCALE)
        print(f"screenshots/{shot.name}.svg, .png: {shot.size[0]}x{shot.size[1]}")


if __name__ == "__main__":
    main()
