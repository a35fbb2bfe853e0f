"""Measures how long a key press waits while the app loads, computes and benchmarks; and how fast the app starts.

    python tests/bench/bench_keys.py

Drives the app with Textual's pilot. A thread puts keys into the app's queue, as the terminal's reader does. A delay
ends when the key has gone its whole way through the widgets, what it posted has gone the same way, and the next frame
is drawn, down to the escape sequences for the terminal. ResNet-50 with random weights is loaded (torch is imported in
this very process), its layers are selected in the background, and a benchmark runs on this machine. Prints median,
p99 and worst per phase; with `--strict` a missed bar is exit code 1. On a machine that is busy with other things the
app's thread waits for a processor; the figures without these waits stand beside.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import ubp_tui  # noqa: F401  (first: it sets the frame rate that Textual is imported with)

# isort: split
from rich.console import RenderableType
from textual import events
from textual._compositor import CompositorUpdate
from textual.screen import Screen

from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.bench.services import default_bench_services
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.work.services import default_services

SIZE = (160, 48)
GAP = 0.03
"""Seconds between two keys: faster than a held key repeats."""
KEYS = ("j", "m", "right_square_bracket", "plus", "n", "k", "minus", "left_square_bracket")
KEY_BAR, HELP_BAR, FRAME_BAR = 0.1, 0.5, 1.0
"""Seconds."""


@dataclass(frozen=True)
class Delay:
    """One key press."""

    seconds: float
    """From the press until it is handled and drawn."""
    starved: float
    """Of these, how long the app's thread was ready to run and had no processor, because others had them.

    Not all of what other programs cost: a worker that holds the interpreter may have been put aside as well.
    """


def read_starved(thread: int) -> float:
    """Seconds that a thread has waited for a processor so far; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_text(encoding="utf-8").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class Typist(threading.Thread):
    """Presses keys from a thread of its own, as a terminal's reader does: the app need not be idle for it."""

    def __init__(self, app: UbpApp) -> None:
        """Args: the app; its thread must be the one that calls this."""
        super().__init__(daemon=True)
        self.delays: list[Delay] = []
        self._app = app
        self._thread = threading.get_native_id()
        self._stopped = threading.Event()

    def run(self) -> None:
        """One key after the other, GAP apart; the next one waits until the last is handled."""
        for key in itertools.cycle(KEYS):
            if self._stopped.wait(GAP):
                return
            drawn = threading.Event()
            started, before = time.perf_counter(), read_starved(self._thread)
            self._app.post_message(events.Key(key, None))
            self._app.call_later(self._follow_key, drawn)
            while not drawn.wait(0.5):
                if not self._app.is_running:
                    return
            self.delays.append(Delay(time.perf_counter() - started, read_starved(self._thread) - before))

    def _follow_key(self, drawn: threading.Event) -> None:
        """Go the key's way, from the focus up to the app, then that of the messages it caused; then wait for the frame.

        In the app's thread, behind the key in the app's queue.
        """
        screen = self._app.screen
        way = iter([*(screen.focused or screen).ancestors_with_self] * 2)

        def step() -> None:
            node = next(way, None)
            if node is None:
                screen.call_after_refresh(drawn.set)
            else:
                node.call_later(step)

        step()

    def stop(self) -> None:
        """No more keys."""
        self._stopped.set()


class AppEnded(Exception):
    """The app is gone; Textual raises what ended it when the test is left."""


async def wait_until(app: UbpApp, condition: Callable[[], bool], limit: float = math.inf) -> None:
    """Wait for something, at most `limit` seconds.

    Raises:
        AppEnded: the app ended before.
    """
    end = time.perf_counter() + limit
    while not condition() and time.perf_counter() < end:
        if not app.is_running:
            raise AppEnded
        await asyncio.sleep(0.02)


def draw_to_the_end(app: UbpApp) -> None:
    """Without a terminal Textual leaves out the escape sequences: make them all the same, they belong to the delay."""
    display = app._display

    def render_and_display(screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            renderable.render_segments(app.console)
        display(screen, renderable)

    app._display = render_and_display  # type: ignore[method-assign]


async def press_while(app: UbpApp, going: Callable[[], bool], limit: float) -> list[Delay]:
    """Press keys as long as something goes on, at most `limit` seconds."""
    typist = Typist(app)
    typist.start()
    await wait_until(app, lambda: not going(), limit)
    typist.stop()
    await wait_until(app, lambda: not typist.is_alive())
    return typist.delays


def show(phase: str, delays: list[Delay]) -> float:
    """Print a phase; its worst delay in seconds."""
    if not delays:
        print(f"{phase:30} no key was pressed: the phase was too short")
        return 0.0
    values = 1e3 * np.array([delay.seconds for delay in delays])
    fed = 1e3 * np.array([max(0.0, delay.seconds - delay.starved) for delay in delays])
    print(
        f"{phase:30} {len(values):4} keys  median {np.median(values):5.1f}  p99 {np.percentile(values, 99):6.1f}  "
        f"worst {values.max():6.1f} ms;  without waits for a processor: p99 {np.percentile(fed, 99):6.1f}  "
        f"worst {fed.max():6.1f} ms",
        flush=True,
    )
    return float(values.max()) / 1e3


async def measure(model: str) -> float:
    """Run the app through all phases; the worst delay of all."""
    with tempfile.TemporaryDirectory() as folder:
        bench = replace(default_bench_services(), history=Path(folder) / "history.db")
        app = build_app(ModelSpec(model, "random"), replace(default_services(), bench=bench), Choice("optimal"))
        draw_to_the_end(app)
        async with app.run_test(size=SIZE) as pilot:
            shown = threading.Event()
            app.explore.call_after_refresh(shown.set)
            await wait_until(app, shown.is_set)
            worst = [show("while the model loads", await press_while(app, lambda: app.workspace.model is None, 300))]
            worst.append(show("while all layers are selected", await press_while(app, lambda: True, 15)))
            # All layers, so that it lasts; with a block size that kernels have, whatever the keys have chosen.
            app.workspace.set_choices(LayerChoices(Choice("optimal")))
            await pilot.press("escape", "a", "b")
            await wait_until(app, lambda: app.queue.running)
            await app.pop_screen()
            going = await press_while(app, lambda: app.queue.running, 30)
            worst.append(show("while a benchmark runs on host", going))
            app.benchmark.action_cancel()
            await wait_until(app, lambda: not app.queue.running)
    return max(worst)


def measure_start() -> tuple[float, float]:
    """Print the times of `ubp-tui --help` and of the first frame, best of five; seconds."""
    frame = (
        "import asyncio, os\nfrom ubp_tui.app import build_app\nfrom ubp_core.models.spec import ModelSpec\n"
        "async def run():\n    async with build_app(ModelSpec('efficientnet_lite0')).run_test(size=(120, 36)):\n"
        "        os._exit(0)\nasyncio.run(run())\n"
    )
    best = []
    for name, command in (("ubp-tui --help", ["-m", "ubp_tui", "--help"]), ("first frame", ["-c", frame])):
        times = []
        for _ in range(5):
            started = time.perf_counter()
            subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - started)
        best.append(min(times))
        print(f"{name}: best {min(times):.2f} s  median {sorted(times)[2]:.2f} s")
    return best[0], best[1]


def main() -> int:
    """Measure and compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="resnet50", help="%(default)s")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a bar is missed")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    started = measure_start()
    worst = asyncio.run(measure(options.model))
    missed = [
        f"{name}: {1e3 * value:.0f} ms, bar {1e3 * bar:.0f} ms"
        for name, value, bar in (
            ("help", started[0], HELP_BAR),
            ("first frame", started[1], FRAME_BAR),
            ("key", worst, KEY_BAR),
        )
        if value > bar
    ]
    print("missed: " + "; ".join(missed) if missed else "every bar is held")
    sys.stdout.flush()
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    code = main()
    os._exit(code)
